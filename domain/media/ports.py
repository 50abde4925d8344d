"""Object storage and the making of pictures, as the marketplace needs them.

Invariant: what is stored under a key of `public_key` never changes, so whoever serves it may cache it for ever. All
other keys are private: they are reached through signed addresses that expire.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

PUBLIC_PREFIX: Final = "images/"
KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*){1,4}(\.[a-z0-9]{1,5})?")
"""A few plain segments and perhaps an ending: no dots besides, so no way out of a directory."""
KEY_MAX: Final = 200


def upload_key(purpose: str, id_: UUID) -> str:
    """Where a client's file goes: `uploads/import/<id>`. `purpose` is one plain word."""
    return f"uploads/{purpose}/{id_.hex}"


def public_key(content: str, width: int) -> str:
    """Where a rendition lies: named after its content and its width in pixels, in one of 256 folders."""
    return f"{PUBLIC_PREFIX}{content[-2:]}/{content}-{width}.webp"


def is_key(text: str) -> bool:
    return len(text) <= KEY_MAX and KEY.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """The right to store one file: send it with `method` and exactly these headers before `expires_at`."""

    url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoredObject:
    key: str
    size: int


class ObjectStorage(Protocol):
    """Files under keys (see KEY). Every call is bounded in time.

    All of them raise StorageUnavailable when the storage does not answer; a key of another form is a ValueError.
    """

    async def upload_ticket(self, key: str, *, content_type: str, bytes_max: int, seconds: int) -> UploadTicket:
        """A signed address to PUT one file of at most `bytes_max` bytes to, valid for `seconds`.

        A storage of its own cannot be told the limit by a signature: whoever uses the file looks at its size first
        (`head`, or `bytes_max` of `read` and `chunks`). The same address may be used again until it expires.
        """
        ...

    async def download_url(self, key: str, *, seconds: int, file_name: str = "") -> str:
        """A signed address to GET a private file from, as a download called `file_name` where that can be said."""
        ...

    async def head(self, key: str) -> StoredObject | None:
        """What lies there; None when nothing does. A broken-off upload leaves nothing."""
        ...

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        """All of it. Raises ObjectMissing, ObjectTooLarge (before anything is read)."""
        ...

    def chunks(self, key: str, *, bytes_max: int, chunk_bytes: int = 1024 * 1024) -> AsyncIterator[bytes]:
        """The same piece by piece, for files that do not belong into memory. Pieces may be a little larger."""
        ...

    async def put(self, key: str, content: bytes, *, content_type: str) -> None:
        """Store, as a whole or not at all; what was there is replaced."""
        ...

    async def put_chunks(self, key: str, chunks: AsyncIterator[bytes], *, content_type: str) -> None:
        """The same for content that comes piece by piece; an exception of `chunks` passes and nothing is stored."""
        ...

    async def delete(self, *keys: str) -> None:
        """Take away; what is not there is no fault. At most 100 at once."""
        ...

    def public_url(self, key: str) -> str:
        """Where everybody finds a file of a public key, for ever. Asks nobody."""
        ...


@dataclass(frozen=True, slots=True)
class Rendition:
    """One WebP picture, `width` pixels wide."""

    width: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture made presentable: upright, sRGB, without metadata. Sizes are of the upright original, in pixels.

    `renditions` are narrowest first, and there is at least one.
    """

    width: int
    height: int
    renditions: tuple[Rendition, ...]


class ImageRenderer(Protocol):
    async def render(self, source: bytes) -> Rendered:
        """Decode a file that nobody has looked at yet. Takes bounded memory and time, whatever the file is.

        Raises ImageRefused with the reason; RenderingFailed when the attempt says nothing about the file.
        """
        ...
