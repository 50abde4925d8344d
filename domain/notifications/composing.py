"""A notification as a mail: plain text and simple HTML with the same words, and one link.

Invariant: nothing that a person wrote gets into a heading as more than one line, or into the HTML unescaped.
"""

from dataclasses import dataclass
from html import escape
from typing import Final

from domain.notifications.model import NotificationKind
from domain.notifications.ports import Mail, MailTerms
from domain.notifications.reads import NotificationView
from domain.notifications.wording import one_line, wording_for, words_of
from domain.shared.ids import encode_id
from domain.users.model import UserStatus

SUBJECT_MAX: Final = 200
PAGE: Final = """<!doctype html>
<html lang="{language}"><body style="font: 16px/1.5 sans-serif; color: #222; max-width: 36em; margin: 2em auto">
{greeting}<p>{body}</p>
<p>{link_text} <a href="{link}">{link}</a></p>
<p style="font-size: 13px; color: #777">{why}</p>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class MailFacts(NotificationView):
    """A notification and whom its mail goes to."""

    email: str
    display_name: str
    status: UserStatus
    entitled: bool
    """The recipient is still one of those whom it is for."""
    wanted: bool
    """They have not turned off mails of this kind."""


def message_id(facts: MailFacts, terms: MailTerms) -> str:
    """The same for the same notification: two mails with it are one."""
    return f"{encode_id('notification', facts.id)}@{terms.domain}"


def compose(facts: MailFacts, message_id: str, terms: MailTerms) -> Mail:
    wording, words = wording_for(facts.locale), words_of(facts)
    greeting = wording.greeting.format(name=one_line(facts.display_name))
    link = f"{terms.site_url}{path_of(facts)}"
    return Mail(
        message_id=message_id,
        to=facts.email,
        subject=words.title[:SUBJECT_MAX],
        text=f"{greeting}\n\n{words.body}\n\n{wording.link} {link}\n\n-- \n{wording.why}\n",
        html=PAGE.format(
            language=wording.language,
            greeting=paragraph(greeting),
            body=escape(words.body),
            link_text=escape(wording.link),
            link=escape(link),
            why=escape(wording.why),
        ),
        at=facts.created_at,
    )


def paragraph(line: str) -> str:
    return f"<p>{escape(line)}</p>\n"


def path_of(view: NotificationView) -> str:
    """Where the front-end shows what it is about; `docs/notifications.md` lists the paths."""
    side = "/seller" if view.seller_id is not None else ""
    if view.kind in (NotificationKind.PASSWORD_CHANGED, NotificationKind.SESSION_STOLEN):
        return "/account/security"
    if view.order_id is not None:
        return f"{side}/orders/{encode_id('order', view.order_id)}"
    if view.checkout_id is not None:
        return f"/checkouts/{encode_id('checkout', view.checkout_id)}"
    if view.listing_id is not None:
        return f"{side}/listings/{encode_id('listing', view.listing_id)}"
    return side or "/"
