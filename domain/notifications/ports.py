"""What notifications need from outside: somebody who carries mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.shared.clock import Clock
from domain.shared.database import Database


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person. `subject` is one line, `message_id` stands without its angle brackets."""

    message_id: str
    to: str
    subject: str
    text: str
    html: str
    at: datetime


class MailSender(Protocol):
    async def send(self, mail: Mail) -> None:
        """Returns once the server has taken the mail; within SEND_SECONDS_MAX in any case.

        Raises MailRefused (never again), MailDeferred (later), MailServerDown (nobody's mail is taken now).
        """
        ...


@dataclass(frozen=True, slots=True)
class MailTerms:
    """`site_url` is where links lead, without a slash at its end; `domain` stands in Message-IDs."""

    site_url: str
    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPorts:
    """`sender` None: no mail is sent here, and none is written that would wait for ever."""

    db: Database
    clock: Clock
    sender: MailSender | None
    terms: MailTerms
