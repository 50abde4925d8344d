"""Where a listing is: its seller says it, everybody sees it roughly, buyers who paid see it exactly.

Invariant: nothing that everybody can ask for (the place, a distance, the order by distance) is made from the exact
coordinates. What is fetched and on sale has a place with a street.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import bindparam, delete, func, select

from domain.catalog.access import changed, check_editable, lock_own_listing
from domain.catalog.model import Fulfilment, Listing, ListingPlace, ListingStatus, ways_of
from domain.shared.actor import Actor
from domain.shared.commands import CountryCode, Line, OptionalLine, PostalCode, ShortText, command
from domain.shared.database import Database, Query, Reads, Tx, table
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.ids import ListingId

GRID_DEGREES: Final = 0.01
"""Of latitude: 1.1 km. Of longitude as many more as it takes to be as wide."""

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]

_places = table(ListingPlace)


@command
class SetListingPlace:
    """The whole place anew. `line1` to `instructions` are for buyers who paid; what is fetched needs `line1`."""

    listing_id: ListingId
    latitude: Latitude
    longitude: Longitude
    locality: Line
    postal_code: PostalCode = ""
    country: CountryCode
    line1: OptionalLine = ""
    line2: OptionalLine = ""
    instructions: ShortText = ""


@command
class RemoveListingPlace:
    listing_id: ListingId


async def set_listing_place(command: SetListingPlace, *, actor: Actor, db: Database) -> UUID:
    """The listing's id. Raises NotFound, ListingNotEditable, InvalidInput."""

    async def step(tx: Tx) -> UUID:
        listing = await lock_own_listing(tx, command.listing_id, actor)
        check_editable(listing)
        if _needs_street(listing) and not command.line1:
            raise InvalidInput.at("line1", "REQUIRED", "What is fetched needs a street.")
        latitude, longitude = rounded(command.latitude, command.longitude)
        values = {name: getattr(command, name) for name in _FIELDS}
        values |= {"public_latitude": latitude, "public_longitude": longitude, "updated_at": tx.now}
        place = await tx.get(ListingPlace, listing.id)
        if place is None:
            await tx.add(ListingPlace(listing_id=listing.id, **values))
        else:
            for name, value in values.items():
                setattr(place, name, value)
        await changed(tx, listing)
        return listing.id

    return await db.run(step)


async def remove_listing_place(command: RemoveListingPlace, *, actor: Actor, db: Database) -> UUID:
    """The listing's id. Raises NotFound (also where there is no place), ListingNotEditable, InvalidInput."""

    async def step(tx: Tx) -> UUID:
        listing = await lock_own_listing(tx, command.listing_id, actor)
        check_editable(listing)
        if _needs_street(listing):
            raise InvalidInput.at("listing_id", "PLACE_REQUIRED", "What is fetched needs a place while it is on sale.")
        gone = await tx.execute(delete(_places).where(_places.c.listing_id == listing.id))
        if not gone.rowcount:
            raise NotFound("place")
        await changed(tx, listing)
        return listing.id

    return await db.run(step)


async def lacks_place(tx: Tx, listing: Listing) -> bool:
    """It is fetched, or can be, and nobody knows where."""
    if not _fetched(listing):
        return False
    place = await tx.get(ListingPlace, listing.id)
    return place is None or not place.line1


async def refuse_without_place(tx: Tx, listing: Listing, path: str) -> None:
    """Raises InvalidInput at `path`."""
    if await lacks_place(tx, listing):
        raise InvalidInput.at(path, "PLACE_REQUIRED", "Say first where it is fetched.")


def rounded(latitude: float, longitude: float) -> tuple[float, float]:
    """The corner of a grid of about a kilometre that a place is nearest to."""
    north = round(latitude / GRID_DEGREES) * GRID_DEGREES
    width = GRID_DEGREES / max(math.cos(math.radians(north)), GRID_DEGREES)
    east = round(longitude / width) * width
    return round(min(max(north, -90.0), 90.0), 4), round(min(max(east, -180.0), 180.0), 4)


def _needs_street(listing: Listing) -> bool:
    on_sale = listing.status in (ListingStatus.ACTIVE, ListingStatus.PAUSED)
    return on_sale and _fetched(listing)


def _fetched(listing: Listing) -> bool:
    return Fulfilment.PICKUP in ways_of(listing.fulfilment, listing.pickup_too)


_FIELDS: Final = (
    "latitude", "longitude", "locality", "postal_code", "country", "line1", "line2", "instructions",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlaceView:
    """For whoever may see the listing: the fields above `latitude` only."""

    listing_id: UUID
    public_latitude: float
    public_longitude: float
    locality: str
    postal_code: str
    country: str
    latitude: float
    longitude: float
    line1: str
    line2: str
    instructions: str


_BY_LISTINGS = Query(
    select(*(_places.c[name] for name in PlaceView.__dataclass_fields__)).where(
        _places.c.listing_id == func.any(bindparam("ids"))
    ),
    PlaceView,
)


async def places_by_listing_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, PlaceView]:
    """Of those listings that have one; the caller shows what its viewer may see."""
    return {each.listing_id: each for each in await reads.all(_BY_LISTINGS, ids=list(ids))}
