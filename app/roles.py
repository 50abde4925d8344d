"""Giving a user roles from outside, by whoever runs the program: without this there would be no first administrator."""

from collections.abc import Sequence

from app.container import open_container
from app.jobs import handlers_of
from app.settings import Settings
from domain.shared.actor import SYSTEM, Role
from domain.users.administration import SetUserRoles, set_user_roles
from domain.users.reads import user_by_email


async def set_roles(settings: Settings, email: str, roles: Sequence[str]) -> bool:
    """The roles that the user has from now on; False when nobody has that e-mail address."""
    async with open_container(settings, handlers_of=handlers_of()) as container:
        db = container.ports.db
        user_id = await user_by_email(db.primary, email)
        if user_id is None:
            return False
        command = SetUserRoles(user_id=user_id, roles=[Role(role) for role in roles])
        await set_user_roles(command, actor=SYSTEM, db=db)
        return True
