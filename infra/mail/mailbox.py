"""A mailbox of files, for development: what would be sent lies in a directory and is shown on a page.

Invariant: a file's name is made from the Message-ID, so a mail that is sent again takes the place of itself, and no
name from outside reaches the file system unless it looks like one of ours.
"""

import asyncio
import os
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from domain.notifications.errors import MailServerDown
from domain.notifications.ports import Mail
from infra.mail.mime import mime

KEPT_MAX: Final = 500
SHOWN_MAX: Final = 200
_NAME: Final = re.compile(r"[a-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail as it lies there. `name` finds it again."""

    name: str
    to: str
    sender: str
    subject: str
    message_id: str
    at: datetime
    text: str
    html: str


class MailboxDirectory:
    """`domain.notifications.ports.MailSender`, and what the page reads."""

    def __init__(self, directory: Path, sender: str, *, kept_max: int = KEPT_MAX) -> None:
        self._directory = directory
        self._sender = sender
        self._kept_max = kept_max

    async def send(self, mail: Mail) -> None:
        content = mime(mail, self._sender).as_bytes()
        name = mail.message_id.partition("@")[0]
        assert _NAME.fullmatch(name), "a Message-ID begins with a public id"
        try:
            await asyncio.to_thread(self._write, name, content)
        except OSError as fault:
            raise MailServerDown(f"{self._directory}: {fault.strerror}") from fault

    async def newest(self) -> list[StoredMail]:
        """At most SHOWN_MAX, the newest first."""
        return await asyncio.to_thread(lambda: [read(path) for path in self._paths()[:SHOWN_MAX]])

    async def find(self, name: str) -> StoredMail | None:
        path = self._directory / f"{name}.eml"
        if not _NAME.fullmatch(name) or not await asyncio.to_thread(path.is_file):
            return None
        return await asyncio.to_thread(read, path)

    def _write(self, name: str, content: bytes) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        unfinished = self._directory / f"{name}.part"
        unfinished.write_bytes(content)
        os.replace(unfinished, self._directory / f"{name}.eml")
        for old in self._paths()[self._kept_max :]:
            old.unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        """The newest first: names begin alike and go on with the time."""
        return sorted(self._directory.glob("*.eml"), key=lambda path: path.name, reverse=True)


def read(path: Path) -> StoredMail:
    message = message_from_bytes(path.read_bytes(), policy=default)
    return StoredMail(
        name=path.stem,
        to=str(message["To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        message_id=str(message["Message-ID"]).strip(),
        at=parsedate_to_datetime(str(message["Date"])),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
