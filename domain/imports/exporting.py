"""A shop's listings as a file in the format of imports, page by page.

Invariant: what is exported and imported again changes nothing, and imported into another shop makes the same listings
as drafts. Archived listings stay out. Each page is as of its own moment: memory and transactions stay short.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.catalog.attributes import AttributeValue, value_text
from domain.catalog.model import (
    Category,
    Condition,
    Fulfilment,
    Listing,
    ListingKind,
    ListingStatus,
    Product,
    SaleMode,
    Variant,
    Visibility,
)
from domain.catalog.pictures import owner_of
from domain.imports.columns import ATTRIBUTE, COLUMNS_MAX, IMAGES, LISTING_SKU, OPTION, SKU
from domain.imports.model import ImportFormat, ListingReference
from domain.imports.pictures import ENDING
from domain.imports.spelling import spell_header, spell_rows
from domain.inventory.model import GENERAL_POOL, StockItem
from domain.media.attaching import USABLE
from domain.media.reads import ImageView, images_by_owners
from domain.shared.database import Query, Reads, table
from domain.shared.ids import encode_id

PAGE_LISTINGS: Final = 200
_OF_LISTING: Final = (
    "title", "description", "brand", "category", "kind", "sale_mode", "fulfilment", "pickup_too", "condition",
    "visibility", "currency", "gtin",
)  # fmt: skip
COLUMNS: Final = (LISTING_SKU, SKU, *_OF_LISTING, IMAGES, "variant_title", "price_minor", "stock", "active")

_listings, _variants, _categories = table(Listing), table(Variant), table(Category)
_products, _references, _items = table(Product), table(ListingReference), table(StockItem)


@dataclass(frozen=True, slots=True)
class _Listing:
    id: UUID
    reference: str | None
    title: str
    description: str
    brand: str
    category: str
    kind: ListingKind
    sale_mode: SaleMode
    fulfilment: Fulfilment
    pickup_too: bool
    condition: Condition
    visibility: Visibility
    currency: str
    gtin: str | None
    attributes: Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class _Variant:
    listing_id: UUID
    sku: str
    title: str
    options: Mapping[str, str]
    price_minor: int
    active: bool
    on_hand: int | None


_reference = (
    select(func.min(_references.c.reference)).where(_references.c.listing_id == _listings.c.id).scalar_subquery()
)
_OWN = (_listings.c.seller_id == bindparam("seller_id"), _listings.c.status != ListingStatus.ARCHIVED.value)
_PAGE = Query(
    select(
        _listings.c.id,
        _reference,
        _listings.c.title,
        _listings.c.description,
        _listings.c.brand,
        _categories.c.path,
        _listings.c.kind,
        _listings.c.sale_mode,
        _listings.c.fulfilment,
        _listings.c.pickup_too,
        _listings.c.condition,
        _listings.c.visibility,
        _listings.c.currency,
        func.coalesce(_listings.c.gtin, _products.c.gtin),
        _listings.c.attributes,
    )
    .join(_categories, _categories.c.id == _listings.c.category_id)
    .outerjoin(_products, _products.c.id == _listings.c.product_id)
    .where(*_OWN, _listings.c.id > bindparam("after"))
    .order_by(_listings.c.id)
    .limit(PAGE_LISTINGS),
    _Listing,
)
_VARIANTS = Query(
    select(
        _variants.c.listing_id,
        _variants.c.sku,
        _variants.c.title,
        _variants.c.options,
        _variants.c.price_minor,
        _variants.c.active,
        _items.c.on_hand,
    )
    .outerjoin(_items, (_items.c.variant_id == _variants.c.id) & (_items.c.pool == GENERAL_POOL))
    .where(_variants.c.listing_id == func.any(bindparam("ids")))
    .order_by(_variants.c.listing_id, _variants.c.position, _variants.c.id),
    _Variant,
)
_ATTRIBUTES = Query(
    select(func.jsonb_object_keys(_listings.c.attributes)).where(*_OWN).distinct().limit(COLUMNS_MAX), str
)
_OPTIONS = Query(
    select(func.jsonb_object_keys(_variants.c.options))
    .join(_listings, _listings.c.id == _variants.c.listing_id)
    .where(*_OWN)
    .distinct()
    .limit(COLUMNS_MAX),
    str,
)


async def export_listings(seller_id: UUID, form: ImportFormat, reads: Reads) -> AsyncGenerator[bytes, None]:
    """The file, piece by piece; nothing but a header for a shop without listings."""
    columns = [*COLUMNS, *(await _named(reads, seller_id) if form is ImportFormat.CSV else ())]
    if header := spell_header(form, columns):
        yield header
    after = UUID(int=0)
    while page := await reads.all(_PAGE, seller_id=seller_id, after=after):
        after = page[-1].id
        yield spell_rows(form, columns, await _rows(reads, page))


async def _named(reads: Reads, seller_id: UUID) -> list[str]:
    """The columns that depend on what the shop sells. What comes into use after this waits for the next export."""
    attributes = await reads.all(_ATTRIBUTES, seller_id=seller_id)
    options = await reads.all(_OPTIONS, seller_id=seller_id)
    return [*(f"{ATTRIBUTE}{name}" for name in sorted(attributes)), *(f"{OPTION}{name}" for name in sorted(options))]


async def _rows(reads: Reads, page: Sequence[_Listing]) -> list[dict[str, str]]:
    """One per variant, the first of a listing with its words. A listing without variants cannot be told."""
    variants: dict[UUID, list[_Variant]] = {}
    for variant in await reads.all(_VARIANTS, ids=[listing.id for listing in page]):
        variants.setdefault(variant.listing_id, []).append(variant)
    galleries = await images_by_owners(reads, [owner_of(listing.id) for listing in page])
    rows = []
    for listing in page:
        name = listing.reference or encode_id("listing", listing.id)
        for number, variant in enumerate(variants.get(listing.id, ())):
            words = _words(listing) | _images(galleries[owner_of(listing.id)]) if number == 0 else {}
            rows.append({LISTING_SKU: name, **_variant(variant), **words})
    return rows


def _images(gallery: Sequence[ImageView]) -> dict[str, str]:
    """By the keys of what is stored, which mean the same picture in every shop; those on their way by their ids."""
    shown = [each for each in gallery if each.state in USABLE]
    names = (f"{each.content_key}{ENDING}" if each.is_ready else encode_id("media_asset", each.id) for each in shown)
    return {IMAGES: ";".join(names)} if shown else {}


def _words(listing: _Listing) -> dict[str, str]:
    said: dict[str, Any] = {name: getattr(listing, name) for name in _OF_LISTING}
    words = {name: _text(value) for name, value in said.items() if value is not None}
    return words | {f"{ATTRIBUTE}{name}": value_text(value) for name, value in listing.attributes.items()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _variant(variant: _Variant) -> dict[str, str]:
    said = {
        SKU: variant.sku,
        "variant_title": variant.title,
        "price_minor": str(variant.price_minor),
        "active": _text(variant.active),
        **{f"{OPTION}{name}": value for name, value in variant.options.items()},
    }
    return said if variant.on_hand is None else {**said, "stock": str(variant.on_hand)}
