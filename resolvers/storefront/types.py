"""Listings as a page of many shows them."""

from datetime import datetime

import strawberry

import resolvers.catalog.enums  # noqa: F401  # describes the enums used here
from domain.catalog.model import Condition
from domain.inventory.model import StockStatus
from domain.storefront import card_reads
from resolvers.shared.scalars import MoneyType, Node, money, public_id


@strawberry.type(description="From the lowest to the highest price of a listing's variants.")
class PriceSpan:
    lowest: MoneyType = strawberry.field(description="The lowest price.")
    highest: MoneyType = strawberry.field(description="The highest price; the same where there is but one.")


@strawberry.type(description="A shop, as short as it stands on a card.")
class ShopCard:
    id: strawberry.ID = strawberry.field(description="The shop's id.")
    name: str = strawberry.field(description="Its name.")
    slug: str = strawberry.field(description="Its unique name in addresses.")
    rating: float | None = strawberry.field(description="Average of its reviews, 1 to 5 stars; null without any.")
    rating_count: int = strawberry.field(description="How many reviews that average is made of.")


@strawberry.type(description="A listing in a list: all that a page of many needs, read at once.")
class ListingCard(Node):
    title: str = strawberry.field(description="Its title.")
    brand: str = strawberry.field(description="The brand; may be empty.")
    condition: Condition = strawberry.field(description="What state it is in.")
    category_path: str = strawberry.field(description="Its category, as `home/lamps`.")
    price: PriceSpan = strawberry.field(description="What it costs.")
    stock_status: StockStatus = strawberry.field(description="Whether any of its variants can be had.")
    rating: float | None = strawberry.field(description="Average of its reviews, 1 to 5 stars; null without any.")
    rating_count: int = strawberry.field(description="How many reviews that average is made of.")
    published_at: datetime = strawberry.field(description="Since when it is on sale.")
    shop: ShopCard = strawberry.field(description="Who sells it.")

    @classmethod
    def of(cls, view: card_reads.ListingCard) -> "ListingCard":
        return cls(
            id=public_id("listing", view.id),
            title=view.title,
            brand=view.brand,
            condition=view.condition,
            category_path=view.category_path,
            price=PriceSpan(
                lowest=money(view.price_min_minor, view.currency), highest=money(view.price_max_minor, view.currency)
            ),
            stock_status=view.stock_status,
            rating=stars(view.rating_millis),
            rating_count=view.rating_count,
            published_at=view.published_at,
            shop=ShopCard(
                id=public_id("seller", view.seller_id),
                name=view.seller_name,
                slug=view.seller_slug,
                rating=stars(view.seller_rating_millis),
                rating_count=view.seller_rating_count,
            ),
        )


def stars(millis: int | None) -> float | None:
    return None if millis is None else millis / 1000
