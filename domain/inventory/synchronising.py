"""Prices and stock of many variants at once, for sellers whose truth lies elsewhere.

Invariant: each item is done wholly or not at all, and one that is refused stops no other. All of it is one transaction:
listings are locked before stock items, each by id, so two bulk updates never wait for each other in a circle. The
outcomes are kept under the idempotency key: a repeated request changes nothing, because a count that was true then may
have been sold from since.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from domain.catalog.access import changed
from domain.catalog.errors import ListingNotEditable
from domain.catalog.model import EDITABLE, Listing, ListingStatus, Variant
from domain.catalog.skus import VariantPlace, places_by_ids, places_by_skus
from domain.inventory.errors import StockBelowReserved
from domain.inventory.model import QUANTITY_MAX, MovementKind, VariantUpdates
from domain.inventory.movements import Cause, Change, lock_or_make, move_stock
from domain.inventory.stock import Reason
from domain.shared.actor import Actor
from domain.shared.commands import IdempotencyKey, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import InvalidInput, Issue, NotFound
from domain.shared.idempotency import claim
from domain.shared.ids import VariantId, new_id
from domain.shared.money import MINOR_UNITS_MAX

ITEMS_MAX: Final = 100

_variants = table(Variant)


@command
class VariantUpdate:
    """One item, named by id or by article number. Ranges are checked per item, so the types are wide on purpose."""

    variant_id: VariantId | None = None
    sku: str | None = None
    price_minor: int | None = None
    on_hand: int | None = None


@command
class UpdateVariants:
    items: Annotated[tuple[VariantUpdate, ...], Field(min_length=1, max_length=ITEMS_MAX)]
    reason: Reason = "synchronised"
    idempotency_key: IdempotencyKey


ItemError = NotFound | ListingNotEditable | StockBelowReserved | InvalidInput
"""Why an item is refused. Each is stored with its data and read again, and is a member of the item's union."""


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What became of one item: done, or why not. `variant_id` is None when the item named none of the shop's."""

    variant_id: UUID | None
    error: ItemError | None = None


@dataclass(slots=True)
class _Work:
    """One item on its way; with an error it is at its end, without one it has its place."""

    index: int
    item: VariantUpdate
    place: VariantPlace | None = None
    error: ItemError | None = None

    @property
    def is_open(self) -> bool:
        return self.error is None

    def at(self) -> VariantPlace:
        assert self.place is not None
        return self.place


async def update_variants(command: UpdateVariants, *, actor: Actor, db: Database) -> Sequence[ItemOutcome]:
    """One outcome per item, in their order. Raises IdempotencyConflict, Busy.

    An item's error is NotFound (nobody's, or another shop's), ListingNotEditable, StockBelowReserved or InvalidInput.
    """
    seller_id, user_id, outcome_id = actor.seller(), actor.user(), new_id()

    async def step(tx: Tx) -> Sequence[ItemOutcome]:
        stands = await claim(
            tx,
            actor_id=user_id,
            operation="update_variants",
            key=command.idempotency_key,
            command=command,
            outcome_id=outcome_id,
        )
        if stands is not None:
            kept = await tx.get(VariantUpdates, stands)
            assert kept is not None, "the key and its outcomes are written together"
            return [_read(each) for each in kept.outcomes]
        works = [_Work(index, item, error=_fault(index, item)) for index, item in enumerate(command.items)]
        await _find(tx, seller_id, works)
        await _apply(tx, works, Cause(actor=actor.name, reason=command.reason))
        outcomes = [ItemOutcome(work.place.id if work.place else None, work.error) for work in works]
        written = [_written(each) for each in outcomes]
        await tx.add(VariantUpdates(id=outcome_id, seller_id=seller_id, outcomes=written, created_at=tx.now))
        return outcomes

    return await db.run(step)


def _fault(index: int, item: VariantUpdate) -> InvalidInput | None:
    place = ("items", str(index))
    issues = []
    if (item.variant_id is None) == (item.sku is None):
        issues.append(Issue(place, "AMBIGUOUS", "Name the variant by its id or by its article number, one of them."))
    if item.price_minor is None and item.on_hand is None:
        issues.append(Issue(place, "EMPTY", "Give a price, a stock, or both."))
    if item.price_minor is not None and not 1 <= item.price_minor <= MINOR_UNITS_MAX:
        message = f"A price is 1 to {MINOR_UNITS_MAX} minor units."
        issues.append(Issue((*place, "price_minor"), "OUT_OF_RANGE", message))
    if item.on_hand is not None and not 0 <= item.on_hand <= QUANTITY_MAX:
        issues.append(Issue((*place, "on_hand"), "OUT_OF_RANGE", f"A stock is 0 to {QUANTITY_MAX}."))
    return InvalidInput(issues) if issues else None


async def _find(tx: Tx, seller_id: UUID, works: Sequence[_Work]) -> None:
    """Which variant each item means. A variant is meant once: what comes second is refused."""
    open_ = [work for work in works if work.is_open]
    by_ids = await places_by_ids(tx.reads, seller_id, [w.item.variant_id for w in open_ if w.item.variant_id])
    by_skus = await places_by_skus(tx.reads, seller_id, [w.item.sku for w in open_ if w.item.sku is not None])
    seen: set[UUID] = set()
    for work in open_:
        found = _place(work.item, by_ids, by_skus)
        if not found:
            work.error = NotFound("variant")
        elif len(found) > 1:
            message = f"Several listings have the article number {work.item.sku}; name the variant by its id."
            work.error = InvalidInput.at(f"items.{work.index}.sku", "AMBIGUOUS_SKU", message)
        elif found[0].id in seen:
            work.error = InvalidInput.at(f"items.{work.index}", "DUPLICATE", "This variant stands there twice.")
        else:
            work.place = found[0]
            seen.add(found[0].id)


def _place(
    item: VariantUpdate, by_ids: Mapping[UUID, VariantPlace], by_skus: Mapping[str, list[VariantPlace]]
) -> Sequence[VariantPlace]:
    if item.variant_id is not None:
        return [by_ids[item.variant_id]] if item.variant_id in by_ids else []
    return by_skus.get(item.sku or "", ())


async def _apply(tx: Tx, works: Sequence[_Work], cause: Cause) -> None:
    found = [work for work in works if work.is_open]
    listings = {row.id: row for row in await tx.lock(Listing, [work.at().listing_id for work in found])}
    for work in found:
        listing = listings[work.at().listing_id]
        if work.item.price_minor is not None and listing.status not in EDITABLE:
            work.error = ListingNotEditable(listing.status)
    counted = {w.at().id: w for w in found if w.is_open and w.item.on_hand is not None}
    items = await lock_or_make(tx, list(counted))
    changes = []
    for variant_id, work in counted.items():
        assert work.item.on_hand is not None
        item = items[variant_id]
        if work.item.on_hand < item.reserved:
            work.error = StockBelowReserved(item.on_hand, item.reserved, work.item.on_hand)
        elif delta := work.item.on_hand - item.on_hand:
            changes.append(Change(item=item, kind=MovementKind.ADJUSTMENT, on_hand=delta))
    await _set_prices(tx, [work for work in found if work.is_open], listings)
    await move_stock(tx, changes, cause)


async def _set_prices(tx: Tx, works: Sequence[_Work], listings: Mapping[UUID, Listing]) -> None:
    wanted = {work.at().id: work.item.price_minor for work in works if work.item.price_minor is not None}
    moved: dict[UUID, Listing] = {}
    for variant in await tx.load(Variant, list(wanted)):
        price = wanted[variant.id]
        if variant.price_minor != price:
            variant.price_minor, variant.updated_at = price, tx.now
            moved[variant.listing_id] = listings[variant.listing_id]
    await changed(tx, *moved.values())


def _written(outcome: ItemOutcome) -> dict[str, Any]:
    error = outcome.error
    made: dict[str, Any] = {"variant_id": str(outcome.variant_id) if outcome.variant_id else None}
    if error is not None:
        made["code"] = error.code
    if isinstance(error, ListingNotEditable):
        made["status"] = error.status.value
    elif isinstance(error, StockBelowReserved):
        made["numbers"] = [error.on_hand, error.reserved, error.wanted]
    elif isinstance(error, InvalidInput):
        made["issues"] = [[list(issue.path), issue.code, issue.message] for issue in error.issues]
    return made


def _read(stored: Mapping[str, Any]) -> ItemOutcome:
    variant_id = UUID(stored["variant_id"]) if stored["variant_id"] else None
    code = stored.get("code")
    return ItemOutcome(variant_id, None if code is None else _ERRORS[code](stored))


_ERRORS: Final[Mapping[str, Callable[[Mapping[str, Any]], ItemError]]] = {
    NotFound.code: lambda _: NotFound("variant"),
    ListingNotEditable.code: lambda stored: ListingNotEditable(ListingStatus(stored["status"])),
    StockBelowReserved.code: lambda stored: StockBelowReserved(*stored["numbers"]),
    InvalidInput.code: lambda stored: InvalidInput(
        [Issue(tuple(path), code, message) for path, code, message in stored["issues"]]
    ),
}
