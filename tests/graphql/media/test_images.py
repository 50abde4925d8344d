"""Uploading and attaching pictures over GraphQL: who may, what is refused, and what lists of pictures cost."""

from typing import Any
from uuid import UUID

import pytest

from app.container import Container, open_container
from app.jobs import HANDLERS, handlers_of
from domain.catalog.model import Listing, ListingStatus
from domain.media.attaching import Owner
from domain.media.events import ImageArrived
from domain.media.model import OwnerKind
from domain.media.processing import ready_asset, store_picture
from domain.media.reads import Picture
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.ids import decode_id, encode_id, new_id
from tests.conftest import settings_for
from tests.counting import SqlCounter
from tests.fakes.storage import FakeImageRenderer
from tests.graphql.execution import execute, refused
from tests.journeys.running import free_port
from tests.makers import a_buyer, a_seller, change, on_sale
from tests.pictures import a_png

CREATE = """mutation ($input: CreateImageUploadInput!) { createImageUpload(input: $input) { __typename
  ... on CreateImageUploadSuccess { uploadId ticket { url method headers { name value } }
    upload { id status image { url } } }
  ... on InvalidInput { issues { path code } } ... on UserError { code message } } }"""
COMPLETE = """mutation ($id: ID!) { completeImageUpload(input: {uploadId: $id}) { __typename
  ... on CompleteImageUploadSuccess { upload { status } } ... on UserError { code } } }"""
ATTACH = """mutation ($input: AttachListingImagesInput!) { attachListingImages(input: $input) { __typename
  ... on AttachListingImagesSuccess { listing { version imageUploads { id status altText } images { imageId } } }
  ... on TooManyImages { maximum } ... on InvalidInput { issues { path code } } ... on UserError { code } } }"""
DESCRIBE = """mutation ($input: DescribeListingImageInput!) { describeListingImage(input: $input) { __typename
  ... on DescribeListingImageSuccess { listing { imageUploads { altText } } }
  ... on InvalidInput { issues { path code } } ... on UserError { code } } }"""
LOGO = """mutation ($id: ID) { setShopImage(input: {place: LOGO, uploadId: $id, altText: "Our sign"}) { __typename
  ... on SetShopImageSuccess { shop { logo { altText } banner { altText } } } ... on UserError { code } } }"""
NODE = (
    "query ($id: ID!) { node(id: $id) { __typename ... on ImageUpload { status } } me { imageUpload(id: $id) { id } } }"
)
BATCH = "query ($ids: [ID!]!) { me { imageUploads(ids: $ids) { id status } } }"
CARDS = """query ($id: ID!, $first: Int) { shopListings(shopId: $id, first: $first) {
  nodes { image { imageId url(width: 200) } listing { images(first: 2) { url altText renditions { width } } } } } }"""


async def an_upload(container: Container, actor: Actor, content: bytes | None = None) -> str:
    given = {"contentType": "PNG", "byteSize": 1_000}
    made = (await execute(container, CREATE, {"input": given}, actor=actor))["createImageUpload"]
    assert made["__typename"] == "CreateImageUploadSuccess", made
    if content is not None:
        key = f"uploads/image/{decode_id('media_asset', made['uploadId']).hex}"
        await container.storage.put(key, content, content_type="image/png")
    return str(made["uploadId"])


async def a_draft(container: Container, seller: Actor) -> str:
    return encode_id("listing", (await on_sale(container, seller.seller(), status=ListingStatus.DRAFT)).listing_id)


async def attach(container: Container, actor: Actor, listing_id: str, *uploads: str, **more: Any) -> Any:
    images = [{"uploadId": upload, **more} for upload in uploads]
    given = {"listingId": listing_id, "images": images}
    return (await execute(container, ATTACH, {"input": given}, actor=actor))["attachListingImages"]


async def a_stored_picture(container: Container, seed: int) -> Picture:
    storage, renderer = container.storage, FakeImageRenderer()
    return await store_picture(a_png(80, 60, seed=seed), db=container.ports.db, storage=storage, renderer=renderer)


async def show(container: Container, actor: Actor, owner: Owner, picture: Picture, position: int = 0) -> None:
    async def step(tx: Tx) -> None:
        uploader_id = actor.user()
        await tx.add(ready_asset(picture, owner, uploader_id=uploader_id, position=position, alt_text="Lamp", tx=tx))

    await container.ports.db.run(step)


async def test_an_upload_is_followed_by_its_maker_alone(container: Container) -> None:
    maker, other = await a_buyer(container), await a_buyer(container)
    id_ = await an_upload(container, maker)
    waits = (await execute(container, COMPLETE, {"id": id_}, actor=maker))["completeImageUpload"]
    assert waits == {"__typename": "UploadNotArrived", "code": "UPLOAD_NOT_ARRIVED"}
    seen = await execute(container, NODE, {"id": id_}, actor=maker)
    assert seen["node"] == {"__typename": "ImageUpload", "status": "UPLOADING"}
    assert await execute(container, NODE, {"id": id_}, actor=other) == {"node": None, "me": {"imageUpload": None}}
    foreign = (await execute(container, COMPLETE, {"id": id_}, actor=other))["completeImageUpload"]
    assert foreign["code"] == "NOT_FOUND"
    given = {"input": {"contentType": "PNG", "byteSize": 1}}
    assert await refused(container, CREATE, given) == "UNAUTHENTICATED"


async def test_a_batch_of_uploads_is_looked_at_at_once(container: Container) -> None:
    maker, other = await a_buyer(container), await a_buyer(container)
    mine = [await an_upload(container, maker) for _ in range(3)]
    asked = [mine[2], await an_upload(container, other), mine[0], encode_id("media_asset", new_id()), mine[2]]
    seen = (await execute(container, BATCH, {"ids": asked}, actor=maker))["me"]["imageUploads"]
    assert [each and each["id"] for each in seen] == [mine[2], None, mine[0], None, mine[2]]
    assert await refused(container, BATCH, {"ids": mine * 34}, actor=maker) == "INVALID_INPUT"


@pytest.mark.parametrize(("size", "code"), [(0, "GREATER_THAN_EQUAL"), (10 * 1024 * 1024 + 1, "FILE_TOO_LARGE")])
async def test_a_size_that_cannot_be_is_refused_at_once(container: Container, size: int, code: str) -> None:
    given = {"input": {"contentType": "JPEG", "byteSize": size}}
    made = (await execute(container, CREATE, given, actor=await a_buyer(container)))["createImageUpload"]
    assert made["issues"] == [{"path": ["input", "byteSize"], "code": code}]


async def test_a_seller_attaches_to_listings_of_the_own_shop_only(container: Container) -> None:
    seller, other = await a_seller(container), await a_seller(container)
    listing_id, id_ = await a_draft(container, seller), await an_upload(container, seller)
    theirs = await attach(container, other, listing_id, await an_upload(container, other))
    assert theirs["code"] == "NOT_FOUND"
    assert (await attach(container, other, await a_draft(container, other), id_))["code"] == "NOT_FOUND"
    mine = (await attach(container, seller, listing_id, id_, altText="A lamp"))["listing"]
    assert mine["imageUploads"] == [{"id": id_, "status": "PROCESSING", "altText": "A lamp"}]
    assert (mine["images"], mine["version"]) == ([], 2)
    again = (await attach(container, seller, listing_id, id_, altText="Another"))["listing"]
    assert again["imageUploads"] == mine["imageUploads"], "a repeated request changes nothing"


async def test_a_gallery_takes_twelve(container: Container) -> None:
    seller = await a_seller(container)
    listing_id = await a_draft(container, seller)
    uploads = [await an_upload(container, seller) for _ in range(13)]
    assert await attach(container, seller, listing_id, *uploads) == {
        "__typename": "TooManyImages",
        "maximum": 12,
        "code": "TOO_MANY_IMAGES",
    }
    assert len((await attach(container, seller, listing_id, *uploads[:12]))["listing"]["imageUploads"]) == 12
    assert (await attach(container, seller, listing_id, uploads[0], uploads[0]))["issues"] == [
        {"path": ["input", "images"], "code": "DUPLICATE"}
    ]


async def test_what_is_archived_keeps_its_pictures(container: Container) -> None:
    seller = await a_seller(container)
    listing_id = await a_draft(container, seller)
    await change(container, Listing, decode_id("listing", listing_id), status=ListingStatus.ARCHIVED)
    answer = await attach(container, seller, listing_id, await an_upload(container, seller))
    assert answer["code"] == "LISTING_NOT_EDITABLE"


async def test_a_picture_is_described_in_one_line(container: Container) -> None:
    seller = await a_seller(container)
    listing_id, id_ = await a_draft(container, seller), await an_upload(container, seller)
    await attach(container, seller, listing_id, id_)

    async def describe(text: str) -> Any:
        given = {"listingId": listing_id, "imageId": id_, "altText": text}
        return (await execute(container, DESCRIBE, {"input": given}, actor=seller))["describeListingImage"]

    assert (await describe("A green lamp"))["listing"]["imageUploads"] == [{"altText": "A green lamp"}]
    assert (await describe("x" * 201))["issues"][0]["path"] == ["input", "altText"]


async def test_a_shop_shows_its_logo_once_that_is_ready(container: Container) -> None:
    seller = await a_seller(container)
    id_ = await an_upload(container, seller, a_png(seed=77))
    set_ = (await execute(container, LOGO, {"id": id_}, actor=seller))["setShopImage"]
    assert set_["shop"] == {"logo": None, "banner": None}
    await process(container, decode_id("media_asset", id_))
    query = "query ($id: ID!) { node(id: $id) { ... on Shop { logo { altText url } banner { url } } } }"
    shop = (await execute(container, query, {"id": encode_id("seller", seller.seller())}))["node"]
    assert shop["logo"]["altText"] == "Our sign"
    assert shop["banner"] is None
    gone = (await execute(container, LOGO, {"id": None}, actor=seller))["setShopImage"]
    assert gone["shop"]["logo"] is None


async def process(container: Container, asset_id: UUID) -> None:
    """As the job does, in a process of its own."""
    handler = next(each for each in HANDLERS if each.name == "process_image")
    await handler.handle(ImageArrived(at=container.ports.clock.now(), asset_id=asset_id), container)


async def test_pictures_of_a_page_cost_the_same_however_many(container: Container, count_sql: SqlCounter) -> None:
    seller = await a_seller(container)
    for number in range(4):
        made = await on_sale(container, seller.seller())
        owner = Owner(OwnerKind.LISTING, made.listing_id)
        for position in range(2):
            await show(container, seller, owner, await a_stored_picture(container, 10 * number + position), position)
    counts = []
    for first in (1, 4):
        with count_sql() as seen:
            page = await execute(container, CARDS, {"id": encode_id("seller", seller.seller()), "first": first})
        nodes = page["shopListings"]["nodes"]
        assert len(nodes) == first
        assert all(len(node["listing"]["images"]) == 2 for node in nodes)
        assert all(node["image"]["url"].startswith("http://127.0.0.1:8000/media/images/") for node in nodes)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 3


async def test_without_its_storage_uploads_are_refused_and_pages_go_on(
    container: Container, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tester")
    seller, made = await a_seller(container), await on_sale(container)
    picture = await a_stored_picture(container, 99)
    await show(container, seller, Owner(OwnerKind.LISTING, made.listing_id), picture)
    away = {"storage_url": "s3://pictures/market", "storage_endpoint": f"http://127.0.0.1:{free_port()}"}
    settings = settings_for(container.settings.database_url, redis_url, **away)
    async with open_container(settings, handlers_of=handlers_of()) as cut_off:
        given = {"input": {"contentType": "PNG", "byteSize": 1_000}}
        answer = (await execute(cut_off, CREATE, given, actor=seller))["createImageUpload"]
        assert (answer["__typename"], answer["code"]) == ("StorageUnavailable", "STORAGE_UNAVAILABLE")
        query = "query ($id: ID!) { listing(id: $id) { title images { url } } }"
        page = await execute(cut_off, query, {"id": encode_id("listing", made.listing_id)})
        assert page["listing"]["images"] == [{"url": cut_off.storage.public_url(picture.key(80))}]
