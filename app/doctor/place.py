"""Which settings the doctor examines: those of the environment, or of what `market dev` runs on a data directory."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.settings import Settings, SettingsRefused, load_settings

FILE_NAME: Final = "environment.json"
PRIVATE: Final = 0o600


def remember_environment(data: Path, chosen: Mapping[str, str]) -> None:
    """Leave beside the data what the launcher chose, for commands that are run next to it."""
    path = data / FILE_NAME
    path.touch(mode=PRIVATE)
    path.write_text(json.dumps(dict(chosen), indent=1))


def settings_of_place(data: Path) -> Settings:
    """The environment's settings; what it leaves open comes from the data directory. Raises SettingsRefused."""
    path = data / FILE_NAME
    remembered: dict[str, str] = {}
    if "DATABASE_URL" not in os.environ and path.exists():
        known = {name.upper() for name in Settings.model_fields}
        remembered = {name: value for name, value in json.loads(path.read_text()).items() if name in known}
    try:
        return load_settings(**{name.lower(): value for name, value in remembered.items() if name not in os.environ})
    except SettingsRefused as refused:
        if "DATABASE_URL" in os.environ or path.exists():
            raise
        hint = f"nothing runs on {data} (`market dev` would), and no other place is set"
        raise SettingsRefused(f"{hint}; {refused}") from None
