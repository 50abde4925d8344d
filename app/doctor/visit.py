"""One visit of the doctor: settings that are refused are findings too."""

from pathlib import Path

from app.doctor.examination import examine
from app.doctor.findings import Area, Finding, fault
from app.doctor.place import settings_of_place
from app.settings import SettingsRefused


async def visit(data: Path) -> list[Finding]:
    """Examine the place that the environment, or the data directory of `market dev`, describes."""
    try:
        settings = settings_of_place(data)
    except SettingsRefused as refused:
        remedy = "correct it; README.md lists all settings"
        return [fault(Area.SETTINGS, "settings", words, remedy) for words in str(refused).split("; ")]
    return await examine(settings)
