"""Migrations of a release only add, so the release before works on the newer schema: both run while one is replaced."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

VERSIONS: Final = Path("infra/postgres/migrations/versions")
BEFORE_ANY_RELEASE: Final = "0025"
"""Up to here no release had to go on working."""
TAKES_AWAY: Final = {"drop_table", "drop_column", "rename_table"}
CHANGES: Final = {"new_column_name", "type_"}


def newer() -> list[Path]:
    return [path for path in sorted(VERSIONS.glob("0*.py")) if path.name[:4] > BEFORE_ANY_RELEASE]


def faults_of(source: str) -> list[str]:
    """What `upgrade` does that a running release would stumble over."""
    (upgrade,) = (
        each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef) and each.name == "upgrade"
    )
    return [fault for call in ast.walk(upgrade) if isinstance(call, ast.Call) for fault in _faults(call)]


def _faults(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    given = {word.arg: word.value for word in call.keywords}
    if name in TAKES_AWAY:
        yield name
    if name == "alter_column" and (CHANGES & given.keys() or _is_false(given.get("nullable"))):
        yield name
    if name == "add_column":
        column = next((each for each in call.args if isinstance(each, ast.Call)), None)
        words = {word.arg: word.value for word in column.keywords} if column is not None else {}
        if _is_false(words.get("nullable")) and "server_default" not in words:
            yield "add_column that may not be null, without a default"
    if name == "alter_column" and "server_default" in given:
        yield "a default that the release before may count on"


def _is_false(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("op.drop_column('listing', 'brand')", "drop_column"),
        ("op.alter_column('listing', 'brand', nullable=False)", "alter_column"),
        ("op.alter_column('listing', 'brand', new_column_name='make')", "alter_column"),
        ("op.alter_column('listing', 'brand', server_default=None)", "a default that the release before may count on"),
        (
            "op.add_column('listing', sa.Column('a', sa.Text(), nullable=False))",
            "add_column that may not be null, without a default",
        ),
        ("op.add_column('listing', sa.Column('a', sa.Text(), nullable=True))", None),
        ("op.add_column('listing', sa.Column('a', sa.Text(), nullable=False, server_default=''))", None),
        ("op.create_index('ix', 'listing', ['brand'])\n    op.drop_index('ix_old', 'listing')", None),
    ],
)
def test_the_check_sees_what_a_running_release_stumbles_over(step: str, fault: str | None) -> None:
    assert faults_of(f"def upgrade():\n    {step}\n") == ([fault] if fault else [])


def test_what_comes_after_the_first_release_only_adds() -> None:
    assert {path.name: found for path in newer() if (found := faults_of(path.read_text()))} == {}
