"""A probe raises while its server is away and works again when the server is back."""

import asyncio
from pathlib import Path

import asyncpg
import httpx
import pytest
from redis.exceptions import ConnectionError as RedisAway

from infra.http.probe import HttpProbe
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.probe import PostgresProbe
from infra.redis.embedded import EmbeddedRedis
from infra.redis.probe import RedisProbe


async def test_postgres_is_noticed_to_go_and_to_come_back(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, fsync=False, settings={"shared_buffers": "16MB", "max_connections": 20})
    await asyncio.to_thread(server.start)
    probe = PostgresProbe(server.url())
    try:
        await probe()
        await asyncio.to_thread(server.kill)
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
            await probe()
        await asyncio.to_thread(server.start)
        await probe()
        await probe()
    finally:
        probe.close()
        await asyncio.to_thread(server.stop)


async def test_redis_is_noticed_to_go_and_to_come_back(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    await asyncio.to_thread(server.start)
    probe = RedisProbe(server.url())
    try:
        await probe()
        await asyncio.to_thread(server.kill)
        with pytest.raises(RedisAway):
            await probe()
        await asyncio.to_thread(server.start)
        await probe()
    finally:
        await probe.aclose()
        await asyncio.to_thread(server.stop)


@pytest.mark.parametrize(("status", "works"), [(200, True), (404, True), (503, False)])
async def test_a_server_that_answers_anything_but_5xx_works(status: int, *, works: bool) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} Whatever\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    probe = HttpProbe(f"http://127.0.0.1:{port}/")
    async with server:
        if works:
            await probe()
        else:
            with pytest.raises(httpx.HTTPStatusError):
                await probe()
    await probe.aclose()


async def test_a_server_that_is_away_is_noticed() -> None:
    probe = HttpProbe("http://127.0.0.1:9/")
    with pytest.raises(httpx.TransportError):
        await probe()
    await probe.aclose()
