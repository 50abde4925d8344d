"""Inputs into commands: the one place where outside values become domain values, with all faults at once."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import strawberry
from pydantic import TypeAdapter, ValidationError

from domain.shared.errors import InvalidInput, Issue
from domain.shared.wording import sentence

C = TypeVar("C")


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(command: type[Any]) -> TypeAdapter[Any]:
    """One validator per command class, built when the command first comes."""
    if command not in _adapters:
        _adapters[command] = TypeAdapter(command)
    return _adapters[command]


def parse(command: type[C], source: object, **more: object) -> C:
    """A command from a GraphQL input of the same field names, and from `more`.

    Fields that were left out take the command's defaults. Raises InvalidInput with every fault, or MalformedId.
    """
    values = {**_plain(source), **more}
    try:
        made: C = _adapter(command).validate_python(values)
    except ValidationError as fault:
        raise InvalidInput([_issue(error) for error in fault.errors(include_url=False, include_input=False)]) from fault
    return made


def _plain(source: object) -> dict[str, Any]:
    assert is_dataclass(source)
    values = ((each.name, getattr(source, each.name)) for each in fields(source))
    return {name: _value(value) for name, value in values if value is not strawberry.UNSET}


def _value(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(value)
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, strawberry.Some):
        return _value(value.value)
    return value


def _issue(error: Mapping[str, Any]) -> Issue:
    return Issue(
        path=tuple(str(part) for part in error["loc"]),
        code=str(error["type"]).upper(),
        message=sentence(error),
    )
