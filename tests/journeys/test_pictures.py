"""Pictures over HTTP, with the files that people really send: phones' photos, cut-outs, bombs, letters, half a file.

Guaranteed here: what can be shown is shown upright and tells nothing of where it was taken; what cannot is refused with
a reason that its sender reads, and costs nobody else anything; half a file is no file.
"""

import asyncio
from typing import Any, Final

import httpx

from domain.media.refusals import IMAGE_BYTES_MAX
from tests.journeys.client import Client, new_http
from tests.journeys.market import Goods, Market, Person
from tests.journeys.running import Product, until
from tests.pictures import OWNER, a_bomb, a_phone_jpeg, a_png, a_webp, looks_red, opened

PRODUCT: Final = {"apis": 1, "workers": 1}

UPLOAD: Final = "uploadId ticket { url method headers { name value } expiresAt } upload { status }"
UPLOADS: Final = """query ($id: ID!) { seller { listing(id: $id) {
    imageUploads { id status altText refusal { reason message } } } } }"""
PAGE: Final = """query ($id: ID!) { listing(id: $id) {
    images { imageId altText width height url(width: 300) renditions { url width height } } imageUploads { id } } }"""
CARD: Final = """query ($text: String!) { search(text: $text, first: 1) {
    nodes { title image { imageId url(width: 160) altText } } } }"""


async def asked_to_upload(person: Person, content: bytes, content_type: str = "JPEG") -> Any:
    return await person.did("createImageUpload", UPLOAD, contentType=content_type, byteSize=len(content))


async def send(ticket: Any, content: bytes) -> httpx.Response:
    headers = {each["name"]: each["value"] for each in ticket["headers"]}
    async with new_http() as http:
        return await http.request(ticket["method"], ticket["url"], headers=headers, content=content)


async def uploaded(person: Person, content: bytes, content_type: str = "JPEG") -> str:
    made = await asked_to_upload(person, content, content_type)
    answer = await send(made["ticket"], content)
    assert answer.status_code == 200, answer.text
    return str(made["uploadId"])


async def attach(goods: Goods, *uploads: str) -> None:
    images = [{"uploadId": upload, "altText": f"View {number}"} for number, upload in enumerate(uploads, 1)]
    await goods.shop.owner.did("attachListingImages", "listing { version }", listingId=goods.listing_id, images=images)


async def settled(goods: Goods) -> list[Any]:
    """The gallery as its seller sees it, once nothing of it is on its way any more."""

    async def look() -> list[Any] | None:
        found: list[Any] = (await goods.shop.owner.ask(UPLOADS, id=goods.listing_id))["seller"]["listing"][
            "imageUploads"
        ]
        return found if all(each["status"] in {"READY", "REFUSED"} for each in found) else None

    return await until(look, "all pictures are ready or refused", seconds=60) or []


async def shown(guest: Client, goods: Goods) -> list[Any]:
    page = (await guest.ask(PAGE, id=goods.listing_id))["listing"]
    assert page["imageUploads"] is None, "that is for its seller"
    return list(page["images"])


async def test_what_a_seller_uploads_buyers_see(market: Market) -> None:
    goods, guest = await market.goods(), market.guest()
    owner = goods.shop.owner
    phone = await uploaded(owner, a_phone_jpeg(2400, 1800))
    cut_out, web = await uploaded(owner, a_png(), "PNG"), await uploaded(owner, a_webp(), "WEBP")
    await attach(goods, phone, cut_out, web)
    assert [each["status"] for each in await settled(goods)] == ["READY"] * 3
    images = await shown(guest, goods)
    assert [each["imageId"] for each in images] == [phone, cut_out, web]
    assert [(each["width"], each["height"]) for each in images] == [(1800, 2400), (300, 200), (300, 200)]
    assert [each["altText"] for each in images] == ["View 1", "View 2", "View 3"]
    assert [each["width"] for each in images[0]["renditions"]] == [160, 480, 960, 1600]
    assert images[0]["url"] == images[0]["renditions"][1]["url"]
    for image in images:
        for rendition in image["renditions"]:
            answer = await market.http.get(rendition["url"])
            assert answer.headers["content-type"] == "image/webp"
            assert "immutable" in answer.headers["cache-control"]
            picture = opened(answer.content)
            assert picture.size == (rendition["width"], rendition["height"])
            assert looks_red(picture, 0.25, 0.25)
            assert not looks_red(picture, 0.75, 0.75)
            assert not picture.getexif()
            assert OWNER.encode() not in answer.content
    files = list((market.product.directory / "files" / "uploads").rglob("*"))  # a few names
    assert [path for path in files if path.is_file()] == [], "what the phone sent is gone"


async def test_the_first_picture_stands_on_cards_and_the_order_is_the_sellers(market: Market) -> None:
    goods, guest = await market.goods(), market.guest()
    owner = goods.shop.owner
    first, second = await uploaded(owner, a_png(seed=1), "PNG"), await uploaded(owner, a_png(seed=2), "PNG")
    await attach(goods, first, second)
    await settled(goods)

    async def card() -> Any:
        nodes = (await guest.ask(CARD, text=goods.title))["search"]["nodes"]
        return nodes[0]["image"] if nodes and nodes[0]["title"] == goods.title else None

    image = await until(card, "the listing is found")
    assert (image["imageId"], image["altText"]) == (first, "View 1")
    assert (await market.http.get(image["url"])).status_code == 200
    given: dict[str, Any] = {"listingId": goods.listing_id}
    await owner.did("arrangeListingImages", "listing { version }", imageIds=[second, first], **given)
    assert (await card())["imageId"] == second
    await owner.did("removeListingImage", "listing { version }", imageId=second, **given)
    assert [each["imageId"] for each in await shown(guest, goods)] == [first]


async def test_what_is_no_picture_is_refused_with_a_reason(market: Market) -> None:
    """A bomb of 50,000 by 50,000 pixels, a text file called .jpg, a photo cut in half; the good one is shown."""
    goods = await market.goods()
    letter = b"Dear buyer,\nthis is a letter called lamp.jpg.\n" * 100
    sent = [a_bomb(), letter, a_phone_jpeg()[:8_000], a_phone_jpeg(seed=5)]
    await attach(goods, *[await uploaded(goods.shop.owner, content) for content in sent])
    uploads = await settled(goods)
    refusals = [upload["refusal"] for upload in uploads]
    assert [refusal and refusal["reason"] for refusal in refusals] == [
        "TOO_MANY_PIXELS",
        "NOT_AN_IMAGE",
        "DAMAGED",
        None,
    ]
    assert "40 megapixels" in refusals[0]["message"]
    assert [image["imageId"] for image in await shown(market.guest(), goods)] == [uploads[3]["id"]]


async def test_an_upload_that_broke_off_can_be_sent_again(market: Market) -> None:
    goods = await market.goods()
    owner, content = goods.shop.owner, a_phone_jpeg(seed=3)
    made = await asked_to_upload(owner, content)
    await break_off(made["ticket"], content)
    refused = await owner.do("completeImageUpload", uploadId=made["uploadId"])
    assert refused["__typename"] == "UploadNotArrived"
    assert (await send(made["ticket"], content)).status_code == 200
    done = await owner.did("completeImageUpload", "upload { id status }", uploadId=made["uploadId"])
    assert done["upload"]["id"] == made["uploadId"]
    await attach(goods, made["uploadId"])
    assert [each["status"] for each in await settled(goods)] == ["READY"]


async def break_off(ticket: Any, content: bytes) -> None:
    """Announce the whole file, send half of it, and hang up."""
    url = httpx.URL(ticket["url"])
    reader, writer = await asyncio.open_connection(url.host, url.port)
    lines = [f"PUT {url.raw_path.decode()} HTTP/1.1", f"Host: {url.host}", f"Content-Length: {len(content)}"]
    lines += [f"{each['name']}: {each['value']}" for each in ticket["headers"]]
    writer.write("\r\n".join([*lines, "", ""]).encode() + content[: len(content) // 2])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await reader.read() == b""


async def test_more_than_was_said_is_not_taken(market: Market) -> None:
    person = await market.person()
    made = await asked_to_upload(person, b"x" * 100)
    answer = await send(made["ticket"], b"x" * 101)
    assert (answer.status_code, answer.json()["code"]) == (413, "OBJECT_TOO_LARGE")
    refused = await person.do("createImageUpload", contentType="JPEG", byteSize=IMAGE_BYTES_MAX + 1)
    assert refused["__typename"] == "InvalidInput"


async def test_without_a_worker_pictures_wait(market: Market, product: Product) -> None:
    goods = await market.goods()
    (worker,) = product.workers
    worker.kill()
    await attach(goods, await uploaded(goods.shop.owner, a_png(seed=4), "PNG"))
    (upload,) = (await goods.shop.owner.ask(UPLOADS, id=goods.listing_id))["seller"]["listing"]["imageUploads"]
    assert upload["status"] == "PROCESSING"
    assert await shown(market.guest(), goods) == []
    worker.start()
    assert [each["status"] for each in await settled(goods)] == ["READY"]
    assert len(await shown(market.guest(), goods)) == 1
