"""Numbered parameters of a statement that is put together from parts; no value ever stands in the text itself."""

from typing import Any


class Parameters:
    """Values in the order of their placeholders."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def add(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"
