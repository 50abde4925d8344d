"""Domain enums in the schema, with a description on every value."""

from enum import Enum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

E = TypeVar("E", bound=Enum)


def expose(enum: type[E], description: str, values: dict[E, str], *, name: str | None = None) -> type[E]:
    """Makes a domain enum a GraphQL enum. Every member needs a description; a missing one stops the start."""
    missing = [member.name for member in enum if member not in values]
    assert not missing, f"{enum.__name__} has values without a description: {missing}"
    made = strawberry.enum(enum, description=description, name=name)
    definition: StrawberryEnumDefinition = made.__strawberry_definition__  # type: ignore[attr-defined]  # set by strawberry
    for value in definition.values:
        value.description = values[enum[value.name]]
    return made
