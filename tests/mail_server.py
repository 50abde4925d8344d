"""A real SMTP server on loopback that misbehaves when told to, and keeps what it took."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import StrEnum
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from infra.mail.security import SmtpSecurity
from infra.mail.smtp import SmtpServer

LOOPBACK: Final = "127.0.0.1"
SENDER: Final = "Marketplace <no-reply@market.example>"
USER: Final = "market"
PASSWORD: Final = "a word for mail"


class Moment(StrEnum):
    """Of a conversation: where it is cut off, or held."""

    AT_RECIPIENT = "recipient"
    BEFORE_DATA_IS_TAKEN = "before"
    AFTER_DATA_WAS_TAKEN = "after"


class MailServer:
    """`mails` are those that it took, in their order. `drops` and `answers` are used up, then all is well."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.mails: list[EmailMessage] = []
        self.drops: list[Moment] = []
        self.answers: list[tuple[str, str]] = []
        """(command, answer), as `("RCPT", "550 5.1.1 no such user")`."""
        self.holds_at: Moment | None = None
        """There mails wait until `go_on` is set; `holding` says that one does. Only `holds_for`'s, if that is given."""
        self.holds_for: str | None = None
        self.holding, self.go_on = asyncio.Event(), asyncio.Event()
        self.conversations = 0
        self.tls: list[bool] = []
        self._server: asyncio.Server | None = None
        self._open: list[SMTP] = []

    def protocol(self, **options: Any) -> Callable[[], SMTP]:
        def make() -> SMTP:
            self.conversations += 1
            made = SMTP(self, **{"hostname": "mail.test", "enable_SMTPUTF8": True, **options})
            self._open.append(made)
            return made

        return make

    async def start(self, *, encrypted_by: ssl.SSLContext | None = None, **options: Any) -> None:
        loop = asyncio.get_running_loop()
        made = self.protocol(**options)
        self._server = await loop.create_server(made, LOOPBACK, self.port, ssl=encrypted_by)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nobody listens on the port from here on; `start` opens the same one again."""
        if self._server is not None:
            self._server.close()
            for each in self._open:
                cut_off(each)
            self._open.clear()
            await self._server.wait_closed()
            self._server = None

    def message_ids(self) -> list[str]:
        return [str(mail["Message-ID"]).strip() for mail in self.mails]

    def mails_to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if str(mail["To"]) == address]

    def at(self, **more: Any) -> SmtpServer:
        """How to reach it."""
        reach = {"host": LOOPBACK, "port": self.port, "security": SmtpSecurity.NONE, "sender": SENDER}
        return SmtpServer(**{**reach, "timeout_seconds": 5.0, **more})

    async def handle_MAIL(  # noqa: N802  # the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (answer := self._answer("MAIL")) is not None:
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # the library's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        await self._perhaps_stop(server, Moment.AT_RECIPIENT, address)
        if (answer := self._answer("RCPT")) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # same
        await self._perhaps_stop(server, Moment.BEFORE_DATA_IS_TAKEN, envelope.rcpt_tos[0])
        if (answer := self._answer("DATA")) is not None:
            return answer
        content = envelope.original_content
        assert content is not None
        self.mails.append(message_from_bytes(content, policy=default))
        self.tls.append(session.ssl is not None)
        await self._perhaps_stop(server, Moment.AFTER_DATA_WAS_TAKEN, envelope.rcpt_tos[0])
        return "250 taken"

    def _answer(self, command: str) -> str | None:
        if self.answers and self.answers[0][0] == command:
            return self.answers.pop(0)[1]
        return None

    async def _perhaps_stop(self, server: SMTP, where: Moment, address: str) -> None:
        if self.holds_at is where and self.holds_for in (None, address):
            self.holding.set()
            await self.go_on.wait()
        if not self.drops or self.drops[0] is not where:
            return
        self.drops.pop(0)
        cut_off(server)
        # The library ends this conversation as soon as it hears of the lost connection.
        await asyncio.Event().wait()


def cut_off(conversation: SMTP) -> None:
    """At once, with nothing more said; one that is over already is left alone."""
    if conversation.transport is not None:
        assert isinstance(conversation.transport, asyncio.WriteTransport)
        conversation.transport.abort()


def knows_password(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
) -> AuthResult:
    """For `authenticator=`."""
    right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def mail_server(port: int = 0, **options: Any) -> AsyncIterator[MailServer]:
    """On a port of its own, or on the given one."""
    server = MailServer(port)
    await server.start(**options)
    try:
        yield server
    finally:
        await server.stop()
