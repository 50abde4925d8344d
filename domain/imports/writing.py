"""One batch of rows into the catalogue: what the shop has is locked, each listing decided, everything written at once.

Invariant: imports of one shop take turns, batch by batch, so what one of them makes the next one finds. Rows are locked
listings first, then stock items, each by id, as the ordinary mutations do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from domain.catalog.access import changed
from domain.catalog.changes import note_changes
from domain.catalog.errors import PaymentAccountIncomplete, SellerNotActive
from domain.catalog.model import Listing, ListingEvent, ListingStatus, MatchedBy, Variant
from domain.catalog.products import ProductWords, gtins_of_products, is_worldwide, match_products
from domain.catalog.publishing import shop_that_may_sell, skips_approval
from domain.catalog.skus import VariantPlace, places_by_skus
from domain.catalog.tree import categories_by_paths, lines_by_ids, schema_of
from domain.imports.columns import ImportOptions
from domain.imports.deciding import ListingPlan, Shelf, decide
from domain.imports.model import ListingReference
from domain.imports.parsing import ListingRows
from domain.imports.pictures import Folder, find_pictures
from domain.imports.records import Fault
from domain.imports.words import Category
from domain.inventory.model import MovementKind, StockItem
from domain.inventory.movements import Cause, Change, lock_or_make, move_stock
from domain.inventory.opening import open_stock
from domain.media.model import MediaAsset
from domain.sellers.model import Seller
from domain.shared.database import Query, Tx, table
from domain.shared.ids import new_id
from domain.shared.policy import Policy
from domain.shared.table_row import TableRow
from domain.shared.transitions import Party

_TURNS: Final = 7_316_009
_TAKE_TURN = select(func.pg_advisory_xact_lock(_TURNS, bindparam("shop", type_=Integer)))
_listings, _variants, _references = table(Listing), table(Variant), table(ListingReference)
_BY_REFERENCES = Query(
    select(_references.c.reference, _references.c.listing_id)
    .join(_listings, _listings.c.id == _references.c.listing_id)
    .where(
        _references.c.seller_id == bindparam("seller_id"),
        _references.c.reference == func.any(bindparam("references")),
        _listings.c.status != ListingStatus.ARCHIVED.value,
    ),
    lambda reference, listing_id: (reference, listing_id),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """For whom rows are written, how, and in whose name."""

    import_id: UUID
    seller_id: UUID
    options: ImportOptions
    policy: Policy
    actor: str
    folder: Folder = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """What became of the rows of a batch."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def faulty(self) -> int:
        return len({fault.line for fault in self.faults})


async def take_turn(tx: Tx, seller_id: UUID) -> None:
    """Until the end of the transaction nobody else imports for this shop."""
    await tx.reads.scalar(_TAKE_TURN, shop=int.from_bytes(seller_id.bytes[-4:], signed=True))


async def write_batch(tx: Tx, batch: Sequence[ListingRows], terms: Terms) -> Tally:
    """The rows of some listings, each article number once among them."""
    await take_turn(tx, terms.seller_id)
    shelf = await _shelf(tx, batch, terms)
    pictures: list[MediaAsset] = []
    plans = [_applied(tx, decide(rows, shelf), shelf, pictures) for rows in batch]
    await tx.add(*pictures)
    tally = Tally(faults=[fault for plan in plans for fault in plan.faults])
    plans = [plan for plan in plans if plan.variants]
    await _match_products(tx, plans)
    await _write_new(tx, [plan for plan in plans if plan.is_new], shelf, terms)
    await _write_changes(tx, plans)
    variants = [{"id": each.id, **each.values} for plan in plans for each in plan.variants if each.is_new]
    await _insert(tx, Variant, variants)
    counted = await _write_stock(tx, plans, shelf, Cause(actor=terms.actor, reason="import"))
    await _write_references(tx, plans, shelf, terms.seller_id)
    _count(plans, counted, tally)
    return tally


def _applied(tx: Tx, plan: ListingPlan, shelf: Shelf, pictures: list[MediaAsset]) -> ListingPlan:
    """The plan carried out on the rows in hand, so that the next listing of the batch is decided by what then holds."""
    if plan.variants and not plan.is_new:
        plan.apply(shelf.now)
        new = (Variant(id=each.id, **each.values) for each in plan.variants if each.is_new)
        shelf.variants.setdefault(plan.id, []).extend(new)
    if plan.variants and plan.gallery is not None:
        pictures += shelf.pictures.show(tx, plan.id, plan.gallery)
    return plan


async def _shelf(tx: Tx, batch: Sequence[ListingRows], terms: Terms) -> Shelf:
    seller = await tx.get(Seller, terms.seller_id)
    assert seller is not None
    skus = {sku for rows in batch for sku in rows.skus}
    places = await places_by_skus(tx.reads, seller.id, list(skus))
    names = [rows.reference for rows in batch if rows.reference is not None]
    references = dict(await tx.reads.all(_BY_REFERENCES, seller_id=seller.id, references=names)) if names else {}
    listing_ids = {place.listing_id for found in places.values() for place in found} | set(references.values())
    listings = {listing.id: listing for listing in await tx.lock(Listing, list(listing_ids))} if listing_ids else {}
    pictures = await find_pictures(
        tx, batch, folder=terms.folder, seller_id=seller.id, actor=terms.actor, listing_ids=list(listings)
    )
    paths = {rows.words.values["category"] for rows in batch if "category" in rows.words.values}
    by_path = await categories_by_paths(tx.reads, list(paths))
    category_ids = {category.id for category in by_path.values()} | {each.category_id for each in listings.values()}
    lines = await lines_by_ids(tx.reads, list(category_ids))
    schemas = {category_id: schema_of(line) for category_id, line in lines.items()}
    return Shelf(
        seller=seller,
        now=tx.now,
        unknown=terms.options.unknown_attributes,
        submits_to=await _submits_to(tx, seller, terms),
        categories={path: Category(each.id, schemas[each.id]) for path, each in by_path.items()},
        schemas=schemas,
        listings=listings,
        variants=await _variants_of(tx, list(listings)),
        places=places,
        references=references,
        stock=await _stock(tx, batch, places),
        pictures=pictures,
    )


async def _submits_to(tx: Tx, seller: Seller, terms: Terms) -> ListingStatus | None:
    """Where new listings go. A shop that may not sell at present keeps them as drafts."""
    if not terms.options.submit:
        return None
    try:
        await shop_that_may_sell(tx, seller.id)
    except (SellerNotActive, PaymentAccountIncomplete):
        return None
    return ListingStatus.ACTIVE if skips_approval(seller, terms.policy) else ListingStatus.PENDING_REVIEW


async def _variants_of(tx: Tx, listing_ids: Sequence[UUID]) -> dict[UUID, list[Variant]]:
    found: dict[UUID, list[Variant]] = {}
    if listing_ids:
        rows = await tx.load(Variant, list(listing_ids), by="listing_id")
        for variant in sorted(rows, key=lambda each: (each.position, each.id)):
            found.setdefault(variant.listing_id, []).append(variant)
    return found


async def _stock(
    tx: Tx, batch: Sequence[ListingRows], places: Mapping[str, Sequence[VariantPlace]]
) -> Mapping[UUID, StockItem]:
    counted = {row.sku for rows in batch for row in rows.variants if "stock" in row.values}
    return await lock_or_make(tx, [place.id for sku in counted for place in places.get(sku, ())])


async def _match_products(tx: Tx, plans: Sequence[ListingPlan]) -> None:
    """As `match_listing` does one by one; what an administrator decided stands, and so does what a seller chose while
    the file says no other GTIN than that product's, as an export does."""
    given = {plan.id: plan.gtin for plan in plans if plan.gtin and plan.column("matched_by") is not MatchedBy.ADMIN}
    chosen = {
        plan.id: plan.column("product_id")
        for plan in plans
        if plan.id in given and plan.column("gtin") is None and plan.column("product_id") is not None
    }
    known = await gtins_of_products(tx, list(chosen.values())) if chosen else {}
    given = {id_: gtin for id_, gtin in given.items() if id_ not in chosen or known.get(chosen[id_]) != gtin}
    wanted = {
        plan.gtin: ProductWords(plan.column("title"), plan.column("brand", ""), plan.column("category_id"))
        for plan in plans
        if plan.gtin is not None and plan.id in given and is_worldwide(plan.gtin)
    }
    products = await match_products(tx, wanted) if wanted else {}
    for plan in plans:
        gtin = given.get(plan.id)
        found = products.get(gtin) if gtin is not None else None
        if gtin is not None and (plan.column("gtin"), plan.column("product_id")) != (gtin, found):
            matched = {"gtin": gtin, "product_id": found, "matched_by": MatchedBy.GTIN if found is not None else None}
            plan.values |= matched
            if plan.standing is not None:
                for name, value in matched.items():
                    setattr(plan.standing, name, value)


async def _write_new(tx: Tx, plans: Sequence[ListingPlan], shelf: Shelf, terms: Terms) -> None:
    owner = {"seller_id": terms.seller_id, "created_at": tx.now, "updated_at": tx.now}
    on_sale = shelf.submits_to is ListingStatus.ACTIVE
    state = {"status": shelf.submits_to or ListingStatus.DRAFT, "published_at": tx.now if on_sale else None}
    rows = [{**plan.values, "id": plan.id, "currency": plan.currency, **owner, **state} for plan in plans]
    await _insert(tx, Listing, rows)
    if shelf.submits_to is None:
        return
    by = Party.SYSTEM.value if on_sale else terms.actor
    move = {"source": ListingStatus.DRAFT, "target": shelf.submits_to, "actor": by, "at": tx.now}
    await _insert(tx, ListingEvent, [{"id": new_id(), "listing_id": plan.id, **move} for plan in plans])
    # No event per listing: nobody has to be told what a shop did itself, and a file would make thousands of idle jobs.
    if on_sale:
        await note_changes(tx, [plan.id for plan in plans])


async def _insert(tx: Tx, model: type[TableRow], rows: Sequence[dict[str, Any]]) -> None:
    """Rows as they are: making thousands of them objects first takes longer than writing them.

    One statement takes rows of the same columns only.
    """
    shapes: dict[frozenset[str], list[dict[str, Any]]] = {}
    for row in rows:
        shapes.setdefault(frozenset(row), []).append(row)
    for alike in shapes.values():
        await tx.execute(insert(table(model)), alike)


async def _write_changes(tx: Tx, plans: Sequence[ListingPlan]) -> None:
    """They stand on the rows already; what is left is to say so."""
    moved = {plan.id: plan.standing for plan in plans if plan.standing is not None and plan.changes_words}
    await changed(tx, *moved.values())


async def _write_stock(tx: Tx, plans: Sequence[ListingPlan], shelf: Shelf, cause: Cause) -> set[UUID]:
    """The standing variants whose count is another one now."""
    counted = [each for plan in plans for each in plan.variants if each.on_hand is not None]
    await open_stock(tx, {each.id: each.on_hand or 0 for each in counted if each.is_new}, cause)
    changes = [
        Change(item=shelf.stock[each.id], kind=MovementKind.ADJUSTMENT, on_hand=delta)
        for each in counted
        if not each.is_new and (delta := (each.on_hand or 0) - shelf.stock[each.id].on_hand)
    ]
    await move_stock(tx, changes, cause)
    return {change.item.variant_id for change in changes}


async def _write_references(tx: Tx, plans: Sequence[ListingPlan], shelf: Shelf, seller_id: UUID) -> None:
    rows = [
        {"seller_id": seller_id, "reference": plan.rows.reference, "listing_id": plan.id}
        for plan in plans
        if plan.rows.reference is not None and plan.rows.reference not in shelf.references
    ]
    if rows:
        statement = insert(_references)
        # What bore the name before is archived.
        keys, renewed = ["seller_id", "reference"], {"listing_id": statement.excluded.listing_id}
        await tx.execute(statement.on_conflict_do_update(index_elements=keys, set_=renewed), rows)


def _count(plans: Sequence[ListingPlan], counted: set[UUID], tally: Tally) -> None:
    for plan in plans:
        for index, each in enumerate(plan.variants):
            if each.is_new:
                tally.created += 1
            elif each.values or each.id in counted or (index == 0 and (plan.values or plan.gallery is not None)):
                tally.updated += 1
            else:
                tally.unchanged += 1
