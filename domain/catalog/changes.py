"""Notes for search: which listings may look different from now on.

Invariant: the note stands in the transaction that makes the change, so no change is ever missed; a note too many only
costs a second look, because whoever drains the notes reads the present state.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, insert, literal, select

from domain.catalog.model import Listing, ListingChange, ListingStatus
from domain.shared.database import Tx, table

_changes = table(ListingChange)
_listings = table(Listing)


async def note_changes(tx: Tx, listing_ids: Sequence[UUID]) -> None:
    """Something that search shows of these listings (words, price, stock, rating, state) changes with this commit."""
    rows = [{"listing_id": listing_id, "at": tx.now} for listing_id in dict.fromkeys(listing_ids)]
    if rows:
        await tx.execute(insert(_changes), rows)


async def note_changes_of_seller(tx: Tx, seller_id: UUID) -> None:
    """Something that search shows of the seller changes (state, name, rating): all that it has on sale."""
    await _note_where(tx, _listings.c.seller_id == seller_id)


async def note_changes_of_categories(tx: Tx, category_ids: Sequence[UUID]) -> None:
    """Something that search shows or filters by in these categories changes."""
    await _note_where(tx, _listings.c.category_id.in_(category_ids))


async def note_changes_of_product(tx: Tx, product_id: UUID) -> None:
    """What a product's offers are compared with changes: a merge."""
    await _note_where(tx, _listings.c.product_id == product_id)


async def _note_where(tx: Tx, condition: ColumnElement[bool]) -> None:
    on_sale = select(_listings.c.id, literal(tx.now)).where(condition, _listings.c.status == ListingStatus.ACTIVE)
    await tx.execute(insert(_changes).from_select(["listing_id", "at"], on_sale))
