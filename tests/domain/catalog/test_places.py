"""Places of listings. The guarantee: what is fetched and on sale says where, and nobody else learns exactly."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.container import Container
from domain.catalog.drafting import EditListing, edit_listing
from domain.catalog.model import Fulfilment, ListingStatus
from domain.catalog.places import (
    PlaceView,
    RemoveListingPlace,
    SetListingPlace,
    places_by_listing_ids,
    remove_listing_place,
    set_listing_place,
)
from domain.catalog.publishing import MoveListing, resume_listing, submit_listing
from domain.catalog.reads import public_listings_by_ids
from domain.shared.actor import Actor
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.policy import Policy
from tests.makers import a_payment_account, a_seller, on_sale

HERE: dict[str, Any] = {"latitude": 52.51234, "longitude": 13.38765, "locality": "Mitte", "country": "DE"}


async def a_listing(container: Container, **more: Any) -> tuple[Actor, UUID]:
    seller = await a_seller(container, trusted=True)
    await a_payment_account(container, seller.seller())
    return seller, (await on_sale(container, seller.seller(), **more)).listing_id


async def place(container: Container, seller: Actor, listing_id: UUID, **more: Any) -> None:
    command = SetListingPlace(listing_id=listing_id, **(HERE | more))
    await set_listing_place(command, actor=seller, db=container.ports.db)


async def shown(container: Container, listing_id: UUID) -> PlaceView | None:
    return (await places_by_listing_ids(container.ports.db.primary, [listing_id])).get(listing_id)


async def test_a_place_is_kept_exactly_and_shown_roughly(container: Container) -> None:
    seller, listing_id = await a_listing(container)
    await place(container, seller, listing_id, line1="Court 3")
    found = await shown(container, listing_id)
    assert found is not None
    assert (found.latitude, found.longitude, found.line1) == (52.51234, 13.38765, "Court 3")
    assert found.public_latitude == 52.51
    assert abs(found.public_longitude - 13.38765) < 0.01
    await place(container, seller, listing_id, latitude=-33.9)
    found = await shown(container, listing_id)
    assert found is not None
    assert (found.public_latitude, found.line1) == (-33.9, ""), "the whole place anew"


async def test_what_is_fetched_goes_on_sale_with_a_street_only(container: Container) -> None:
    db = container.ports.db
    seller, listing_id = await a_listing(container, status=ListingStatus.DRAFT, fulfilment=Fulfilment.PICKUP)
    move = MoveListing(listing_id=listing_id)
    for more in ({}, {"line1": ""}):
        if more:
            await place(container, seller, listing_id, **more)
        with pytest.raises(InvalidInput) as refusal:
            await submit_listing(move, actor=seller, db=db, policy=Policy())
        assert [issue.path for issue in refusal.value.issues] == [("place",)]
    await place(container, seller, listing_id, line1="Court 3")
    await submit_listing(move, actor=seller, db=db, policy=Policy())
    with pytest.raises(InvalidInput):
        await place(container, seller, listing_id)
    with pytest.raises(InvalidInput):
        await remove_listing_place(RemoveListingPlace(listing_id=listing_id), actor=seller, db=db)


async def test_what_is_on_sale_is_not_made_fetched_without_a_street(container: Container) -> None:
    db = container.ports.db
    seller, listing_id = await a_listing(container)
    command = EditListing(listing_id=listing_id, version=1, fulfilment=Fulfilment.PICKUP)
    with pytest.raises(InvalidInput):
        await edit_listing(command, actor=seller, db=db)
    await place(container, seller, listing_id, line1="Court 3")
    edited = EditListing(listing_id=listing_id, version=2, fulfilment=Fulfilment.PICKUP)
    await edit_listing(edited, actor=seller, db=db)


async def test_a_paused_listing_that_lost_its_place_is_not_resumed(container: Container) -> None:
    db = container.ports.db
    seller, listing_id = await a_listing(container, status=ListingStatus.PAUSED, fulfilment=Fulfilment.PICKUP)
    with pytest.raises(InvalidInput):
        await resume_listing(MoveListing(listing_id=listing_id), actor=seller, db=db)


async def test_only_its_own_shop_places_a_listing(container: Container) -> None:
    db = container.ports.db
    seller, listing_id = await a_listing(container)
    with pytest.raises(NotFound):
        await place(container, await a_seller(container), listing_id)
    with pytest.raises(NotFound):
        await remove_listing_place(RemoveListingPlace(listing_id=listing_id), actor=seller, db=db)
    await place(container, seller, listing_id)
    await remove_listing_place(RemoveListingPlace(listing_id=listing_id), actor=seller, db=db)
    assert await shown(container, listing_id) is None


async def test_what_can_be_fetched_as_well_needs_a_street_too(container: Container) -> None:
    db = container.ports.db
    seller, listing_id = await a_listing(container)
    with pytest.raises(InvalidInput) as refusal:
        await edit_listing(EditListing(listing_id=listing_id, version=1, pickup_too=True), actor=seller, db=db)
    assert [issue.code for issue in refusal.value.issues] == ["PLACE_REQUIRED"]
    await place(container, seller, listing_id, line1="Court 3")
    await edit_listing(EditListing(listing_id=listing_id, version=2, pickup_too=True), actor=seller, db=db)
    with pytest.raises(InvalidInput):
        await remove_listing_place(RemoveListingPlace(listing_id=listing_id), actor=seller, db=db)


async def test_what_is_not_sent_is_not_fetched_instead(container: Container) -> None:
    db = container.ports.db
    seller, listing_id = await a_listing(container)
    await place(container, seller, listing_id, line1="Court 3")
    await edit_listing(EditListing(listing_id=listing_id, version=2, pickup_too=True), actor=seller, db=db)
    digital = EditListing(listing_id=listing_id, version=3, fulfilment=Fulfilment.DIGITAL)
    with pytest.raises(InvalidInput) as refusal:
        await edit_listing(replace(digital, pickup_too=True), actor=seller, db=db)
    assert [issue.path for issue in refusal.value.issues] == [("pickup_too",)]
    await edit_listing(digital, actor=seller, db=db)
    [listing] = (await public_listings_by_ids(container.ports.db.primary, [listing_id])).values()
    assert (listing.fulfilment, listing.pickup_too) == (Fulfilment.DIGITAL, False)
