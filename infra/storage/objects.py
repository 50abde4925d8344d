"""Objects through obstore: what S3, GCS, Azure and a local directory have in common.

Invariant: every call ends within its time, and whatever a storage answers, callers see only the errors of the port.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from domain.media.errors import ObjectMissing, ObjectTooLarge, StorageUnavailable
from domain.media.ports import PUBLIC_PREFIX, StoredObject, is_key

CALL_SECONDS_MAX: Final = 10.0
TRANSFER_SECONDS_MAX: Final = 600.0
"""For one file in pieces, however long its other end takes."""
PART_BYTES: Final = 5 * 1024 * 1024
"""The smallest part that S3 takes."""
PARTS_AT_ONCE_MAX: Final = 2
DELETED_AT_ONCE_MAX: Final = 100


@contextmanager
def answering() -> Iterator[None]:
    """Whatever goes wrong at the storage is StorageUnavailable; a missing file stays FileNotFoundError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError, TimeoutError, NotImplementedError) as fault:
        raise StorageUnavailable() from fault


def checked(key: str) -> str:
    if not is_key(key):
        raise ValueError(f"no key of the storage: {key[:80]!r}")
    return key


class StoredObjects:
    """The part of `domain.media.ports.ObjectStorage` that needs no signatures.

    `base_url` is the address under which the public keys are served; `keeps_types`: the storage remembers types.
    """

    def __init__(self, store: ObjectStore, base_url: str, *, keeps_types: bool) -> None:
        self._store = store
        self._base_url = base_url.rstrip("/")
        self._keeps_types = keeps_types

    async def head(self, key: str) -> StoredObject | None:
        try:
            with answering():
                async with asyncio.timeout(CALL_SECONDS_MAX):
                    meta = await obstore.head_async(self._store, checked(key))
        except FileNotFoundError:
            return None
        return StoredObject(key, meta["size"])

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        try:
            with answering():
                async with asyncio.timeout(CALL_SECONDS_MAX):
                    found = await obstore.get_async(self._store, checked(key))
                    if found.meta["size"] > bytes_max:
                        raise ObjectTooLarge(bytes_max)
                    return bytes(await found.bytes_async())
        except FileNotFoundError as fault:
            raise ObjectMissing() from fault

    async def chunks(self, key: str, *, bytes_max: int, chunk_bytes: int = 1024 * 1024) -> AsyncIterator[bytes]:
        try:
            with answering():
                async with asyncio.timeout(CALL_SECONDS_MAX):
                    found = await obstore.get_async(self._store, checked(key))
                if found.meta["size"] > bytes_max:
                    raise ObjectTooLarge(bytes_max)
                pieces = found.stream(min_chunk_size=chunk_bytes).__aiter__()
        except FileNotFoundError as fault:
            raise ObjectMissing() from fault
        while True:
            # Only the storage's own time counts: what is done with a piece may take as long as it likes.
            with answering():
                async with asyncio.timeout(CALL_SECONDS_MAX):
                    piece = await anext(pieces, None)
            if piece is None:
                return
            yield bytes(piece)

    async def put(self, key: str, content: bytes, *, content_type: str) -> None:
        with answering():
            async with asyncio.timeout(CALL_SECONDS_MAX):
                await obstore.put_async(
                    self._store,
                    checked(key),
                    content,
                    use_multipart=False,
                    attributes=self._attributes(key, content_type),
                )

    async def put_chunks(self, key: str, chunks: AsyncIterator[bytes], *, content_type: str) -> None:
        with answering():
            async with asyncio.timeout(TRANSFER_SECONDS_MAX):
                await obstore.put_async(
                    self._store,
                    checked(key),
                    chunks,
                    attributes=self._attributes(key, content_type),
                    chunk_size=PART_BYTES,
                    max_concurrency=PARTS_AT_ONCE_MAX,
                )

    async def delete(self, *keys: str) -> None:
        assert len(keys) <= DELETED_AT_ONCE_MAX, "callers delete in batches"
        with answering():
            async with asyncio.timeout(CALL_SECONDS_MAX):
                await asyncio.gather(*(self._delete(checked(key)) for key in keys))

    async def _delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return

    def public_url(self, key: str) -> str:
        return f"{self._base_url}/{key}"

    def _attributes(self, key: str, content_type: str) -> Any:
        if not self._keeps_types:
            return None
        attributes = {"Content-Type": content_type}
        if key.startswith(PUBLIC_PREFIX):
            attributes["Cache-Control"] = "public, max-age=31536000, immutable"
        return attributes
