"""Attributes: what a category asks of its listings, and what a listing says, typed.

Invariant: a stored value has the type that its category's schema gave it when it was stored. Schemas may change
afterwards, so whoever publishes a listing checks it again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, TypeAdapter

from domain.catalog.model import ATTRIBUTES_MAX, AttributeType
from domain.shared.commands import command
from domain.shared.errors import Issue

CHOICES_MAX: Final = 100
VALUE_MAX: Final = 200
DIGITS_MAX: Final = 15
"""A number of at most so many digits survives JSON and back."""

AttributeValue = str | int | float | bool
AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f]*$")]
Choice = Annotated[str, StringConstraints(min_length=1, max_length=VALUE_MAX, pattern=r"^[^\x00-\x1f]*$")]

_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_BOOLEANS: Final = {"true": True, "false": False}


@command
class AttributeDefinition:
    """One attribute of a category. `choices` belong to CHOICE, `unit` to NUMBER; `facet`: search filters by it."""

    name: AttributeName
    label: Label
    type: AttributeType
    required: bool = False
    facet: bool = False
    choices: Annotated[tuple[Choice, ...], Field(max_length=CHOICES_MAX)] = ()
    unit: Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\x00-\x1f]*$")] = ""


Schema = Sequence[AttributeDefinition]
_DEFINITIONS: Final = TypeAdapter(tuple[AttributeDefinition, ...])


@command
class GivenAttribute:
    """What a seller says: the value as text, whatever its type (`42.5`, `true`, one of the choices)."""

    name: str
    value: str


def read_schema(stored: Sequence[Mapping[str, Any]]) -> tuple[AttributeDefinition, ...]:
    """A category's schema as it stands in the database."""
    return _DEFINITIONS.validate_python(stored)


def write_schema(schema: Schema) -> list[dict[str, Any]]:
    return [{**asdict(each), "choices": list(each.choices)} for each in schema]


def schema_faults(inherited: Schema, own: Schema) -> list[Issue]:
    """What is wrong with a category's own attributes, beneath those of its parents."""
    issues = []
    names = {each.name for each in inherited}
    for index, each in enumerate(own):
        place = ("attributes", str(index))
        if each.name in names:
            issues.append(Issue((*place, "name"), "TAKEN", f"There is an attribute {each.name} already."))
        if (each.type is AttributeType.CHOICE) != bool(each.choices):
            issues.append(Issue((*place, "choices"), "INVALID", "Exactly an attribute by choice has choices."))
        if len(set(each.choices)) != len(each.choices):
            issues.append(Issue((*place, "choices"), "DUPLICATE", "A choice stands there twice."))
        if each.unit and each.type is not AttributeType.NUMBER:
            issues.append(Issue((*place, "unit"), "INVALID", "Only a number has a unit."))
        names.add(each.name)
    if len(inherited) + len(own) > ATTRIBUTES_MAX:
        message = f"A category has at most {ATTRIBUTES_MAX} attributes, its parents' included."
        issues.append(Issue(("attributes",), "TOO_MANY", message))
    return issues


def parse_attributes(
    schema: Schema, given: Sequence[GivenAttribute]
) -> tuple[dict[str, AttributeValue], tuple[Issue, ...]]:
    """The typed values by name, and every fault with its place (`attributes.2.value`). Missing ones are no fault."""
    known = {each.name: each for each in schema}
    values: dict[str, AttributeValue] = {}
    issues = []
    for index, each in enumerate(given):
        place = ("attributes", str(index))
        definition = known.get(each.name)
        if definition is None:
            message = f"This category has no attribute {each.name[:50]!r}."
            issues.append(Issue((*place, "name"), "UNKNOWN", message))
        elif each.name in values:
            issues.append(Issue((*place, "name"), "DUPLICATE", f"{definition.label} stands there twice."))
        else:
            value = _parse(definition, each.value)
            if isinstance(value, _Fault):
                issues.append(Issue((*place, "value"), value.code, f"{definition.label}: {value.message}"))
            else:
                values[each.name] = value
    return values, tuple(issues)


def missing_attributes(schema: Schema, values: Mapping[str, object]) -> tuple[Issue, ...]:
    """What a listing has to say before it may be published."""
    return tuple(
        Issue(("attributes",), "REQUIRED", f"{each.label} ({each.name}) is missing.")
        for each in schema
        if each.required and each.name not in values
    )


def stored_faults(schema: Schema, values: Mapping[str, AttributeValue]) -> tuple[Issue, ...]:
    """What is wrong with a listing's stored values, should its category or the schema have changed meanwhile."""
    given = [GivenAttribute(name=name, value=value_text(value)) for name, value in values.items()]
    _, issues = parse_attributes(schema, given)
    return tuple(Issue(("attributes",), issue.code, issue.message) for issue in issues)


def value_text(value: AttributeValue) -> str:
    """The form in which values come and go: `true`, `42.5`, `Red`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)


class _Fault:
    """Why a text is no value of its attribute."""

    __slots__ = ("code", "message")

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message


def _parse(definition: AttributeDefinition, text: str) -> AttributeValue | _Fault:
    return _PARSERS[definition.type](definition, text.strip())


def _text(_: AttributeDefinition, text: str) -> AttributeValue | _Fault:
    if not text or len(text) > VALUE_MAX or _CONTROL.search(text):
        return _Fault("INVALID", f"one line of 1 to {VALUE_MAX} characters.")
    return text


def _number(_: AttributeDefinition, text: str) -> AttributeValue | _Fault:
    if not _NUMBER.fullmatch(text):
        return _Fault("NOT_A_NUMBER", "a number as 42 or 3.5, with at most 6 decimal places.")
    number = Decimal(text)
    if len(number.normalize().as_tuple().digits) > DIGITS_MAX:
        return _Fault("TOO_PRECISE", f"at most {DIGITS_MAX} digits.")
    whole = int(number)
    return whole if whole == number else float(number)


def _boolean(_: AttributeDefinition, text: str) -> AttributeValue | _Fault:
    value = _BOOLEANS.get(text.lower())
    return _Fault("NOT_A_BOOLEAN", "true or false.") if value is None else value


def _choice(definition: AttributeDefinition, text: str) -> AttributeValue | _Fault:
    if text in definition.choices:
        return text
    some = ", ".join(definition.choices[:10])
    return _Fault("NOT_A_CHOICE", f"one of {some}{', ...' if len(definition.choices) > 10 else ''}.")


_PARSERS: Final[Mapping[AttributeType, Callable[[AttributeDefinition, str], AttributeValue | _Fault]]] = {
    AttributeType.TEXT: _text,
    AttributeType.NUMBER: _number,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.CHOICE: _choice,
}
