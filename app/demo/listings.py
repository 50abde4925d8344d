"""Demo listings with products, variants and stock: listing number n is the same in every run.

Invariant: every unit on hand comes from a stock movement, nothing is reserved, and the browsing projection says what
the stock says.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

from app.demo.categories import Attribute, Leaf
from app.demo.copying import Row
from app.demo.ids import demo_id, draws
from app.demo.rows import Rows
from app.demo.rules import LEAVES, leaf_id
from app.demo.shops import Shop, shop_for
from app.demo.texts import AttributeValue, attribute_value, description, model_name
from domain.catalog.model import (
    AttributeType,
    Condition,
    Fulfilment,
    Listing,
    ListingChange,
    ListingStatus,
    MatchedBy,
    Product,
    Variant,
)
from domain.inventory.model import SHOWN_MAX, MovementKind, StockItem, StockMovement, VariantStock
from domain.inventory.projection import status_of

OFFERS: Final = (*range(8), *range(4), *range(3), *range(2), 0, 0, 0)
"""Of twenty listings eight offer one product, four another, and so on: n is of product n - OFFERS[n % 20]."""
VARIANTS_PER_LISTING: Final = 4
AGE_DAYS_MAX: Final = 400
_CONDITIONS: Final = (Condition.NEW, Condition.REFURBISHED, Condition.USED)
_PRICE_PERCENT: Final = {Condition.NEW: 100, Condition.REFURBISHED: 78, Condition.USED: 55}
_ON_HAND: Final = (0, 1, 3, 5, 8, 12, 20, 40, 75, 150)


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """What several listings may offer."""

    number: int
    leaf: Leaf
    brand: str
    noun: str
    model: str
    price_minor: int
    attributes: dict[str, AttributeValue]

    @property
    def title(self) -> str:
        return f"{self.brand} {self.model} {self.noun}"


@dataclass(frozen=True, slots=True)
class DemoVariant:
    """`on_hand` is what is there now, after everything that was sold."""

    id: UUID
    stock_item_id: UUID
    place: int
    option: dict[str, str]
    price_minor: int
    on_hand: int

    @property
    def title(self) -> str:
        return ", ".join(self.option.values())


@dataclass(frozen=True)
class DemoListing:
    """One offer. `draw` was used up to the variants; what else is drawn takes draws of its own."""

    number: int
    product: DemoProduct
    shop: Shop
    condition: Condition
    published_at: datetime
    words: str
    variants: tuple[DemoVariant, ...]

    @cached_property
    def id(self) -> UUID:
        return demo_id("listing", self.number)

    @property
    def is_second_hand(self) -> bool:
        return self.condition is not Condition.NEW

    @property
    def fulfilment(self) -> Fulfilment:
        """Every other used thing is fetched where it is."""
        return Fulfilment.PICKUP if self.condition is Condition.USED and self.number % 2 else Fulfilment.SHIP

    @property
    def pickup_too(self) -> bool:
        """What a shop with a counter has new, and every third of the used things that are sent."""
        if self.fulfilment is not Fulfilment.SHIP:
            return False
        return self.number % 3 == 0 if self.is_second_hand else self.shop.has_counter

    @property
    def title(self) -> str:
        title = self.product.title
        return title if self.condition is Condition.NEW else f"{title}, {self.condition.value}"


def product_of(listing_number: int) -> DemoProduct:
    number = listing_number - OFFERS[listing_number % len(OFFERS)]
    draw = draws("product", number)
    leaf = LEAVES[draw.randrange(len(LEAVES))]
    low, high = leaf.prices
    whole = int(low * (high / low) ** draw.random())
    return DemoProduct(
        number=number,
        leaf=leaf,
        brand=draw.choice(leaf.brands),
        noun=draw.choice(leaf.nouns),
        model=model_name(draw),
        price_minor=whole * 100 - draw.choice((1, 5, 10)),
        attributes={each.name: attribute_value(each, draw) for each in leaf.attributes},
    )


def listing_of(number: int, as_of: datetime) -> DemoListing:
    """Everything about listing `number`, with times before `as_of`."""
    product, draw = product_of(number), draws("listing", number)
    shop = shop_for(product.leaf.root, product.number, OFFERS[number % len(OFFERS)])
    weights = (1, 4, 5) if shop.slug == "second-spring" else (16, 2, 2)
    condition = draw.choices(_CONDITIONS, weights=weights)[0]
    published_at = as_of - timedelta(days=draw.randrange(1, AGE_DAYS_MAX), seconds=draw.randrange(86_400))
    words = description(
        product.leaf,
        brand=product.brand,
        model=product.model,
        noun=product.noun,
        attributes=product.attributes,
        condition=condition,
        draw=draw,
    )
    return DemoListing(
        number, product, shop, condition, published_at, words, tuple(_variants(number, product, condition, draw))
    )


def _variants(number: int, product: DemoProduct, condition: Condition, draw: random.Random) -> Iterator[DemoVariant]:
    for place, option in enumerate(variant_options(product, draw)):
        # Every seller has a price of their own, and larger forms of a thing cost a little more.
        percent = _PRICE_PERCENT[condition] * (95 + number % 11 + place * 4)
        yield DemoVariant(
            id=demo_id("variant", number, place),
            stock_item_id=demo_id("stock-item", number, place),
            place=place,
            option=option,
            price_minor=max(product.price_minor * percent // 10_000, 99),
            on_hand=draw.choice(_ON_HAND) if condition is Condition.NEW else draw.randrange(3),
        )


def variant_options(product: DemoProduct, draw: random.Random) -> list[dict[str, str]]:
    """One unnamed variant, or two to four along the leaf's axis, the product's own value among them."""
    axis = _axis(product.leaf)
    if axis is None:
        return [{}]
    own = str(product.attributes[axis.name])
    others = [value for value in axis.choices if value != own]
    chosen = {own, *draw.sample(others, draw.randrange(1, min(VARIANTS_PER_LISTING, len(axis.choices))))}
    return [{axis.name: value} for value in axis.choices if value in chosen]


def _axis(leaf: Leaf) -> Attribute | None:
    return next(
        (each for each in leaf.attributes if each.name == leaf.axis and each.type is AttributeType.CHOICE), None
    )


def add_listing(rows: Rows, listing: DemoListing, sold: dict[UUID, int], rating: Row, as_of: datetime) -> None:
    """`sold`: units of each variant that past orders took; `rating`: its columns as its reviews make them."""
    if OFFERS[listing.number % len(OFFERS)] == 0:
        rows.add(Product, _product(listing.product, as_of))
    rows.add(
        Listing,
        {
            "id": listing.id,
            "seller_id": listing.shop.id,
            "category_id": leaf_id(listing.product.leaf),
            "product_id": demo_id("product", listing.product.number),
            "gtin": gtin(listing.product.number),
            "matched_by": MatchedBy.GTIN,
            "title": listing.title,
            "description": listing.words,
            "brand": listing.product.brand,
            "condition": listing.condition,
            "fulfilment": listing.fulfilment,
            "pickup_too": listing.pickup_too,
            "status": ListingStatus.ACTIVE,
            "currency": listing.shop.currency,
            "attributes": listing.product.attributes,
            **rating,
            "created_at": listing.published_at - timedelta(hours=1),
            "updated_at": listing.published_at,
            "published_at": listing.published_at,
        },
    )
    rows.add(ListingChange, {"listing_id": listing.id, "at": as_of})
    for variant in listing.variants:
        _add_variant(rows, listing, variant, sold.get(variant.id, 0), as_of)


def _product(product: DemoProduct, as_of: datetime) -> Row:
    return {
        "id": demo_id("product", product.number),
        "category_id": leaf_id(product.leaf),
        "title": product.title,
        "brand": product.brand,
        "gtin": gtin(product.number),
        "created_at": as_of - timedelta(days=AGE_DAYS_MAX),
    }


def gtin(number: int) -> str:
    """A GTIN-13 of the range that GS1 keeps for demonstrations (prefix 952), with its check digit, in 14 digits.

    It counts as any other does, so whoever lists something under it offers the same product."""
    digits = f"952{number:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"0{digits}{-total % 10}"


def _add_variant(rows: Rows, listing: DemoListing, variant: DemoVariant, sold: int, as_of: datetime) -> None:
    rows.add(
        Variant,
        {
            "id": variant.id,
            "listing_id": listing.id,
            "sku": f"{listing.shop.slug[:3].upper()}-{listing.number:06d}-{variant.place + 1}",
            "title": variant.title,
            "options": variant.option,
            "price_minor": variant.price_minor,
            "position": variant.place,
            "updated_at": listing.published_at,
        },
    )
    stock = {"id": variant.stock_item_id, "variant_id": variant.id, "on_hand": variant.on_hand, "updated_at": as_of}
    rows.add(StockItem, stock)
    if variant.on_hand + sold:
        rows.add(
            StockMovement,
            {
                "id": demo_id("stock-movement", listing.number, variant.place),
                "stock_item_id": variant.stock_item_id,
                "kind": MovementKind.RESTOCK,
                "on_hand_delta": variant.on_hand + sold,
                "reason": "first delivery",
                "actor": "system",
                "at": listing.published_at,
            },
        )
    rows.add(
        VariantStock,
        {
            "variant_id": variant.id,
            "status": status_of(variant.on_hand),
            "available": min(variant.on_hand, SHOWN_MAX),
            "updated_at": as_of,
        },
    )
