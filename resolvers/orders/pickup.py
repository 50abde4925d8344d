"""Orders that are fetched, in the schema. The code is for the buyer alone."""

from datetime import datetime

import strawberry

from domain.orders.pickup import PickupPlaceView, PickupView, pickup_places_by_orders
from resolvers.context import Info
from resolvers.shared.directives import ListSize
from resolvers.shared.scalars import public_id


@strawberry.type(
    description="Where something is fetched, as it stood when it was bought. Until it is paid, the buyer sees the town."
)
class PickupPlace:
    listing_id: strawberry.ID = strawberry.field(description="What is fetched there.")
    latitude: float | None = strawberry.field(description="Degrees north; null until it is paid.")
    longitude: float | None = strawberry.field(description="Degrees east; null until it is paid.")
    line1: str | None = strawberry.field(description="Street and number; null until it is paid.")
    line2: str | None = strawberry.field(description="More of it; may be empty; null until it is paid.")
    locality: str = strawberry.field(description="Town or district.")
    postal_code: str = strawberry.field(description="Postal code; may be empty.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    instructions: str | None = strawberry.field(
        description="How to find it, and when; may be empty; null until it is paid."
    )

    @classmethod
    def of(cls, view: PickupPlaceView, *, exactly: bool) -> "PickupPlace":
        return cls(
            listing_id=public_id("listing", view.listing_id),
            latitude=view.latitude if exactly else None,
            longitude=view.longitude if exactly else None,
            line1=view.line1 if exactly else None,
            line2=view.line2 if exactly else None,
            locality=view.locality,
            postal_code=view.postal_code,
            country=view.country,
            instructions=view.instructions if exactly else None,
        )


@strawberry.type(description="How an order is fetched.")
class OrderPickup:
    code: str | None = strawberry.field(
        description="What the buyer shows when fetching it, as `7K3M-9Q2X`; null for others, and until it is paid."
    )
    ready_at: datetime | None = strawberry.field(description="Since when it can be fetched; null until then.")
    note: str = strawberry.field(description="The seller's word on when and how; may be empty.")
    view: strawberry.Private[PickupView]
    exactly: strawberry.Private[bool]

    @strawberry.field(description="Where each listing of it is fetched.", directives=[ListSize(assumed_size=2)])
    async def places(self, info: Info) -> list[PickupPlace]:
        found = await info.context.loaders.load(pickup_places_by_orders, self.view.order_id)
        return [PickupPlace.of(each, exactly=self.exactly) for each in found or ()]

    @classmethod
    def of(cls, view: PickupView, *, paid: bool, for_buyer: bool) -> "OrderPickup":
        """Nobody who has not paid learns where exactly somebody's things are."""
        shown = f"{view.code[:4]}-{view.code[4:]}"
        return cls(
            code=shown if paid and for_buyer else None,
            ready_at=view.ready_at,
            note=view.note,
            view=view,
            exactly=paid,
        )
