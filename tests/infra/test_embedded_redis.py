"""The embedded Redis answers once started, keeps an append-only file, says in one line why it cannot run."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from redis import Redis

from infra.processes.owned import EmbeddedServerFailed
from infra.redis.embedded import EmbeddedRedis

OWNER = """
import sys, time
from pathlib import Path
from infra.redis.embedded import EmbeddedRedis
server = EmbeddedRedis(Path(sys.argv[1]), appendonly=True)
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@contextmanager
def connected(url: str) -> Iterator[Redis]:
    client = Redis.from_url(url, decode_responses=True)
    try:
        yield client
    finally:
        client.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("on_port", [True, False])
def test_databases_are_separate_on_a_port_and_on_a_socket(tmp_path: Path, *, on_port: bool) -> None:
    server = EmbeddedRedis(tmp_path / "my data", port=free_port() if on_port else None)
    with server, connected(server.url(3)) as third, connected(server.url()) as first:
        third.set("key", "value")
        assert third.get("key") == "value"
        assert first.get("key") is None
    assert not server.is_running()


def test_a_long_path_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / ("long" * 25)) as server, connected(server.url()) as client:
        assert client.ping()


def test_an_append_only_server_keeps_its_data_over_a_restart(tmp_path: Path) -> None:
    for expected in (1, 2, 3):
        with EmbeddedRedis(tmp_path, appendonly=True) as server, connected(server.url()) as client:
            assert client.incr("starts") == expected


def test_a_torn_append_only_file_after_a_crash_is_loaded(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, appendonly=True) as server, connected(server.url()) as client:
        client.set("kept", "yes")
    file = next(tmp_path.rglob("appendonly.aof"))
    with file.open("ab") as log:
        log.write(b"*3\r\n$3\r\nSET\r\n$4\r\nto")
    with EmbeddedRedis(tmp_path, appendonly=True) as server, connected(server.url()) as client:
        assert client.get("kept") == "yes"


def test_the_next_owner_takes_over_from_one_that_was_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    leftover = psutil.Process(int(owner.stdout.readline()))
    owner.stdout.close()
    with pytest.raises(EmbeddedServerFailed, match=f"is in use by process {owner.pid}"):
        EmbeddedRedis(tmp_path).start()
    owner.kill()
    owner.wait()
    with EmbeddedRedis(tmp_path, appendonly=True) as server, connected(server.url()) as client:
        assert server.pid != leftover.pid
        assert client.ping()


def test_a_port_in_use_gives_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = EmbeddedRedis(tmp_path, port=int(taken.getsockname()[1]))
        with pytest.raises(EmbeddedServerFailed, match="Failed listening on port") as caught:
            server.start()
    assert "\n" not in caught.value.message


def test_a_damaged_append_only_file_gives_one_clear_line(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, appendonly=True) as server, connected(server.url()) as client:
        client.set("key", "value")
    next(tmp_path.rglob("appendonly.aof")).write_bytes(b"nonsense\r\n" * 10)
    with pytest.raises(EmbeddedServerFailed, match="Bad file format"):
        EmbeddedRedis(tmp_path, appendonly=True).start()
