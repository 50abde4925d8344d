"""What sign-in needs from outside: a slow password hash, and signed short-lived tokens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.shared.actor import Actor
from domain.shared.database import Database
from domain.shared.policy import Policy


class PasswordHasher(Protocol):
    """Argon2id or better; both calls take tens of milliseconds and never block the event loop.

    Both raise Busy when too many wait.
    """

    async def hash(self, password: str) -> str: ...

    async def verify(self, password_hash: str, password: str) -> bool:
        """False for a wrong password. An empty hash costs as much and is always wrong (unknown e-mail)."""
        ...


class TokenSigner(Protocol):
    """Access tokens: who, which session, which shop, which roles, until when."""

    def sign(self, actor: Actor, expires_at: datetime) -> str: ...

    def verify(self, token: str, now: datetime) -> Actor | None:
        """The actor, or None for a token that is expired, forged or of another shape."""
        ...


@dataclass(frozen=True, slots=True)
class UserPorts:
    """Whatever opens or changes a session."""

    db: Database
    hasher: PasswordHasher
    tokens: TokenSigner
    policy: Policy
