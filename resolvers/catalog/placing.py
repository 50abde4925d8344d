"""Mutations by which sellers say where their listings are."""

from typing import Annotated

import strawberry

from domain.catalog.places import RemoveListingPlace, SetListingPlace, remove_listing_place, set_listing_place
from resolvers.catalog.failures import ListingNotEditable, result
from resolvers.catalog.inputs import ListingInput
from resolvers.catalog.mutations import shown_listing
from resolvers.catalog.types import Listing
from resolvers.context import Info
from resolvers.shared.errors import InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.input(description="Where a listing is; the whole place anew.")
class SetListingPlaceInput:
    listing_id: strawberry.ID = strawberry.field(description="Which one.")
    latitude: float = strawberry.field(description="Degrees north, -90 to 90. Others see it rounded.")
    longitude: float = strawberry.field(description="Degrees east, -180 to 180. Others see it rounded.")
    locality: str = strawberry.field(description="Town or district; everybody sees it.")
    postal_code: str = strawberry.field(default="", description="Postal code; everybody sees it.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    line1: str = strawberry.field(
        default="", description="Street and number, for buyers who paid; what is fetched needs it."
    )
    line2: str = strawberry.field(default="", description="More of it, for buyers who paid.")
    instructions: str = strawberry.field(
        default="", description="How to find it, and when, for buyers who paid; at most 500 characters."
    )


@strawberry.type(description="The listing has this place now.")
class SetListingPlaceSuccess:
    listing: Listing = strawberry.field(description="The listing, in its new version.")


@strawberry.type(description="The listing has no place any more.")
class RemoveListingPlaceSuccess:
    listing: Listing = strawberry.field(description="The listing, in its new version.")


SetListingPlaceResult = Annotated[
    SetListingPlaceSuccess | NotFound | ListingNotEditable | InvalidInput,
    result("SetListingPlaceResult", "placing a listing"),
]
RemoveListingPlaceResult = Annotated[
    RemoveListingPlaceSuccess | NotFound | ListingNotEditable | InvalidInput,
    result("RemoveListingPlaceResult", "taking a place away"),
]


@strawberry.type
class PlaceMutations:
    @mutation(AccessLevel.SELLER, "Say where a listing is. Search finds it near there.")
    async def set_listing_place(self, info: Info, input: SetListingPlaceInput) -> SetListingPlaceResult:
        context = info.context
        id_ = await set_listing_place(parse(SetListingPlace, input), actor=context.actor, db=context.ports.db)
        return SetListingPlaceSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.SELLER, "Take a listing's place away. What is fetched keeps it while it is on sale.")
    async def remove_listing_place(self, info: Info, input: ListingInput) -> RemoveListingPlaceResult:
        context = info.context
        id_ = await remove_listing_place(parse(RemoveListingPlace, input), actor=context.actor, db=context.ports.db)
        return RemoveListingPlaceSuccess(listing=await shown_listing(info, id_))
