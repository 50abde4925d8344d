"""What the marketplace relies on, of a directory and of S3 alike: whole files or none, signed addresses, bounds."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from app.container import Container
from domain.media.errors import ObjectMissing, ObjectTooLarge, StorageUnavailable
from domain.media.ports import public_key, upload_key
from infra.storage.opening import open_storage
from tests.contracts.storage_worlds import StorageWorld, local_world, s3_server, s3_storage, s3_world
from tests.journeys.running import free_port

PIECE = b"x" * 1_000_000


@pytest.fixture(scope="module")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3")) as url:
        yield url


@pytest.fixture(params=["local", "s3"])
async def world(request: pytest.FixtureRequest, container: Container) -> AsyncIterator[StorageWorld]:
    if request.param == "local":
        async with local_world(container) as made:
            yield made
    else:
        async with s3_world(request.getfixturevalue("s3_url")) as made:
            yield made


def a_key() -> str:
    return upload_key("test", uuid4())


async def send(world: StorageWorld, key: str, content: bytes, *, bytes_max: int = 100) -> int:
    ticket = await world.storage.upload_ticket(key, content_type="text/csv", bytes_max=bytes_max, seconds=60)
    answer = await world.http.request(ticket.method, ticket.url, headers=ticket.headers, content=content)
    return answer.status_code


async def pieces(count: int, *, cut: bool = False) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield PIECE
    if cut:
        raise ConnectionAbortedError("the other end is gone")


async def test_what_a_client_sends_to_its_address_is_there(world: StorageWorld) -> None:
    key = a_key()
    assert await world.storage.head(key) is None
    assert await send(world, key, b"a,b\n1,2\n") == 200
    found = await world.storage.head(key)
    assert found is not None
    assert (found.key, found.size) == (key, 8)
    assert await world.storage.read(key, bytes_max=8) == b"a,b\n1,2\n"


async def test_sent_again_it_replaces_what_was_there(world: StorageWorld) -> None:
    key = a_key()
    await send(world, key, b"first")
    await send(world, key, b"second")
    assert await world.storage.read(key, bytes_max=100) == b"second"


async def test_what_is_larger_than_its_reader_takes_is_refused_before_it_is_read(world: StorageWorld) -> None:
    key = a_key()
    await world.storage.put(key, b"x" * 101, content_type="text/csv")
    with pytest.raises(ObjectTooLarge):
        await world.storage.read(key, bytes_max=100)
    with pytest.raises(ObjectTooLarge):
        await anext(aiter(world.storage.chunks(key, bytes_max=100)))


async def test_a_large_file_comes_and_goes_in_pieces(world: StorageWorld) -> None:
    key = a_key()
    await world.storage.put_chunks(key, pieces(13), content_type="text/csv")
    sizes = [len(piece) async for piece in world.storage.chunks(key, bytes_max=13_000_000)]
    assert sum(sizes) == 13_000_000
    assert len(sizes) > 1
    assert max(sizes) < 8_000_000


async def test_a_file_that_breaks_off_is_not_there(world: StorageWorld) -> None:
    key = a_key()
    with pytest.raises((ConnectionAbortedError, StorageUnavailable)):
        await world.storage.put_chunks(key, pieces(7, cut=True), content_type="text/csv")
    assert await world.storage.head(key) is None


async def test_a_private_file_is_fetched_by_a_signed_address(world: StorageWorld) -> None:
    key = a_key()
    await world.storage.put(key, b"private", content_type="text/csv")
    answer = await world.http.get(await world.storage.download_url(key, seconds=60, file_name="ähm.csv"))
    assert (answer.status_code, answer.content) == (200, b"private")


async def test_what_is_deleted_is_gone_and_may_be_deleted_again(world: StorageWorld) -> None:
    keys = [a_key() for _ in range(3)]
    await world.storage.put(keys[0], b"one", content_type="text/csv")
    await world.storage.put(keys[1], b"two", content_type="text/csv")
    await world.storage.delete(*keys)
    await world.storage.delete(*keys)
    assert [await world.storage.head(key) for key in keys] == [None] * 3
    with pytest.raises(ObjectMissing):
        await world.storage.read(keys[0], bytes_max=100)


@pytest.mark.parametrize(
    "key", ["../secret", "uploads/../../etc/passwd", "/etc/passwd", "uploads//a", "uploads/a%2e", "a"]
)
async def test_no_key_leads_anywhere_else(world: StorageWorld, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        await world.storage.read(key, bytes_max=100)
    with pytest.raises(ValueError, match="no key"):
        await world.storage.put(key, b"", content_type="text/csv")
    with pytest.raises(ValueError, match="no key"):
        await world.storage.upload_ticket(key, content_type="text/csv", bytes_max=1, seconds=60)


async def test_a_public_address_is_made_without_asking(world: StorageWorld) -> None:
    key = public_key("ab12", 480)
    assert world.storage.public_url(key).endswith("/images/12/ab12-480.webp")


async def test_a_bucket_that_does_not_answer_is_one_clear_error() -> None:
    storage = s3_storage(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StorageUnavailable):
        await storage.upload_ticket(a_key(), content_type="text/csv", bytes_max=1, seconds=60)
    with pytest.raises(StorageUnavailable):
        await storage.put(a_key(), b"", content_type="text/csv")


async def test_a_directory_that_is_gone_is_one_clear_error(container: Container, tmp_path: Path) -> None:
    settings = {"endpoint": None, "api_url": "http://a", "base_url": "http://a", "signing_key": b"s" * 32}
    storage = open_storage(f"file:{tmp_path / 'files'}", clock=container.ports.clock, **settings)  # type: ignore[arg-type]  # all of these
    (tmp_path / "files").rmdir()
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        await storage.put(a_key(), b"", content_type="text/csv")
