"""The storages that the contract is put to: a directory behind the API's own door, and a server that speaks S3."""

import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest.mock import patch

import httpx
from starlette.applications import Starlette

from app.container import Container
from app.files import file_routes
from domain.media.ports import ObjectStorage
from domain.shared.clock import SystemClock
from infra.processes.owned import OwnedProcess
from infra.storage.cloud import CloudObjectStorage, open_cloud_store
from tests.journeys.running import free_port

BUCKET: Final = "pictures"
READY_SECONDS_MAX: Final = 30.0
KEYS: Final = {
    "AWS_ACCESS_KEY_ID": "tester",
    "AWS_SECRET_ACCESS_KEY": "a secret of the test",
    "AWS_REGION": "us-east-1",
}


@dataclass(frozen=True)
class StorageWorld:
    """A storage, and a client that can use its signed addresses."""

    storage: ObjectStorage
    http: httpx.AsyncClient


@asynccontextmanager
async def local_world(container: Container) -> AsyncIterator[StorageWorld]:
    transport = httpx.ASGITransport(app=Starlette(routes=list(file_routes(lambda: container))))
    async with httpx.AsyncClient(transport=transport) as http:
        yield StorageWorld(container.storage, http)


@contextmanager
def s3_server(directory: Path) -> Iterator[str]:
    """A server that speaks S3 and forgets everything at its end; its address."""
    port = free_port()
    command = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))
    process = OwnedProcess(command, log=directory / "s3.log", environment=dict(os.environ), directory=directory)
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not _answers(url):
            assert process.exit_code() is None, (directory / "s3.log").read_text()
            assert time.monotonic() < deadline, "the S3 server never answered"
            time.sleep(0.05)
        assert httpx.put(f"{url}/{BUCKET}", trust_env=False).is_success
        yield url
    finally:
        process.stop()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code > 0
    except httpx.TransportError:
        return False


@asynccontextmanager
async def s3_world(url: str) -> AsyncIterator[StorageWorld]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        yield StorageWorld(s3_storage(url), http)


def s3_storage(url: str) -> CloudObjectStorage:
    with patch.dict(os.environ, KEYS):
        store = open_cloud_store(f"s3://{BUCKET}/market", url)
    return CloudObjectStorage(store, "https://cdn.example", SystemClock())
