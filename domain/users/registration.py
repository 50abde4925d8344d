"""Registration: a person becomes a user.

Invariant: an e-mail address, compared without case, belongs to one user; the unique index decides, not a look-up.
"""

from typing import Annotated, Final

from pydantic import EmailStr, Field, SecretStr, StringConstraints
from sqlalchemy.exc import IntegrityError

from domain.shared.actor import Client
from domain.shared.commands import Line, command
from domain.shared.database import Tx
from domain.shared.ids import new_id
from domain.users.attempts import count_registration
from domain.users.errors import EmailTaken
from domain.users.events import UserRegistered
from domain.users.model import SignalKind, User
from domain.users.ports import UserPorts
from domain.users.sessions import SignedIn
from domain.users.sign_in import begin

PASSWORD_MIN: Final = 10
PASSWORD_MAX: Final = 200
"""Argon2 hashes any length; the cap bounds the work of one request."""

Password = Annotated[SecretStr, Field(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX)]
"""Never printed: neither a command nor a fault shows it."""
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]

_ONE_EMAIL: Final = "uq_user_email_folded"


@command
class RegisterUser:
    email: EmailStr
    password: Password
    display_name: Line
    locale: Locale = "en"


async def register(command: RegisterUser, *, client: Client, ports: UserPorts) -> SignedIn:
    """An account and its first session. Raises EmailTaken, or TooManyAttempts for this network."""
    await count_registration(ports.db, client.ip)
    password_hash = await ports.hasher.hash(command.password.get_secret_value())

    async def step(tx: Tx) -> SignedIn:
        user = await _add_user(tx, command, password_hash)
        return await begin(tx, user, SignalKind.REGISTERED, client=client, ports=ports)

    try:
        return await ports.db.run(step)
    except IntegrityError as fault:
        if _ONE_EMAIL not in str(fault.orig):
            raise
        # Without the cause: it repeats what was to be stored.
        raise EmailTaken(command.email) from None


async def _add_user(tx: Tx, command: RegisterUser, password_hash: str) -> User:
    user = User(
        id=new_id(),
        email=command.email,
        password_hash=password_hash,
        display_name=command.display_name,
        locale=command.locale,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await tx.add(user)
    tx.record(UserRegistered(at=tx.now, user_id=user.id))
    return user
