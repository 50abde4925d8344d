"""Registration: a person becomes a user.

Invariant: an e-mail address, compared without case, belongs to one user; the unique index decides, not a look-up.
"""

from typing import Annotated, Final
from uuid import UUID

from pydantic import EmailStr, StringConstraints
from sqlalchemy.exc import IntegrityError

from domain.shared.commands import Line, command
from domain.shared.database import Database, Tx
from domain.shared.ids import new_id
from domain.users.errors import EmailTaken
from domain.users.events import UserRegistered
from domain.users.model import User
from domain.users.ports import PasswordHasher

PASSWORD_MIN: Final = 10
PASSWORD_MAX: Final = 200
"""Argon2 hashes any length; the cap bounds the work of one request."""

Password = Annotated[str, StringConstraints(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX, strip_whitespace=False)]


@command
class RegisterUser:
    email: EmailStr
    password: Password
    display_name: Line
    locale: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")] = "en"


async def register_user(command: RegisterUser, *, db: Database, hasher: PasswordHasher) -> UUID:
    """The new user's id. Raises EmailTaken."""
    password_hash = await hasher.hash(command.password)
    user_id = new_id()

    async def step(tx: Tx) -> UUID:
        await tx.add(
            User(
                id=user_id,
                email=command.email,
                password_hash=password_hash,
                display_name=command.display_name,
                locale=command.locale,
                created_at=tx.now,
                updated_at=tx.now,
            )
        )
        tx.record(UserRegistered(at=tx.now, user_id=user_id))
        return user_id

    try:
        return await db.run(step)
    except IntegrityError as fault:
        # The only unique fact about a new user besides the random id is the e-mail address.
        raise EmailTaken(command.email) from fault
