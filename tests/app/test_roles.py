"""The first administrator is made from outside."""

from uuid import uuid4

from app.container import Container
from app.roles import set_roles
from domain.users.reads import profiles_by_ids
from tests.domain.users.accounts import an_account, ports_of


async def test_whoever_runs_the_program_makes_the_first_administrator(container: Container) -> None:
    email, session = await an_account(ports_of(container))
    for roles in (["admin", "moderator"], []):
        assert await set_roles(container.settings, email.upper(), roles)
        profile = (await profiles_by_ids(container.ports.db.primary, [session.user_id]))[session.user_id]
        assert profile.roles == roles
    assert not await set_roles(container.settings, f"{uuid4().hex}@example.com", ["admin"])
