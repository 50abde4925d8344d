"""The settings as a Markdown table, so that what is documented is what is read."""

from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.settings import Settings

TABLE_BEGIN = "<!-- settings: written by `market settings` -->"
TABLE_END = "<!-- end of settings -->"


def settings_table() -> str:
    """One row per setting: environment variable, default, meaning."""
    rows = ["| variable | default | what it is |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `{name.upper()}` | {shown_default(field)} | {field.description} |")
    return "\n".join(rows)


def shown_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.default
    if isinstance(value, SecretStr):
        return "for development only"
    if value is None or value == ():
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def with_settings_table(document: str) -> str:
    """A document with the table between its two markers replaced."""
    before, begin, rest = document.partition(TABLE_BEGIN)
    _, end, after = rest.partition(TABLE_END)
    if not begin or not end:
        raise ValueError("the document lacks the two markers of the settings table")
    return f"{before}{TABLE_BEGIN}\n{settings_table()}\n{TABLE_END}{after}"
