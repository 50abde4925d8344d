"""What a user says of themself."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from domain.shared.actor import Actor
from domain.shared.commands import KEEP, Keep, Line, command, kept
from domain.shared.database import Database, Tx
from domain.shared.errors import NotFound
from domain.users.model import User
from domain.users.registration import Locale

Phone = Annotated[str, StringConstraints(min_length=3, max_length=30, pattern=r"^\+?[0-9 ()./-]+$")]


@command
class UpdateProfile:
    """`phone` None: none any more."""

    display_name: Line | Keep = KEEP
    locale: Locale | Keep = KEEP
    phone: Phone | Keep | None = KEEP


async def update_profile(command: UpdateProfile, *, actor: Actor, db: Database) -> UUID:
    """The user's id."""

    async def step(tx: Tx) -> UUID:
        rows = await tx.lock(User, [actor.user()])
        if not rows:
            raise NotFound("user")
        user = rows[0]
        user.display_name = kept(command.display_name, user.display_name)
        user.locale = kept(command.locale, user.locale)
        user.phone = kept(command.phone, user.phone)
        user.updated_at = tx.now
        return user.id

    return await db.run(step)
