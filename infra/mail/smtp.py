"""Mail over SMTP, one connection a mail.

Invariant: `send` returns only after the server said yes to the whole mail; what happens after that (a lost goodbye) is
no fault. Every answer is sorted into "never", "later" and "not about this mail".
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from domain.notifications.errors import MailDeferred, MailFault, MailRefused, MailServerDown
from domain.notifications.mailing import SEND_SECONDS_MAX
from domain.notifications.ports import Mail
from infra.mail.mime import mime
from infra.mail.security import SmtpSecurity

PERMANENT_MIN: Final = 500
GOODBYE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """`sender` is the From header; its address is the envelope's too. `timeout_seconds` is for each answer."""

    host: str
    port: int
    security: SmtpSecurity
    sender: str
    username: str | None = None
    password: str | None = None
    timeout_seconds: float = 10.0
    ca_file: str | None = None


class SmtpMailSender:
    """`domain.notifications.ports.MailSender`."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._envelope = parseaddr(server.sender)[1]

    async def send(self, mail: Mail) -> None:
        message = mime(mail, self._server.sender)
        client = self._client()
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX - GOODBYE_SECONDS):
                await self._connect(client)
                try:
                    await client.send_message(message, sender=self._envelope, recipients=[mail.to])
                except (SMTPException, OSError, ValueError) as fault:
                    raise sorted_out(fault) from fault
        except TimeoutError as fault:
            raise MailDeferred(f"not done after {SEND_SECONDS_MAX:.0f} seconds") from fault
        finally:
            await _leave(client)

    async def greet(self) -> None:
        """Connect, encrypt and sign in as for a mail, and go. Raises MailServerDown."""
        client = self._client()
        try:
            await self._connect(client)
        finally:
            await _leave(client)

    async def _connect(self, client: SMTP) -> None:
        """Greeting, TLS, sign-in: whatever fails here says nothing about the mail."""
        try:
            await client.connect()
        except (SMTPException, OSError, ValueError) as fault:
            raise MailServerDown(f"{self._server.host}:{self._server.port}: {fault}") from fault

    def _client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            timeout=server.timeout_seconds,
            use_tls=server.security is SmtpSecurity.TLS,
            start_tls=server.security is SmtpSecurity.STARTTLS,
            cert_bundle=server.ca_file,
            # Not looked up: a name server that hangs would hang every mail.
            local_hostname=self._envelope.rpartition("@")[2],
        )


def sorted_out(fault: Exception) -> MailFault:
    """What the server's answer, or its silence, means for the mail."""
    if isinstance(fault, SMTPRecipientsRefused):
        refused = fault.recipients[0]
        return _by_code(refused.code, refused.message)
    if isinstance(fault, SMTPDataError):
        return _by_code(fault.code, fault.message)
    if isinstance(fault, SMTPNotSupported | ValueError):
        return MailRefused(f"the address cannot be written here: {fault}")
    if isinstance(fault, SMTPResponseException):
        # The sender, or what came before it: true of every mail of ours.
        return MailServerDown(f"{fault.code} {fault.message}")
    return MailDeferred(f"no answer: {fault}")


def _by_code(code: int, message: str) -> MailFault:
    reason = f"{code} {message}"
    return MailRefused(reason) if code >= PERMANENT_MIN else MailDeferred(reason)


async def _leave(client: SMTP) -> None:
    with suppress(SMTPException, OSError, TimeoutError):
        if client.is_connected:
            await client.quit(timeout=GOODBYE_SECONDS)
    client.close()
