"""Files in a bucket of S3 (or what speaks like it), Google Cloud Storage or Azure.

Invariant: clients send and fetch by addresses that the storage itself checks; our credentials never leave the process.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, cast

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store, from_url

from domain.media.ports import UploadTicket
from domain.shared.clock import Clock
from infra.storage.objects import CALL_SECONDS_MAX, StoredObjects, answering, checked

SCHEMES: Final = frozenset({"s3", "s3a", "gs", "az", "azure", "abfs", "abfss"})
CLIENT: Final[Mapping[str, Any]] = {"connect_timeout": "2s", "timeout": "10s"}
RETRY: Final[Mapping[str, Any]] = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=8),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
}
LOOK_SECONDS_MAX: Final = 3.0

CloudStore = S3Store | GCSStore | AzureStore


class CloudObjectStorage(StoredObjects):
    """`domain.media.ports.ObjectStorage`. Credentials come from the cloud's usual environment variables."""

    def __init__(self, store: CloudStore, base_url: str, clock: Clock) -> None:
        super().__init__(store, base_url, keeps_types=True)
        self._cloud = store
        self._clock = clock

    async def upload_ticket(self, key: str, *, content_type: str, bytes_max: int, seconds: int) -> UploadTicket:
        """Signing asks nobody, so the storage is asked for something first: nobody is sent to a door that is shut."""
        with answering():
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                await self.head(key)
                url = await self._signed("PUT", key, seconds)
        headers = {"Content-Type": content_type}
        if isinstance(self._cloud, AzureStore):
            headers["x-ms-blob-type"] = "BlockBlob"
        return UploadTicket(url, "PUT", headers, self._clock.now() + timedelta(seconds=seconds))

    async def download_url(self, key: str, *, seconds: int, file_name: str = "") -> str:
        """The name is the storage's choice: what it serves is called as its key ends."""
        with answering():
            async with asyncio.timeout(CALL_SECONDS_MAX):
                return await self._signed("GET", key, seconds)

    async def _signed(self, method: Any, key: str, seconds: int) -> str:
        return await obstore.sign_async(self._cloud, method, checked(key), timedelta(seconds=seconds))


def open_cloud_store(url: str, endpoint: str | None = None) -> CloudStore:
    """The bucket of `s3://bucket/folder`, `gs://...` or `az://...`; `endpoint` is another server that speaks S3.

    Raises ValueError for what names no bucket, and for settings that the cloud's library does not take.
    """
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        raise ValueError("must begin with file:, s3://, gs:// or az://")
    more: dict[str, Any] = {}
    if endpoint is not None:
        if not scheme.startswith("s3"):
            raise ValueError("only S3 is spoken by other servers")
        more = {"endpoint": endpoint, "virtual_hosted_style_request": False}
    client = {**CLIENT, "allow_http": endpoint is not None and endpoint.startswith("http://")}
    try:
        made = from_url(url, client_options=cast(Any, client), retry_config=cast(Any, RETRY), **more)
    except BaseError as fault:
        raise ValueError(str(fault).partition("\n")[0]) from fault
    return cast(CloudStore, made)
