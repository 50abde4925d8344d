"""Accounts for tests of sign-in, with a password hash that costs nothing."""

from dataclasses import replace
from uuid import uuid4

from app.container import Container
from domain.sellers.switching import still_holds
from domain.shared.actor import ANONYMOUS, ActorKind, Client
from domain.users.ports import UserPorts
from domain.users.registration import RegisterUser, register
from domain.users.sessions import SignedIn

PASSWORD = "correct horse"


class FakePasswordHasher:
    """`domain.users.ports.PasswordHasher` without the work; counts what it was asked to do."""

    def __init__(self) -> None:
        self.verified = 0
        self.hashed = 0

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return f"hash of {password}"

    async def verify(self, password_hash: str, password: str) -> bool:
        self.verified += 1
        return password_hash == f"hash of {password}"


def ports_of(container: Container, hasher: FakePasswordHasher | None = None) -> UserPorts:
    return replace(container.ports.users, hasher=hasher or FakePasswordHasher())


async def an_account(ports: UserPorts, email: str | None = None, client: Client | None = None) -> tuple[str, SignedIn]:
    """A registered user with the password PASSWORD: e-mail address and first session."""
    email = email or f"{uuid4().hex}@example.com"
    command = RegisterUser(email=email, password=PASSWORD, display_name="Ann")  # type: ignore[arg-type]  # pydantic wraps the secret
    return email, await register(command, client=client or Client(), ports=ports)


async def lives(container: Container, session: SignedIn) -> bool:
    """Whether the session goes on, as whoever guards what is sensitive or lasts long asks."""
    actor = replace(ANONYMOUS, kind=ActorKind.USER, user_id=session.user_id, session_id=session.session_id)
    return await still_holds(container.ports.db.primary, actor, container.ports.clock.now())
