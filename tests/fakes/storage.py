"""A storage in memory that can be told to stop answering, and a renderer that counts."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from domain.media.errors import ObjectMissing, ObjectTooLarge, StorageUnavailable
from domain.media.ports import Rendered, StoredObject, UploadTicket
from infra.pillow.rendering import render


class FakeObjectStorage:
    """`domain.media.ports.ObjectStorage`. `down`: nothing is answered."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.down = False

    async def upload_ticket(self, key: str, *, content_type: str, bytes_max: int, seconds: int) -> UploadTicket:
        self._answer()
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        return UploadTicket(f"memory:{key}", "PUT", {"Content-Type": content_type}, expires_at)

    async def download_url(self, key: str, *, seconds: int, file_name: str = "") -> str:
        self._answer()
        return f"memory:{key}"

    async def head(self, key: str) -> StoredObject | None:
        self._answer()
        content = self.files.get(key)
        return None if content is None else StoredObject(key, len(content))

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        self._answer()
        if key not in self.files:
            raise ObjectMissing()
        if len(self.files[key]) > bytes_max:
            raise ObjectTooLarge(bytes_max)
        return self.files[key]

    async def chunks(self, key: str, *, bytes_max: int, chunk_bytes: int = 1024 * 1024) -> AsyncIterator[bytes]:
        content = await self.read(key, bytes_max=bytes_max)
        for start in range(0, len(content), chunk_bytes):
            yield content[start : start + chunk_bytes]

    async def put(self, key: str, content: bytes, *, content_type: str) -> None:
        self._answer()
        self.files[key] = content

    async def put_chunks(self, key: str, chunks: AsyncIterator[bytes], *, content_type: str) -> None:
        self._answer()
        self.files[key] = b"".join([chunk async for chunk in chunks])

    async def delete(self, *keys: str) -> None:
        self._answer()
        for key in keys:
            self.files.pop(key, None)

    def public_url(self, key: str) -> str:
        return f"https://cdn.example/{key}"

    def _answer(self) -> None:
        if self.down:
            raise StorageUnavailable()


class FakeImageRenderer:
    """Renders in this process, without a ceiling, and counts how often."""

    def __init__(self) -> None:
        self.rendered = 0

    async def render(self, source: bytes) -> Rendered:
        self.rendered += 1
        return render(source)
