"""The operations that are registered with this program: read from files once, at the start.

Invariant: an id stands for one text; two manifests that disagree about one stop the start.
"""

import json
from pathlib import Path
from typing import Final

from app.settings import SettingsRefused
from resolvers.transport.persisted import read_manifest

DOCUMENTS_MAX: Final = 20_000


def read_manifests(path: Path | None) -> dict[str, str]:
    """Texts by document id, of one file or of all `*.json` of a folder. Raises SettingsRefused."""
    if path is None:
        return {}
    known: dict[str, str] = {}
    for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
        for document_id, text in _read(file).items():
            if known.setdefault(document_id, text) != text:
                raise SettingsRefused(f"TRUSTED_DOCUMENTS: {file.name} has another text for {document_id[:80]}")
    if len(known) > DOCUMENTS_MAX:
        raise SettingsRefused(f"TRUSTED_DOCUMENTS: more than {DOCUMENTS_MAX} documents")
    return known


def _read(file: Path) -> dict[str, str]:
    try:
        return read_manifest(json.loads(file.read_bytes()))
    except OSError as fault:
        raise SettingsRefused(f"TRUSTED_DOCUMENTS: {file} cannot be read: {fault.strerror}") from None
    except (ValueError, RecursionError) as fault:
        raise SettingsRefused(f"TRUSTED_DOCUMENTS: {file.name} is no manifest: {fault}") from None
