"""Listings as a page of many shows them.

A card has no `id` of its own: `node(id:)` gives listings, and a client's cache must not take a card for one.
"""

from datetime import datetime

import strawberry

from domain.catalog.model import Condition, Fulfilment, ways_of
from domain.catalog.places import places_by_listing_ids
from domain.catalog.reads import public_listings_by_ids
from domain.inventory.model import StockStatus
from domain.storefront import card_reads, shipping_reads
from resolvers.catalog.places import ListingPlace
from resolvers.catalog.types import Listing
from resolvers.context import Info
from resolvers.media.types import Image
from resolvers.sellers.cards import ShopCard, stars
from resolvers.shared.scalars import MoneyType, money, public_id


@strawberry.type(description="From the lowest to the highest price of a listing's variants.")
class PriceSpan:
    lowest: MoneyType = strawberry.field(description="The lowest price.")
    highest: MoneyType = strawberry.field(description="The highest price; the same where there is but one.")


@strawberry.type(description="A listing in a list: all that a page of many needs, read at once.")
class ListingCard:
    listing_id: strawberry.ID = strawberry.field(description="The listing's id.")
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
    distance_km: float | None = strawberry.field(
        description="From the place that was searched near to, to a tenth of a kilometre; null for other lists."
    )
    view: strawberry.Private[card_reads.ListingCard]

    @strawberry.field(description="All ways in which it can be had; the first one unless the buyer chooses.")
    def fulfilments(self) -> list[Fulfilment]:
        return list(ways_of(self.view.fulfilment, self.view.pickup_too))

    @strawberry.field(description="Its first picture; null without any that is ready.")
    def image(self) -> Image | None:
        picture, image_id = self.view.picture, self.view.image_id
        if picture is None or image_id is None:
            return None
        return Image.of(picture, image_id, self.view.image_alt_text or "")

    @strawberry.field(description="The whole listing; null when it was taken off sale just now.")
    async def listing(self, info: Info) -> Listing | None:
        found = await info.context.loaders.load(public_listings_by_ids, self.view.id)
        return Listing.of(found) if found is not None else None

    @strawberry.field(description="Where it is, to about a kilometre; null where it does not matter.")
    async def place(self, info: Info) -> ListingPlace | None:
        found = await info.context.loaders.load(places_by_listing_ids, self.view.id)
        return ListingPlace.of(found) if found is not None else None

    @classmethod
    def of(cls, view: card_reads.ListingCard, distance_m: int | None = None) -> "ListingCard":
        return cls(
            listing_id=public_id("listing", view.id),
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
                seller_id=public_id("seller", view.seller_id),
                name=view.seller_name,
                slug=view.seller_slug,
                rating=stars(view.seller_rating_millis),
                rating_count=view.seller_rating_count,
            ),
            distance_km=None if distance_m is None else round(distance_m / 1_000, 1),
            view=view,
        )


@strawberry.type(description="What it costs to have one unit of a listing sent to a country, at its lowest price.")
class ShippingEstimate:
    country: str = strawberry.field(description="Where it is sent, ISO 3166-1 alpha-2.")
    name: str = strawberry.field(description="The cheapest way of sending it, in the shop's words.")
    price: MoneyType = strawberry.field(description="What the shop asks.")
    days_min: int = strawberry.field(description="Days on the way, at least.")
    days_max: int = strawberry.field(description="Days on the way, at most.")
    estimated: bool = strawberry.field(description="From rates that may be out of date.")

    @classmethod
    def of(cls, view: shipping_reads.ShippingEstimate) -> "ShippingEstimate":
        return cls(
            country=view.country,
            name=view.name,
            price=money(view.price_minor, view.currency),
            days_min=view.days_min,
            days_max=view.days_max,
            estimated=view.estimated,
        )
