"""Which mails a person wants. In the list they see everything.

Invariant: mails about the safety of an account, and the confirmation of a purchase, cannot be turned off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from domain.notifications.model import KINDS, MailPreference, NotificationKind
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Query, Reads, Tx, table
from domain.shared.errors import InvalidInput, Issue

_preferences = table(MailPreference)


@command
class Preference:
    kind: NotificationKind
    mail: bool


@command
class UpdateNotificationPreferences:
    """Kinds that are not named stay as they are; of a kind named twice the last one counts."""

    preferences: Annotated[tuple[Preference, ...], Field(min_length=1, max_length=2 * len(NotificationKind))]


@dataclass(frozen=True, slots=True)
class _Chosen:
    kind: NotificationKind
    mail: bool


_OF_USER = Query(
    select(_preferences.c.kind, _preferences.c.mail).where(_preferences.c.user_id == bindparam("user_id")), _Chosen
)


async def preferences_of(reads: Reads, user_id: UUID) -> Mapping[NotificationKind, bool]:
    """Every kind -> whether it is mailed to the user."""
    chosen = {row.kind: row.mail for row in await reads.all(_OF_USER, user_id=user_id)}
    return {kind: chosen.get(kind, True) or not terms.optional for kind, terms in KINDS.items()}


async def update_preferences(command: UpdateNotificationPreferences, *, actor: Actor, db: Database) -> UUID:
    """The user's id. Raises InvalidInput for a mail that cannot be turned off."""
    user_id = actor.user()
    issues = [
        Issue(("preferences", str(index), "mail"), "NOT_OPTIONAL", "These mails are always sent.")
        for index, each in enumerate(command.preferences)
        if not each.mail and not KINDS[each.kind].optional
    ]
    if issues:
        raise InvalidInput(issues)
    wanted = {each.kind: each.mail for each in command.preferences}

    async def step(tx: Tx) -> UUID:
        # In one order, so that two calls of one user cannot wait for each other.
        rows = [
            {"user_id": user_id, "kind": kind, "mail": wanted[kind], "updated_at": tx.now} for kind in sorted(wanted)
        ]
        statement = insert(_preferences).values(rows)
        changed = {"mail": statement.excluded.mail, "updated_at": statement.excluded.updated_at}
        await tx.execute(statement.on_conflict_do_update(index_elements=["user_id", "kind"], set_=changed))
        return user_id

    return await db.run(step)
