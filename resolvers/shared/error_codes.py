"""The codes of failures in the schema: every code of the domain, with what it means.

Invariant: there is no second list of them. A domain error is in the enum by being defined in its noun's `errors.py`.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, Final

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

import domain
import domain.shared.paging
from domain.shared.errors import DomainError


def _import_errors() -> None:
    """All nouns' errors, also of those that no resolver has imported yet: the enum is the same whoever asks first."""
    for noun in iter_modules(domain.__path__, "domain."):
        if find_spec(f"{noun.name}.errors") is not None:
            import_module(f"{noun.name}.errors")


def _descendants(error: type[DomainError]) -> Iterator[type[DomainError]]:
    for each in error.__subclasses__():
        if each.__module__.startswith("domain."):
            yield each
            yield from _descendants(each)


def _fact(error: type[DomainError]) -> str:
    """The first sentence of the class, or its name, which states the fact."""
    words = " ".join((error.__doc__ or "").split("\n\n")[0].split())
    spoken = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", error.__name__).capitalize()
    return re.split(r"(?<=\.) ", words)[0] or f"{spoken}."


_import_errors()
_FACTS: Final = {error.code: _fact(error) for error in _descendants(DomainError) if "code" in vars(error)}
_make: Any = StrEnum

ErrorCode: Any = strawberry.enum(
    _make("ErrorCode", [(code, code) for code in sorted(_FACTS)]),
    description=(
        "The stable word for a failure, as a member of a result or as `extensions.code` of a top-level error. "
        "New ones may come: keep a default branch and show `message`."
    ),
)
_definition: StrawberryEnumDefinition = ErrorCode.__strawberry_definition__
_values: Final = {value.name: value for value in _definition.values}
for _value in _definition.values:
    _value.description = _FACTS[_value.name]


def describe(error: type[DomainError], description: str) -> None:
    """The type that shows an error in the unions says more of it than its name does."""
    if "code" in vars(error) and error.code in _values:
        _values[error.code].description = description


def meaning(error: type[DomainError]) -> str:
    """What the schema says of an error's code."""
    description = _values[error.code].description
    assert description is not None
    return description
