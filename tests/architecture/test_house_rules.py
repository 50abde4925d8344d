"""The rules of the house that no linter knows: sizes, names, places, imports."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

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


def offenders(offends: Callable[[Path], object]) -> dict[str, object]:
    """File -> what is wrong there, for the files where something is."""
    return {name_of(path): fault for path in sources(*LAYERS) if (fault := offends(path))}


def test_files_are_short_enough_to_be_read() -> None:
    assert offenders(lambda path: len(path.read_text().splitlines()) > FILE_LINES_MAX) == {}


def test_functions_do_one_thing() -> None:
    def too_long(path: Path) -> list[str]:
        return [each.name for each in functions(path) if (each.end_lineno or 0) - each.lineno + 1 > FUNCTION_LINES_MAX]

    assert offenders(too_long) == {}


def test_imports_stand_at_the_top() -> None:
    """A local import hides a cycle."""

    def local(path: Path) -> list[int]:
        return [
            node.lineno
            for function in functions(path)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]

    assert offenders(local) == {}


def test_modules_say_what_they_are_for() -> None:
    def silent(path: Path) -> bool:
        return path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))

    assert offenders(silent) == {}


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
