"""Where listings are, in the schema: roughly for everybody, exactly for their own shop."""

from typing import Any

import strawberry

from domain.catalog.places import PlaceView, places_by_listing_ids
from resolvers.context import Info


@strawberry.type(description="The exact place, for the shop and for buyers who paid.")
class ExactPlace:
    latitude: float = strawberry.field(description="Degrees north.")
    longitude: float = strawberry.field(description="Degrees east.")
    line1: str = strawberry.field(description="Street and number; may be empty.")
    line2: str = strawberry.field(description="More of it; may be empty.")
    instructions: str = strawberry.field(description="How to find it, and when; may be empty.")


@strawberry.type(description="Where a listing is, to about a kilometre.")
class ListingPlace:
    latitude: float = strawberry.field(description="Degrees north, rounded.")
    longitude: float = strawberry.field(description="Degrees east, rounded.")
    locality: str = strawberry.field(description="Town or district.")
    postal_code: str = strawberry.field(description="Postal code; may be empty.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    exact: ExactPlace | None = strawberry.field(description="For its own shop and for moderators; else null.")

    @classmethod
    def of(cls, view: PlaceView, *, exactly: bool = False) -> "ListingPlace":
        exact = ExactPlace(
            latitude=view.latitude,
            longitude=view.longitude,
            line1=view.line1,
            line2=view.line2,
            instructions=view.instructions,
        )
        return cls(
            latitude=view.public_latitude,
            longitude=view.public_longitude,
            locality=view.locality,
            postal_code=view.postal_code,
            country=view.country,
            exact=exact if exactly else None,
        )


@strawberry.type
class PlacedListing:
    """A field of a listing."""

    @strawberry.field(description="Where it is, to about a kilometre; null where it does not matter.")
    async def place(self: Any, info: Info) -> ListingPlace | None:
        found = await info.context.loaders.load(places_by_listing_ids, self.view.id)
        if found is None:
            return None
        actor = info.context.actor
        return ListingPlace.of(found, exactly=actor.seller_id == self.view.seller_id or actor.is_moderator)
