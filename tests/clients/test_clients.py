"""Guarantee: real clients work against the edge as they come, and the specification's audits find nothing.

The clients are npm packages at locked versions, installed on first use into the project's cache. Without node or
without a registry the tests are skipped and say why.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.graphql.edge.conftest import served_edge
from tests.graphql.edge.market import market_schema

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "clients"
INSTALL_SECONDS = 70
RUN_SECONDS = 40
CLIENTS = {"audits": 61, "sockets": 5, "events": 3, "apollo": 6, "urql": 6}

Results = dict[str, dict[str, str]]


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Several workers of the test runner share the cache."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def installed() -> Path:
    """The folder with the packages of the lock file, made if it is not there yet."""
    lock = (HERE / "package-lock.json").read_bytes()
    target = CACHE / hashlib.sha256(lock).hexdigest()[:16]
    with one_at_a_time(CACHE / "lock"):
        done = target / "installed"
        if not done.exists():
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, target)
            install = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=target,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
            if install.returncode:
                pytest.skip(f"npm could not install the clients: {install.stderr[-300:]}")
            done.touch()
        for script in HERE.glob("*.mjs"):
            shutil.copy(script, target)
    return target


@pytest.fixture(scope="module")
def results() -> Results:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are needed to run real clients")
    folder = installed()
    with served_edge(market_schema(open_to_all=True)) as served:
        ran = subprocess.run(
            ["node", "main.mjs", served.http, served.ws],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    found: Results = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_works_against_the_edge(results: Results, client: str) -> None:
    found = results[client]

    assert {name: outcome for name, outcome in found.items() if outcome != "ok"} == {}
    assert len(found) == CLIENTS[client], "no check was lost"
