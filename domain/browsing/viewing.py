"""Remembering what somebody looked at, and forgetting it.

Invariant: one statement writes the newest and removes the oldest beyond RECENT_MAX. It reads the person's own rows
only and waits for nobody but the same person's other tab.
"""

from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from domain.browsing.model import RECENT_MAX, RecentView
from domain.catalog.model import Listing
from domain.catalog.reads import on_sale
from domain.sellers.model import Seller
from domain.shared.actor import Actor
from domain.shared.columns import TIME
from domain.shared.commands import command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import NotFound
from domain.shared.ids import ListingId

_views, _listings, _sellers = table(RecentView), table(Listing), table(Seller)

_user_id, _listing_id = bindparam("viewer_id", type_=Uuid()), bindparam("looked_at", type_=Uuid())
_written = insert(_views).from_select(
    ["user_id", "listing_id", "viewed_at"],
    select(_user_id, _listings.c.id, bindparam("now", type_=TIME))
    .join(_sellers, _sellers.c.id == _listings.c.seller_id)
    .where(_listings.c.id == _listing_id, on_sale()),
)
_seen = (
    _written.on_conflict_do_update(
        index_elements=["user_id", "listing_id"], set_={"viewed_at": _written.excluded.viewed_at}
    )
    .returning(_views.c.listing_id)
    .cte("seen")
)
# All parts of a statement see the rows as they were before it: the one that it writes is counted by hand.
_others = _views.alias("others")
_oldest = (
    select(_others.c.listing_id)
    .where(_others.c.user_id == _user_id, _others.c.listing_id != _listing_id)
    .order_by(_others.c.viewed_at.desc(), _others.c.listing_id.desc())
    .offset(RECENT_MAX - 1)
)
_trimmed = (
    delete(_views)
    .where(_views.c.user_id == _user_id, _views.c.listing_id.in_(_oldest))
    .returning(_views.c.listing_id)
    .cte("trimmed")
)
_RECORD = select(_seen.c.listing_id).add_cte(_trimmed)


@command
class RecordView:
    listing_id: ListingId


@command
class ClearRecentlyViewed:
    """All, or one listing."""

    listing_id: ListingId | None = None


async def record_view(command: RecordView, *, actor: Actor, db: Database) -> UUID:
    """The listing's id. Raises NotFound for what buyers cannot look at."""
    user_id = actor.user()

    async def step(tx: Tx) -> UUID:
        found: UUID | None = await tx.reads.scalar(_RECORD, viewer_id=user_id, looked_at=command.listing_id, now=tx.now)
        if found is None:
            raise NotFound("listing")
        return found

    return await db.run(step)


async def clear_recently_viewed(command: ClearRecentlyViewed, *, actor: Actor, db: Database) -> int:
    """How many were forgotten."""
    user_id = actor.user()

    async def step(tx: Tx) -> int:
        return await forget_views(tx, user_id, command.listing_id)

    return await db.run(step)


async def forget_views(tx: Tx, user_id: UUID, listing_id: UUID | None = None) -> int:
    """Everything that a person looked at, or one listing: part of erasing them. How many rows."""
    conditions = [_views.c.user_id == user_id]
    if listing_id is not None:
        conditions.append(_views.c.listing_id == listing_id)
    return int((await tx.execute(delete(_views).where(*conditions))).rowcount)
