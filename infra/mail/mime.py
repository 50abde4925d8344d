"""A mail as it goes over the wire.

Invariant: a value with a line break cannot become a header of its own: the library refuses it, and then the mail is
refused.
"""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from domain.notifications.errors import MailRefused
from domain.notifications.ports import Mail


def mime(mail: Mail, sender: str) -> EmailMessage:
    """`sender` is the From header, `Marketplace <no-reply@market.example>`. Raises MailRefused."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = sender
        # By its parts, because the whole is taken for ASCII only; break and comma are looked for in either case.
        name, _, domain = mail.to.rpartition("@")
        message["To"] = Address(username=name, domain=domain)
        message["Subject"] = mail.subject
        message["Message-ID"] = f"<{mail.message_id}>"
    except (ValueError, MessageError, IndexError) as fault:
        raise MailRefused(f"its headers cannot be written: {fault}") from fault
    message["Date"] = format_datetime(mail.at)
    # Answering machines leave such mails alone (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message
