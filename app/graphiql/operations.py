"""The ready-made operations: one GraphQL file a tab, with who sends it, its variables and what to keep of its answer.

Invariant: a file's head says everything about its tab, so adding a tab is adding a file.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

DIRECTORY: Final = Path(__file__).parent / "operations"
VIEWERS: Final = ("guest", "buyer", "seller", "admin", "colleague")
"""The colleague's account is made by a tab, which keeps their token; the others are demo accounts."""
_NAME: Final = re.compile(r"^(?:query|mutation|subscription) (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ReadyOperation:
    """`keep`: name -> path into the answer's data; "{name}" in later variables stands for what was found there."""

    title: str
    name: str
    viewer: str
    text: str
    variables: dict[str, Any]
    keep: dict[str, str]


@cache
def ready_operations() -> tuple[ReadyOperation, ...]:
    """In the order in which they are meant to be sent."""
    return tuple(parsed(path.read_text()) for path in sorted(DIRECTORY.glob("*.graphql")))


def parsed(text: str) -> ReadyOperation:
    """Raises ValueError for a file whose head does not say what it must."""
    head = [line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#")]
    body = "".join(line for line in text.splitlines(keepends=True) if not _is_direction(line))
    name = _NAME.search(text)
    viewers = _directions(head, "as")
    if name is None or viewers not in [[viewer] for viewer in VIEWERS]:
        raise ValueError(f"{head[0] if head else 'a file'}: needs one named operation and one viewer")
    variables = _directions(head, "variables")
    return ReadyOperation(
        title=head[0],
        name=name[1],
        viewer=viewers[0],
        text=re.sub(r"\n#\n(?=query|mutation|subscription)", "\n", body),
        variables=json.loads(variables[0]) if variables else {},
        keep=dict(_split(rule) for rule in _directions(head, "keep")),
    )


def _directions(head: list[str], word: str) -> list[str]:
    return [line.removeprefix(f"{word}:").strip() for line in head if line.startswith(f"{word}:")]


def _is_direction(line: str) -> bool:
    return bool(re.match(r"# (as|variables|keep):", line))


def _split(rule: str) -> tuple[str, str]:
    name, _, path = rule.partition("=")
    return name.strip(), path.strip()
