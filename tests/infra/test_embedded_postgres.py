"""The embedded PostgreSQL answers once started, keeps what was committed, and fails with one clear line."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from infra.postgres.embedded import EmbeddedPostgres
from infra.processes.owned import EmbeddedServerFailed

SMALL: dict[str, str | int] = {"shared_buffers": "16MB", "max_connections": 20}

OWNER = """
import sys, time
from pathlib import Path
from infra.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), settings={"shared_buffers": "16MB", "max_connections": 20})
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


async def execute(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def start_owner(directory: Path) -> tuple[subprocess.Popen[str], psutil.Process]:
    """Another process that owns a server, and that server."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(directory)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    postmaster = psutil.Process(int(owner.stdout.readline()))
    owner.stdout.close()
    return owner, postmaster


def start_innocent() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)


async def test_both_clients_connect_with_the_url_even_from_a_path_with_a_space(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "my data", fsync=False, settings=SMALL) as server:
        version = await execute(server.url(), "SHOW server_version_num")
        assert int(str(version)) >= 180000
        engine = create_async_engine(server.url().replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.connect() as connection:
            assert (await connection.execute(text("SELECT 2"))).scalar() == 2
        await engine.dispose()
    assert not server.is_running()


async def test_a_long_path_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / ("long" * 25), fsync=False, settings=SMALL) as server:
        assert await execute(server.url(), "SELECT 1") == 1


async def test_what_was_committed_survives_a_restart_and_a_crash(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, settings=SMALL)
    server.start()
    await execute(server.url(), "CREATE TABLE note AS SELECT 7 AS number")
    server.stop()
    server.start()
    await execute(server.url(), "INSERT INTO note VALUES (8)")
    server.kill()
    server.start()
    try:
        assert await execute(server.url(), "SELECT sum(number) FROM note") == 15
    finally:
        server.stop()


async def test_a_server_whose_owner_was_killed_stops_and_the_next_owner_takes_over(tmp_path: Path) -> None:
    owner, postmaster = start_owner(tmp_path)
    with pytest.raises(EmbeddedServerFailed, match=f"is in use by process {owner.pid}"):
        EmbeddedPostgres(tmp_path, settings=SMALL).start()
    owner.kill()
    owner.wait()
    with EmbeddedPostgres(tmp_path, settings=SMALL) as server:
        assert server.pid != postmaster.pid
        assert await execute(server.url(), "SELECT 1") == 1
    wait_for(lambda: not postmaster.is_running())


async def test_the_guard_stops_the_server_when_nobody_takes_over(tmp_path: Path) -> None:
    owner, postmaster = start_owner(tmp_path)
    owner.kill()
    owner.wait()
    wait_for(lambda: not postmaster.is_running() or postmaster.status() == psutil.STATUS_ZOMBIE)


async def test_a_stale_pid_file_that_names_an_innocent_process_harms_nobody(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, fsync=False, settings=SMALL) as server:
        server.kill()
    innocent = start_innocent()
    try:
        pid_file = tmp_path / "data" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(innocent.pid), *lines[1:], ""]))
        with EmbeddedPostgres(tmp_path, fsync=False, settings=SMALL) as server:
            assert await execute(server.url(), "SELECT 1") == 1
        assert innocent.poll() is None
    finally:
        os.kill(innocent.pid, signal.SIGKILL)
        innocent.wait()


def break_version(data: Path) -> None:
    (data / "PG_VERSION").unlink()


def break_control_file(data: Path) -> None:
    (data / "global" / "pg_control").write_bytes(b"\0" * 100)


def break_major_version(data: Path) -> None:
    (data / "PG_VERSION").write_text("12\n")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (break_version, "is not a PostgreSQL data directory"),
        (break_control_file, "pg_control"),
        (break_major_version, "incompatible"),
    ],
)
async def test_a_broken_directory_gives_one_clear_line(
    tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    with EmbeddedPostgres(tmp_path, fsync=False, settings=SMALL):
        pass
    damage(tmp_path / "data")
    server = EmbeddedPostgres(tmp_path, fsync=False, settings=SMALL)
    with pytest.raises(EmbeddedServerFailed, match=message) as caught:
        server.start()
    assert "\n" not in caught.value.message
    assert not server.is_running()


async def test_a_directory_that_is_a_file_gives_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(EmbeddedServerFailed, match="cannot be used"):
        EmbeddedPostgres(tmp_path / "taken").start()
