"""The generated documents: which there are, whether those on disk are still true, and writing them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from app.reference.entities import entities_document
from app.reference.errors import errors_document
from app.reference.events import events_document
from app.reference.states import states_document

DIRECTORY: Final = Path(__file__).resolve().parents[2] / "docs" / "reference"
NOTE: Final = "<!-- Written by `make docs` from the code; changes by hand are lost. -->\n\n"
DOCUMENTS: Final[Mapping[str, Callable[[], str]]] = {
    "states.md": states_document,
    "errors.md": errors_document,
    "tables.md": entities_document,
    "events.md": events_document,
}


def reference() -> dict[str, str]:
    """File name -> text, as the code says it now."""
    return {name: NOTE + make().rstrip() + "\n" for name, make in DOCUMENTS.items()}


def drifted(directory: Path = DIRECTORY) -> list[str]:
    """Names of the documents that say something else than the code."""
    return [
        name
        for name, text in reference().items()
        if not (directory / name).exists() or (directory / name).read_text() != text
    ]


def write_reference(directory: Path = DIRECTORY) -> list[str]:
    """Bring them in step; the names of those that changed."""
    changed = drifted(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in reference().items():
        if name in changed:
            (directory / name).write_text(text)
    return changed
