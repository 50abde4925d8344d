"""Scalars, money and nodes: the small types that every noun uses."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NewType
from uuid import UUID

import strawberry
from strawberry.types.scalar import ScalarDefinition

from domain.shared.ids import encode_id
from domain.shared.money import MINOR_UNITS_MAX, formatted

MinorUnits = NewType("MinorUnits", int)
CurrencyCode = NewType("CurrencyCode", str)


def _minor_units(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MINOR_UNITS_MAX:
        raise ValueError("MinorUnits is a whole number within 2^53 - 1")
    return value


def _amount(value: object) -> object:
    return value


def _code(value: object) -> object:
    return value


UNCHANGED: Final[Mapping[Callable[[Any], Any], type]] = {_amount: int, _code: str}
"""How a scalar is written that is written as it is, and the type that its values have."""

SCALARS: dict[object, ScalarDefinition] = {
    MinorUnits: strawberry.scalar(
        name="MinorUnits",
        description="An amount in the currency's minor unit (cents), a JSON number within 2^53 - 1.",
        serialize=_amount,
        parse_value=_minor_units,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description="An ISO 4217 currency code, as `EUR`.",
        serialize=_code,
        parse_value=str,
    ),
}


@strawberry.type(name="Money", description="An amount of money.")
class MoneyType:
    amount_minor: MinorUnits = strawberry.field(description="The amount in minor units: 1234 for 12.34 EUR.")
    currency: CurrencyCode = strawberry.field(description="Its currency.")

    @strawberry.field(description="Plain text, as `12.34 EUR`. Localise from the parts.")
    def formatted(self) -> str:
        return formatted(self.amount_minor, self.currency)


def money(amount_minor: int, currency: str) -> MoneyType:
    return MoneyType(amount_minor=MinorUnits(amount_minor), currency=CurrencyCode(currency))


@strawberry.interface(description="Anything with an id of its own; `node(id:)` finds it again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, prefixed by type, unique over all types.")


def public_id(noun: str, value: UUID) -> strawberry.ID:
    return strawberry.ID(encode_id(noun, value))
