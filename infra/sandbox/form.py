"""Nested form parameters (`metadata[order]=7`, `expand[]=latest_charge`), read by name and checked.

A handler asks for each parameter it knows; `end()` then refuses whatever nobody asked for, as Stripe does.
"""

import re
from collections.abc import Iterable
from typing import Literal, overload

from infra.sandbox.errors import ApiError, invalid

Value = str | dict[str, "Value"]

PAIRS_MAX = 1_000
DEPTH_MAX = 8
AMOUNT_MAX = 99_999_999
TEXT_MAX = 5_000
METADATA_KEYS_MAX = 50
METADATA_KEY_MAX = 40
METADATA_VALUE_MAX = 500
_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Value]:
    """The nested form of flat pairs. Arrays become objects whose keys are their positions."""
    root: dict[str, Value] = {}
    for count, (name, value) in enumerate(pairs):
        if count >= PAIRS_MAX:
            raise invalid(f"Too many parameters; at most {PAIRS_MAX} are allowed.")
        match = _NAME.match(name)
        if match is None:
            raise invalid(f"Invalid parameter name: {name}", param=name)
        steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        if len(steps) > DEPTH_MAX:
            raise invalid(f"Parameters are nested too deeply: {name}", param=name)
        _place(root, steps, value, name)
    return root


def _place(root: dict[str, Value], steps: list[str], value: str, name: str) -> None:
    here = root
    for step in steps[:-1]:
        inner = here.setdefault(step or str(len(here)), {})
        if isinstance(inner, str):
            raise invalid(f"Invalid object: {name}", param=name)
        here = inner
    here[steps[-1] or str(len(here))] = value


class Form:
    """The parameters of one request, or of one nested object within it."""

    def __init__(self, values: dict[str, Value], prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix
        self._asked: set[str] = set()
        self._children: list[Form] = []

    def _label(self, name: str) -> str:
        return f"{self._prefix}[{name}]" if self._prefix else name

    def _get(self, name: str) -> Value | None:
        self._asked.add(name)
        return self._values.get(name)

    def has(self, name: str) -> bool:
        return name in self._values

    @overload
    def text(self, name: str, *, required: Literal[True], clearable: bool = ...) -> str: ...
    @overload
    def text(self, name: str, *, required: bool = ..., clearable: bool = ...) -> str | None: ...
    def text(self, name: str, *, required: bool = False, clearable: bool = False) -> str | None:
        value = self._get(name)
        label = self._label(name)
        if value is None:
            if required:
                raise invalid(f"Missing required param: {label}.", code="parameter_missing", param=label)
            return None
        if not isinstance(value, str):
            raise invalid(f"Invalid string: {value}", param=label)
        if value == "" and not clearable:
            raise invalid(
                f"You passed an empty string for '{label}'. We assume empty values are an attempt to unset a "
                f"parameter; however '{label}' cannot be unset.",
                code="parameter_invalid_empty",
                param=label,
            )
        if len(value) > TEXT_MAX:
            raise invalid(
                f"Invalid string: must be at most {TEXT_MAX} characters",
                code="parameter_invalid_string",
                param=label,
            )
        return value

    @overload
    def integer(self, name: str, *, required: Literal[True], least: int = ..., most: int = ...) -> int: ...
    @overload
    def integer(self, name: str, *, required: bool = ..., least: int = ..., most: int = ...) -> int | None: ...
    def integer(self, name: str, *, required: bool = False, least: int = 0, most: int = AMOUNT_MAX) -> int | None:
        text = self.text(name, required=required)
        if text is None:
            return None
        label = self._label(name)
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise self._not_an_integer(f"Invalid integer: {text}", label)
        value = int(text)
        if value < least:
            raise self._not_an_integer(f"This value must be greater than or equal to {least}.", label)
        if value > most:
            raise self._not_an_integer(f"This value must be less than or equal to {most}.", label)
        return value

    @staticmethod
    def _not_an_integer(message: str, label: str) -> ApiError:
        return invalid(message, code="parameter_invalid_integer", param=label)

    @overload
    def choice(self, name: str, options: Iterable[str], *, required: Literal[True]) -> str: ...
    @overload
    def choice(self, name: str, options: Iterable[str], *, required: bool = ...) -> str | None: ...
    def choice(self, name: str, options: Iterable[str], *, required: bool = False) -> str | None:
        text = self.text(name, required=required)
        allowed = tuple(options)
        if text is None or text in allowed:
            return text
        label = self._label(name)
        raise invalid(f"Invalid {label}: must be one of {' or '.join(allowed)}", param=label)

    def boolean(self, name: str) -> bool | None:
        text = self.choice(name, ("true", "false"))
        return None if text is None else text == "true"

    def currency(self, name: str) -> str:
        text = self.text(name, required=True).lower()
        if not re.fullmatch(r"[a-z]{3}", text):
            label = self._label(name)
            raise invalid(f"Invalid currency: {text}.", code="parameter_invalid", param=label)
        return text

    def texts(self, name: str) -> list[str]:
        value = self._get(name)
        if value is None:
            return []
        label = self._label(name)
        if isinstance(value, str):
            raise invalid("Invalid array", param=label)
        items = list(value.values())
        if not all(isinstance(item, str) for item in items):
            raise invalid("Invalid array", param=label)
        return [item for item in items if isinstance(item, str)]

    def child(self, name: str) -> "Form | None":
        """The nested object of that name; its unknown parameters are refused with this form's."""
        value = self._get(name)
        if value is None:
            return None
        label = self._label(name)
        if isinstance(value, str):
            raise invalid("Invalid object", param=label)
        form = Form(value, label)
        self._children.append(form)
        return form

    def metadata(self, held: dict[str, str] | None = None) -> dict[str, str]:
        """`held` with the given keys set, and those given empty removed."""
        result = dict(held or {})
        if self._get("metadata") == "":
            return {}
        form = self.child("metadata")
        for key in form._values if form is not None else ():  # noqa: SLF001 - the same class
            assert form is not None
            value = form.text(key, clearable=True)
            if len(key) > METADATA_KEY_MAX or (value is not None and len(value) > METADATA_VALUE_MAX):
                raise invalid(
                    f"Metadata keys can have up to {METADATA_KEY_MAX} characters and values up to "
                    f"{METADATA_VALUE_MAX}.",
                    param="metadata",
                )
            if value:
                result[key] = value
            else:
                result.pop(key, None)
        if len(result) > METADATA_KEYS_MAX:
            raise invalid(f"You can specify up to {METADATA_KEYS_MAX} metadata keys.", param="metadata")
        return result

    def end(self) -> None:
        for name in self._values:
            if name not in self._asked:
                label = self._label(name)
                raise invalid(f"Received unknown parameter: {label}", code="parameter_unknown", param=label)
        for form in self._children:
            form.end()
