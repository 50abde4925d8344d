"""A shop as it stands beside what it sells."""

import strawberry


@strawberry.type(description="A shop, as short as it stands on a card.")
class ShopCard:
    seller_id: strawberry.ID = strawberry.field(description="The shop's id.")
    name: str = strawberry.field(description="Its name.")
    slug: str = strawberry.field(description="Its unique name in addresses.")
    rating: float | None = strawberry.field(description="Average of its reviews, 1 to 5 stars; null without any.")
    rating_count: int = strawberry.field(description="How many reviews that average is made of.")


def stars(millis: int | None) -> float | None:
    return None if millis is None else millis / 1000
