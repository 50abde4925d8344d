"""The rules of the house that no linter knows: sizes, names, places, imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("app", "resolvers", "domain", "infra")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
FORBIDDEN_NAMES = {
    "service", "services", "utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "core",
}  # fmt: skip
TOP_LEVEL = {
    "pyproject.toml", "schema.graphql", "app", "resolvers", "domain", "infra", "tests", "compose.yaml", "README.md",
    "Makefile", ".ci", "docs", ".gitignore", ".dockerignore",
}  # fmt: skip
DOMAIN_NOUNS_WITH_READS_ONLY = {"storefront", "backoffice"}


def sources(*layers: str) -> list[Path]:
    return sorted(path for layer in layers for path in (ROOT / layer).rglob("*.py") if "migrations" not in path.parts)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_are_sources() -> None:
    assert len(sources(*LAYERS)) > 100


@pytest.mark.parametrize("path", sources(*LAYERS), ids=name_of)
def test_a_file_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES_MAX


@pytest.mark.parametrize("path", sources(*LAYERS), ids=name_of)
def test_a_function_does_one_thing(path: Path) -> None:
    long = {each.name: (each.end_lineno or 0) - each.lineno + 1 for each in functions(path)}
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES_MAX} == {}


@pytest.mark.parametrize("path", sources(*LAYERS), ids=name_of)
def test_imports_stand_at_the_top(path: Path) -> None:
    """A local import hides a cycle."""
    local = [
        node.lineno
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert local == []


@pytest.mark.parametrize("path", sources(*LAYERS), ids=name_of)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    if path.name != "__init__.py":
        assert ast.get_docstring(ast.parse(path.read_text())), "no module docstring"


def test_no_file_name_that_says_nothing() -> None:
    assert [name_of(path) for path in sources(*LAYERS) if path.stem in FORBIDDEN_NAMES] == []


def test_the_top_level_holds_what_the_plan_names() -> None:
    tracked = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") or path.name in TOP_LEVEL}
    made = {"marketplace.egg-info", "node_modules"}
    assert tracked - TOP_LEVEL - made == set()


def test_packages_with_reads_only_have_nothing_else() -> None:
    for noun in DOMAIN_NOUNS_WITH_READS_ONLY:
        kinds = {path.stem for path in (ROOT / "domain" / noun).glob("*.py")} - {"__init__"}
        assert all("read" in kind or kind == "views" for kind in kinds), kinds


def test_nouns_are_spelled_alike_in_every_layer() -> None:
    nouns = {path.name for path in (ROOT / "domain").iterdir() if path.is_dir() and path.name != "__pycache__"}
    layers_own = {"shared", "extensions", "transport", "__pycache__"}
    spelled = {path.name for path in (ROOT / "resolvers").iterdir() if path.is_dir()} - layers_own
    assert spelled <= nouns
