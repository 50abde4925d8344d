"""Files in a local directory, behind signed addresses of the API itself.

Invariant: a file is there as a whole or not at all: it is written beside its place and renamed when it is complete.
"""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from obstore.store import LocalStore

from domain.media.errors import ObjectTooLarge
from domain.media.ports import UploadTicket, is_key
from infra.storage.objects import StoredObjects
from infra.storage.signatures import AddressRefused, AddressSigner, Grant

FILES_PATH: Final = "/files/"
"""Where the API takes and gives files by signed addresses."""


class LocalObjectStorage(StoredObjects):
    """`domain.media.ports.ObjectStorage`, and the door that its addresses lead to.

    All processes of the product share the directory. `api_url` is where clients reach the API.
    """

    def __init__(self, directory: Path, *, api_url: str, base_url: str, signer: AddressSigner) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        super().__init__(LocalStore(directory), base_url, keeps_types=False)
        self._api_url = api_url.rstrip("/")
        self._signer = signer

    async def upload_ticket(self, key: str, *, content_type: str, bytes_max: int, seconds: int) -> UploadTicket:
        expires_at = self._signer.expiry(seconds)
        grant = Grant("PUT", key, int(expires_at.timestamp()), content_type=content_type, bytes_max=bytes_max)
        return UploadTicket(self._address(grant), "PUT", {"Content-Type": content_type}, expires_at)

    async def download_url(self, key: str, *, seconds: int, file_name: str = "") -> str:
        expires_at = self._signer.expiry(seconds)
        return self._address(Grant("GET", key, int(expires_at.timestamp()), file_name=file_name))

    def check(self, method: str, key: str, parameters: Mapping[str, str]) -> Grant:
        """What a signed address allows. Raises AddressRefused."""
        if not is_key(key):
            raise AddressRefused("This is not the address of a file.")
        return self._signer.check(method, key, parameters)

    async def receive(self, grant: Grant, chunks: AsyncIterator[bytes]) -> None:
        """Store what comes. Raises ObjectTooLarge as soon as it is. Nothing is stored when it or `chunks` raises."""
        await self.put_chunks(grant.key, _at_most(chunks, grant.bytes_max), content_type=grant.content_type)

    def _address(self, grant: Grant) -> str:
        if not is_key(grant.key):
            raise ValueError(f"no key of the storage: {grant.key[:80]!r}")
        return f"{self._api_url}{FILES_PATH}{grant.key}?{self._signer.query(grant)}"


async def _at_most(chunks: AsyncIterator[bytes], bytes_max: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > bytes_max:
            raise ObjectTooLarge(bytes_max)
        if chunk:
            yield chunk
