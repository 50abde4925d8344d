"""The door of signed addresses, and pictures for everybody, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message

from app.container import Container
from app.files import FOR_EVER, file_routes
from domain.media.ports import UploadTicket, public_key, upload_key
from tests.conftest import FILES, FakeClock


@pytest.fixture
async def http(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    async with a_client(container) as client:
        yield client


def a_client(container: Container) -> httpx.AsyncClient:
    app = Starlette(routes=list(file_routes(lambda: container)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000")


def a_key() -> str:
    return upload_key("test", uuid4())


async def a_ticket(container: Container, key: str, bytes_max: int = 10) -> UploadTicket:
    return await container.storage.upload_ticket(key, content_type="image/png", bytes_max=bytes_max, seconds=60)


def names_like(key: str) -> list[str]:
    """Whatever lies in the directory under a name that begins like this file's."""
    return [path.name for path in Path(FILES).rglob(f"{key.rpartition('/')[2]}*")]


async def test_an_address_is_for_its_own_file_only(container: Container, http: httpx.AsyncClient) -> None:
    key, other = a_key(), a_key()
    ticket = await a_ticket(container, key)
    answer = await http.put(ticket.url.replace(key, other), headers=ticket.headers, content=b"mine")
    assert answer.status_code == 403
    assert await container.storage.head(other) is None


async def test_the_type_is_part_of_the_grant(container: Container, http: httpx.AsyncClient) -> None:
    ticket = await a_ticket(container, a_key())
    assert (await http.put(ticket.url, headers={"content-type": "text/html"}, content=b"<b>")).status_code == 415


async def test_more_than_granted_is_refused_whether_it_is_announced_or_not(
    container: Container, http: httpx.AsyncClient
) -> None:
    key = a_key()
    ticket = await a_ticket(container, key)

    async def body() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x"

    announced = await http.put(ticket.url, headers=ticket.headers, content=b"x" * 11)
    streamed = await http.put(ticket.url, headers=ticket.headers, content=body())
    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert announced.json()["code"] == "OBJECT_TOO_LARGE"
    assert await container.storage.head(key) is None
    assert (await http.put(ticket.url, headers=ticket.headers, content=b"x" * 10)).status_code == 200


@pytest.mark.parametrize(
    ("before", "after"),
    [("max=10", "max=9999"), ("image%2Fpng", "text%2Fhtml"), ("expires=", "expires=9"), ("signature=", "signature=0")],
)
async def test_a_changed_address_is_refused(
    container: Container, http: httpx.AsyncClient, before: str, after: str
) -> None:
    ticket = await a_ticket(container, a_key())
    assert before in ticket.url
    answer = await http.put(ticket.url.replace(before, after), headers=ticket.headers, content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (403, "ADDRESS_REFUSED")


async def test_an_address_expires(fresh_container: Container, clock: FakeClock) -> None:
    ticket = await a_ticket(fresh_container, a_key())
    clock.advance(seconds=120)
    async with a_client(fresh_container) as http:
        answer = await http.put(ticket.url, headers=ticket.headers, content=b"x")
    assert answer.status_code == 403
    assert "expired" in answer.json()["error"]


async def test_a_right_to_send_is_no_right_to_fetch(container: Container, http: httpx.AsyncClient) -> None:
    key = a_key()
    ticket = await a_ticket(container, key)
    await http.put(ticket.url, headers=ticket.headers, content=b"mine")
    assert (await http.get(ticket.url)).status_code == 403
    address = await container.storage.download_url(key, seconds=60, file_name='a "b"; c.csv')
    answer = await http.get(address)
    assert answer.content == b"mine"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20%22b%22%3B%20c.csv"
    assert answer.headers["cache-control"] == "private, no-store"
    assert (await http.put(address, content=b"x")).status_code == 403


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "uploads/../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "images/../uploads/x/y"]
)
async def test_no_path_leads_out_of_the_directory(http: httpx.AsyncClient, path: str) -> None:
    for door in ("/media/", "/files/"):
        request = httpx.Request("GET", "http://127.0.0.1:8000")
        request.url = request.url.copy_with(raw_path=f"{door}{path}".encode())
        assert (await http.send(request)).status_code in {403, 404}


async def test_a_page_of_any_origin_may_send(http: httpx.AsyncClient) -> None:
    answer = await http.options("/files/uploads/test/a", headers={"origin": "https://shop.example"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "content-type"


async def test_pictures_may_be_kept_for_ever_and_private_files_are_none(
    container: Container, http: httpx.AsyncClient
) -> None:
    key = public_key(uuid4().hex, 480)
    await container.storage.put(key, b"picture", content_type="image/webp")
    shown = await http.get(container.storage.public_url(key))
    assert (shown.status_code, shown.content) == (200, b"picture")
    assert shown.headers["content-type"] == "image/webp"
    assert shown.headers["cache-control"] == FOR_EVER
    assert shown.headers["x-content-type-options"] == "nosniff"
    again = await http.get(f"/media/{key}", headers={"if-none-match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    private = a_key()
    await container.storage.put(private, b"private", content_type="image/png")
    assert (await http.get(f"/media/{private}")).status_code == 404
    assert (await http.get(f"/media/{public_key(uuid4().hex, 480)}")).status_code == 404


async def test_an_upload_that_breaks_off_leaves_nothing(container: Container) -> None:
    """Neither a file nor a part of one: the directory looks as before."""
    key = a_key()
    ticket = await a_ticket(container, key, bytes_max=50_000_000)
    url = httpx.URL(ticket.url)
    sent: list[Message] = []
    coming: list[Message] = [{"type": "http.request", "body": b"x" * 2_000_000, "more_body": True} for _ in range(6)]
    messages = iter([*coming, {"type": "http.disconnect"}])

    async def receive() -> Message:
        await asyncio.sleep(0)
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "PUT", "path": url.path, "raw_path": url.raw_path, "query_string": url.query,
        "headers": [(b"content-type", b"image/png")],
    }  # fmt: skip
    await Starlette(routes=list(file_routes(lambda: container)))(scope, receive, send)
    assert await container.storage.head(key) is None
    assert names_like(key) == []
