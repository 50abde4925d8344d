"""What a quote needs to know about variants, in one statement, and the commissions of their categories, in another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select

from domain.catalog.model import Category, Fulfilment, Listing, ListingStatus, SaleMode, Variant, Visibility, ways_of
from domain.inventory.model import GENERAL_POOL, StockItem
from domain.sellers.model import PaymentAccount, Seller, SellerStatus
from domain.shared.database import Query, Reads, Tx, table

_variants, _listings, _sellers = table(Variant), table(Listing), table(Seller)
_categories, _stock, _accounts = table(Category), table(StockItem), table(PaymentAccount)


@dataclass(frozen=True, slots=True)
class Sellable:
    """A variant with everything that decides whether it can be bought, and at which price."""

    variant_id: UUID
    listing_id: UUID
    seller_id: UUID
    title: str
    variant_title: str
    price_minor: int
    currency: str
    active: bool
    listing_status: ListingStatus
    visibility: Visibility
    sale_mode: SaleMode
    fulfilment: Fulfilment
    category_path: str
    seller_status: SellerStatus
    seller_commission_ppm: int | None
    handling_days: int
    charges_enabled: bool
    available: int
    seller_country: str
    pickup_too: bool = False

    @property
    def fulfilments(self) -> tuple[Fulfilment, ...]:
        """The ways that a buyer may choose from; `fulfilment` is the one that counts here."""
        return ways_of(Fulfilment.SHIP, True) if self.pickup_too else (self.fulfilment,)


# Stock is read without a lock, so nobody waits for it; the reservation decides again under the lock.
_FOUND = (
    select(
        _variants.c.id,
        _listings.c.id,
        _listings.c.seller_id,
        _listings.c.title,
        _variants.c.title,
        _variants.c.price_minor,
        _listings.c.currency,
        _variants.c.active,
        _listings.c.status,
        _listings.c.visibility,
        _listings.c.sale_mode,
        _listings.c.fulfilment,
        _categories.c.path,
        _sellers.c.status,
        _sellers.c.commission_ppm,
        _sellers.c.handling_days,
        exists().where(_accounts.c.seller_id == _sellers.c.id, _accounts.c.charges_enabled),
        func.coalesce(_stock.c.on_hand - _stock.c.reserved, 0),
        _sellers.c.country,
        _listings.c.pickup_too,
    )
    .select_from(_variants)
    .join(_listings, _listings.c.id == _variants.c.listing_id)
    .join(_sellers, _sellers.c.id == _listings.c.seller_id)
    .join(_categories, _categories.c.id == _listings.c.category_id)
    .outerjoin(_stock, (_stock.c.variant_id == _variants.c.id) & (_stock.c.pool == GENERAL_POOL))
    .where(_variants.c.id == func.any(bindparam("ids")))
)
_SELLABLES = Query(_FOUND, Sellable)
_SELLABLES_HELD = Query(_FOUND.with_for_update(read=True, key_share=True, of=_sellers), Sellable)


async def sellables_by_ids(reads: Reads, variant_ids: Sequence[UUID]) -> Mapping[UUID, Sellable]:
    return {each.variant_id: each for each in await reads.all(_SELLABLES, ids=list(variant_ids))}


async def sellables_to_buy(tx: Tx, variant_ids: Sequence[UUID]) -> Mapping[UUID, Sellable]:
    """The same for the transaction that buys them: their shops stay as they are read until it ends.

    Orders refer to their shops and so hold them in the same way, but not before they are written: a shop that is closed
    between the quote and the order would have sold. Sales do not wait for each other by this.
    """
    return {each.variant_id: each for each in await tx.reads.all(_SELLABLES_HELD, ids=list(variant_ids))}


def in_chosen_ways(
    sellables: Mapping[UUID, Sellable], chosen: Mapping[UUID, Fulfilment | None]
) -> Mapping[UUID, Sellable]:
    """The same, each handed over as its buyer chose; who chose nothing, or what is not offered, gets the first way."""
    return {
        variant_id: replace(each, fulfilment=way)
        if (way := chosen.get(variant_id)) is not None and way in each.fulfilments
        else each
        for variant_id, each in sellables.items()
    }


@dataclass(frozen=True, slots=True)
class _Commission:
    path: str
    commission_ppm: int


_COMMISSIONS = Query(
    select(_categories.c.path, _categories.c.commission_ppm).where(
        _categories.c.path == func.any(bindparam("paths")), _categories.c.commission_ppm.is_not(None)
    ),
    _Commission,
)


async def commissions_by_paths(reads: Reads, paths: Sequence[str]) -> Mapping[str, int]:
    """Category path -> commission: its own, or that of the nearest category above it that has one."""
    above = {path: _ancestors(path) for path in paths}
    wanted = sorted({each for chain in above.values() for each in chain})
    own = {each.path: each.commission_ppm for each in await reads.all(_COMMISSIONS, paths=wanted)}
    nearest = {path: next((own[each] for each in chain if each in own), None) for path, chain in above.items()}
    return {path: rate for path, rate in nearest.items() if rate is not None}


def _ancestors(path: str) -> list[str]:
    """`a/b/c` -> itself, `a/b`, `a`."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
