"""From the setting that names a storage to the storage."""

from pathlib import Path

from domain.shared.clock import Clock
from infra.storage.cloud import CloudObjectStorage, open_cloud_store
from infra.storage.local import LocalObjectStorage
from infra.storage.signatures import AddressSigner

ObjectStore = LocalObjectStorage | CloudObjectStorage
LOCAL = "file:"


def open_storage(
    url: str, *, endpoint: str | None, api_url: str, base_url: str, signing_key: bytes, clock: Clock
) -> ObjectStore:
    """`file:<directory>` or a bucket. `signing_key` signs the addresses of a directory.

    Raises ValueError for an address that names no storage, OSError for a directory that cannot be made.
    """
    if url.startswith(LOCAL):
        # file:files, file:/var/files and file:///var/files are all in use.
        path = url.removeprefix(LOCAL).removeprefix("//")
        signer = AddressSigner(signing_key, clock)
        return LocalObjectStorage(Path(path).absolute(), api_url=api_url, base_url=base_url, signer=signer)
    return CloudObjectStorage(open_cloud_store(url, endpoint), base_url, clock)
