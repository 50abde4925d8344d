"""Sellers write listings: a draft to begin with, edits afterwards.

Invariant: what a listing says fits its category's schema whenever it is written, and all of it whenever it is on sale.
An edit names the version that its author saw; if another one stands there, nothing is written.
"""

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from domain.catalog.access import changed, check_editable, check_version, lock_own_listing
from domain.catalog.attributes import GivenAttribute, Schema, missing_attributes, parse_attributes, stored_faults
from domain.catalog.errors import ListingInUse
from domain.catalog.matching import match_listing
from domain.catalog.model import (
    ATTRIBUTES_MAX,
    VARIANTS_MAX,
    Condition,
    Fulfilment,
    Listing,
    ListingKind,
    ListingPlace,
    ListingStatus,
    MatchedBy,
    SaleMode,
    Variant,
    Visibility,
)
from domain.catalog.pictures import owner_of
from domain.catalog.places import refuse_without_place
from domain.catalog.products import Brand, Gtin, existing_product
from domain.catalog.tree import lines_by_ids, schema_of
from domain.catalog.variants import NewVariant, rows_of
from domain.media.attaching import detach_all
from domain.sellers.model import Seller
from domain.shared.actor import Actor
from domain.shared.commands import Line, Text, Version, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import IllegalTransition, InvalidInput, Issue, NotFound
from domain.shared.ids import CategoryId, ListingId, ProductId, new_id
from domain.shared.money import Currency

GivenAttributes = Annotated[tuple[GivenAttribute, ...], Field(max_length=ATTRIBUTES_MAX)]

_FULFILMENTS: Final = {
    ListingKind.PRODUCT: frozenset({Fulfilment.SHIP, Fulfilment.PICKUP, Fulfilment.DIGITAL}),
    ListingKind.SERVICE: frozenset({Fulfilment.ON_SITE, Fulfilment.DIGITAL, Fulfilment.PICKUP}),
}


@command
class CreateListing:
    """A draft. `gtin` finds or makes its product, `product_id` names one; the currency is the shop's if not given."""

    category_id: CategoryId
    title: Line
    description: Text = ""
    brand: Brand = ""
    kind: ListingKind = ListingKind.PRODUCT
    sale_mode: SaleMode = SaleMode.PURCHASE
    fulfilment: Fulfilment = Fulfilment.SHIP
    pickup_too: bool = False
    condition: Condition = Condition.NEW
    visibility: Visibility = Visibility.PUBLIC
    currency: Currency | None = None
    attributes: GivenAttributes = ()
    product_id: ProductId | None = None
    gtin: Gtin | None = None
    variants: Annotated[tuple[NewVariant, ...], Field(max_length=VARIANTS_MAX)] = ()


@command
class EditListing:
    """What is not given stays as it is; `attributes` replace all that stood there.

    With a `fulfilment` other than by parcel, fetching it instead of that is over: it is not offered `pickup_too`.
    """

    listing_id: ListingId
    version: Version
    category_id: CategoryId | None = None
    title: Line | None = None
    description: Text | None = None
    brand: Brand | None = None
    kind: ListingKind | None = None
    sale_mode: SaleMode | None = None
    fulfilment: Fulfilment | None = None
    pickup_too: bool | None = None
    condition: Condition | None = None
    visibility: Visibility | None = None
    attributes: GivenAttributes | None = None
    product_id: ProductId | None = None
    gtin: Gtin | None = None
    detach_product: bool = False


@command
class DeleteDraft:
    listing_id: ListingId


async def create_listing(command: CreateListing, *, actor: Actor, db: Database) -> UUID:
    """The new draft's id. Raises NotFound (category, product), InvalidInput."""
    seller_id, listing_id = actor.seller(), new_id()

    async def step(tx: Tx) -> UUID:
        seller = await tx.get(Seller, seller_id)
        if seller is None:
            raise NotFound("seller")
        listing = Listing(
            id=listing_id,
            seller_id=seller_id,
            category_id=command.category_id,
            title=command.title,
            description=command.description,
            brand=command.brand,
            kind=command.kind,
            sale_mode=command.sale_mode,
            fulfilment=command.fulfilment,
            pickup_too=command.pickup_too,
            condition=command.condition,
            visibility=command.visibility,
            currency=command.currency or seller.currency,
            created_at=tx.now,
            updated_at=tx.now,
        )
        _write_attributes(listing, await _schema(tx, command.category_id), command.attributes)
        variants = rows_of(tx, listing, command.variants)
        await _attach_product(tx, listing, command)
        await tx.add(listing)
        await tx.add(*variants)
        return listing_id

    return await db.run(step)


async def edit_listing(command: EditListing, *, actor: Actor, db: Database) -> UUID:
    """The listing's id. Raises NotFound, ListingNotEditable, ListingChanged, InvalidInput."""

    async def step(tx: Tx) -> UUID:
        listing = await lock_own_listing(tx, command.listing_id, actor)
        check_editable(listing)
        check_version(listing, command.version)
        schema = await _schema(tx, command.category_id or listing.category_id)
        for name in _PLAIN_FIELDS:
            value = getattr(command, name)
            if value is not None:
                setattr(listing, name, value)
        if command.pickup_too is None and listing.fulfilment is not Fulfilment.SHIP:
            listing.pickup_too = False
        _write_attributes(listing, schema, command.attributes)
        if listing.status in _OFFERED:
            await refuse_without_place(tx, listing, "fulfilment")
        await _attach_product(tx, listing, command)
        await changed(tx, listing)
        return listing.id

    return await db.run(step)


_OFFERED: Final = frozenset({ListingStatus.ACTIVE, ListingStatus.PAUSED})
"""On sale, or in a moment: nothing may be missing."""
_PLAIN_FIELDS: Final = (
    "category_id", "title", "description", "brand", "kind", "sale_mode", "fulfilment", "pickup_too", "condition",
    "visibility",
)  # fmt: skip


async def delete_draft(command: DeleteDraft, *, actor: Actor, db: Database) -> UUID:
    """The id of what is gone. Raises NotFound, IllegalTransition (no draft), ListingInUse."""

    async def step(tx: Tx) -> UUID:
        listing = await lock_own_listing(tx, command.listing_id, actor)
        if listing.status is not ListingStatus.DRAFT:
            raise IllegalTransition("listing", listing.status.value, "deleted")
        await detach_all(tx, owner_of(listing.id))
        await tx.execute(delete(ListingPlace).where(table(ListingPlace).c.listing_id == listing.id))
        await tx.execute(delete(Variant).where(table(Variant).c.listing_id == listing.id))
        await tx.execute(delete(Listing).where(table(Listing).c.id == listing.id))
        return listing.id

    try:
        return await db.run(step)
    except IntegrityError as fault:
        # Stock, or a word of a reviewer, refers to it; neither is ever deleted.
        raise ListingInUse() from fault


async def _schema(tx: Tx, category_id: UUID) -> Schema:
    line = (await lines_by_ids(tx.reads, [category_id])).get(category_id)
    if line is None:
        raise NotFound("category")
    return schema_of(line)


def _write_attributes(listing: Listing, schema: Schema, given: tuple[GivenAttribute, ...] | None) -> None:
    """Checks the listing's words as a whole and raises every fault at once."""
    issues: tuple[Issue, ...]
    if given is None:
        issues = stored_faults(schema, listing.attributes)
    else:
        listing.attributes, issues = parse_attributes(schema, given)
    if listing.status in _OFFERED:
        issues += missing_attributes(schema, listing.attributes)
    issues += handover_faults(listing.kind, listing.fulfilment, listing.pickup_too)
    if issues:
        raise InvalidInput(issues)


def handover_faults(kind: ListingKind, fulfilment: Fulfilment, pickup_too: bool) -> tuple[Issue, ...]:
    """Whether what is sold can be handed over like this."""
    if pickup_too and fulfilment is not Fulfilment.SHIP:
        return (Issue(("pickup_too",), "INVALID", "Only what is sent can be fetched as well."),)
    if fulfilment in _FULFILMENTS[kind]:
        return ()
    message = f"A {kind.value} is not handed over as {fulfilment.value.replace('_', ' ')}."
    return (Issue(("fulfilment",), "INVALID", message),)


async def _attach_product(tx: Tx, listing: Listing, command: CreateListing | EditListing) -> None:
    if command.gtin is not None and command.product_id is not None:
        raise InvalidInput.at("gtin", "CONFLICT", "Give the GTIN or the product, not both.")
    detached = isinstance(command, EditListing) and command.detach_product
    if not detached and command.gtin is None and command.product_id is None:
        return
    if listing.matched_by is MatchedBy.ADMIN:
        at = "gtin" if command.gtin is not None else "product_id"
        raise InvalidInput.at(at, "DECIDED", "The marketplace has decided which product this is.")
    if detached:
        listing.product_id = listing.gtin = listing.matched_by = None
    if command.product_id is not None:
        listing.product_id = await existing_product(tx, command.product_id)
        listing.matched_by = MatchedBy.SELLER
    if command.gtin is not None:
        listing.product_id, listing.gtin = None, command.gtin
        await match_listing(tx, listing)
