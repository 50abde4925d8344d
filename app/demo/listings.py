"""Demo listings with products, variants and stock: listing number n is the same in every run.

Invariant: every unit on hand comes from a stock movement, nothing is reserved, and the browsing projection says what
the stock says.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.demo.categories import Attribute, Leaf
from app.demo.copying import Row
from app.demo.ids import demo_id, draws
from app.demo.people import SHOPS, Shop
from app.demo.ratings import shown, star_counts, tally
from app.demo.rules import LEAVES, leaf_id
from app.demo.texts import AttributeValue, attribute_value, description, model_name
from domain.catalog.model import AttributeType, Condition, ListingStatus
from domain.inventory.model import SHOWN_MAX, MovementKind
from domain.inventory.projection import status_of
from domain.reviews.model import ReviewKind

OFFERS: Final = (0, 1, 2, 0, 0)
"""Of five listings the first three offer one product, the others one each: n is of product n - OFFERS[n % 5]."""
VARIANTS_PER_LISTING: Final = 4
_CONDITIONS: Final = (Condition.NEW, Condition.REFURBISHED, Condition.USED)


@dataclass(slots=True)
class ListingRows:
    """The rows of some listings, table by table, in the order in which they are inserted."""

    products: list[Row] = field(default_factory=list)
    listings: list[Row] = field(default_factory=list)
    variants: list[Row] = field(default_factory=list)
    stock_items: list[Row] = field(default_factory=list)
    movements: list[Row] = field(default_factory=list)
    stocks: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    tallies: list[Row] = field(default_factory=list)


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


def product_of(listing_number: int) -> DemoProduct:
    number = listing_number - OFFERS[listing_number % 5]
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


def rows_of(numbers: Iterable[int], now: datetime) -> ListingRows:
    """Everything that belongs to the numbered listings."""
    rows = ListingRows()
    for number in numbers:
        product = product_of(number)
        if OFFERS[number % 5] == 0:
            rows.products.append(_product(product, now))
        _add_listing(rows, number, product, now)
    return rows


def _product(product: DemoProduct, now: datetime) -> Row:
    return {
        "id": demo_id("product", product.number),
        "category_id": leaf_id(product.leaf),
        "title": product.title,
        "brand": product.brand,
        "gtin": gtin(product.number),
        "created_at": now,
    }


def gtin(number: int) -> str:
    """A GTIN-13 of the range that is never given to a real product (prefix 200), with its check digit."""
    digits = f"200{number:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _add_listing(rows: ListingRows, number: int, product: DemoProduct, now: datetime) -> None:
    draw = draws("listing", number)
    shop = SHOPS[number % len(SHOPS)]
    condition = draw.choices(_CONDITIONS, weights=(1, 4, 5) if shop.slug == "second-spring" else (16, 2, 2))[0]
    published_at = now - timedelta(days=draw.randrange(1, 400), seconds=draw.randrange(86_400))
    rated = draw.random() < 0.7
    listing_id = demo_id("listing", number)
    words = description(
        product.leaf,
        brand=product.brand,
        model=product.model,
        noun=product.noun,
        attributes=product.attributes,
        condition=condition,
        draw=draw,
    )
    stars = star_counts(draw.randrange(3_000, 5_001, 10), draw.randrange(1, 240)) if rated else {}
    rows.listings.append(
        {
            "id": listing_id,
            "seller_id": shop.id,
            "category_id": leaf_id(product.leaf),
            "product_id": demo_id("product", product.number),
            "title": product.title if condition is Condition.NEW else f"{product.title}, {condition.value}",
            "description": words,
            "brand": product.brand,
            "condition": condition,
            "status": ListingStatus.ACTIVE,
            "currency": shop.currency,
            "attributes": product.attributes,
            **shown(stars),
            "created_at": published_at - timedelta(hours=1),
            "updated_at": published_at,
            "published_at": published_at,
        }
    )
    if rated:
        rows.tallies.append(tally(ReviewKind.LISTING, listing_id, stars, now))
    rows.changes.append({"listing_id": listing_id, "at": now})
    for place, option in enumerate(variant_options(product, draw)):
        _add_variant(rows, number, place, option, product, shop, condition, draw, now)


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


def _add_variant(
    rows: ListingRows,
    number: int,
    place: int,
    option: dict[str, str],
    product: DemoProduct,
    shop: Shop,
    condition: Condition,
    draw: random.Random,
    now: datetime,
) -> None:
    variant_id, item_id = demo_id("variant", number, place), demo_id("stock-item", number, place)
    discount = {Condition.NEW: 100, Condition.REFURBISHED: 78, Condition.USED: 55}[condition]
    # Every seller has a price of their own, and larger forms of a thing cost a little more.
    price_minor = product.price_minor * discount * (95 + number % 11 + place * 4) // 10_000
    rows.variants.append(
        {
            "id": variant_id,
            "listing_id": demo_id("listing", number),
            "sku": f"{shop.slug[:3].upper()}-{number:06d}-{place + 1}",
            "title": ", ".join(option.values()),
            "options": option,
            "price_minor": max(price_minor, 99),
            "position": place,
            "updated_at": now,
        }
    )
    on_hand = draw.choice((0, 1, 3, 5, 8, 12, 20, 40, 75, 150))
    rows.stock_items.append({"id": item_id, "variant_id": variant_id, "on_hand": on_hand, "updated_at": now})
    rows.movements.extend(_movements(number, place, item_id, on_hand, now))
    rows.stocks.append(
        {
            "variant_id": variant_id,
            "status": status_of(on_hand),
            "available": min(on_hand, SHOWN_MAX),
            "updated_at": now,
        }
    )


def _movements(number: int, place: int, item_id: UUID, on_hand: int, now: datetime) -> Iterator[Row]:
    if on_hand > 0:
        yield {
            "id": demo_id("stock-movement", number, place),
            "stock_item_id": item_id,
            "kind": MovementKind.RESTOCK,
            "on_hand_delta": on_hand,
            "reason": "first delivery",
            "actor": "system",
            "at": now,
        }
