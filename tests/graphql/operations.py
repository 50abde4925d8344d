"""Operations made from the schema: every field that a client may begin at, with usual and with hostile values."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from domain.shared.ids import PREFIXES, encode_id, new_id
from tests.graphql.execution import SCHEMA

CORE: Final[GraphQLSchema] = SCHEMA._schema
AREAS: Final = {"Query": "", "Me": "me", "SellerArea": "seller", "AdminArea": "admin", "Mutation": ""}
LONG: Final = "x" * 100_001
"""Longer than any text that is kept."""
MANY: Final = 1_001
"""More than any list may hold."""
TEXTS: Final = ("", "a\x00b", "%_\\';--\n\x1f", "\u202e\ufeff\U0001f600" * 40, LONG)
IDS: Final = ("", "ord_\x00", "ord_" + "z" * 26, LONG)
NUMBERS: Final = (-(2**31), -1, 0, 2**31 - 1)
AMOUNTS: Final = (-(2**53) + 1, -1, 0, 2**53 - 1, 2**53)
HOSTILE: Final[dict[str, tuple[object, ...]]] = {
    "String": TEXTS,
    "ID": IDS,
    "Int": NUMBERS,
    "Float": (-1e308, -1.0, 0.0, 1e308),
    "MinorUnits": AMOUNTS,
    "CurrencyCode": ("", "\x00", "eur", "XXX", LONG),
    "DateTime": ("", "\x00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00"),
}
USUAL: Final[dict[str, object]] = {
    "email": "nobody@example.com",
    "password": "a long enough password",
    "newPassword": "a long enough password",
    "currentPassword": "a long enough password",
    "currency": "EUR",
    "country": "DE",
    "idempotencyKey": "a-key-of-this-test",
    "returnUrl": "https://shop.example/back",
    "refreshUrl": "https://shop.example/back",
    "slug": "a-slug",
    "paymentMethod": "pm_card_visa",
}
OF_TYPE: Final[dict[str, object]] = {
    "String": "words",
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "MinorUnits": 100,
    "CurrencyCode": "EUR",
    "DateTime": "2026-01-01T00:00:00Z",
}


@dataclass(frozen=True)
class Entry:
    """A field that a client may begin at."""

    area: str
    name: str
    field: GraphQLField

    def document(self, variables: Collection[str]) -> str:
        """The operation that gives these arguments, and leaves the others out."""
        declared = ", ".join(f"${name}: {self.field.args[name].type}" for name in variables)
        given = ", ".join(f"{name}: ${name}" for name in variables)
        selection = "" if is_leaf_type(get_named_type(self.field.type)) else " { __typename }"
        call = f"{self.name}{f'({given})' if given else ''}{selection}"
        inner = f"{AREAS[self.area]} {{ {call} }}" if AREAS[self.area] else call
        kind = "mutation" if self.area == "Mutation" else "query"
        return f"{kind}{f' ({declared})' if declared else ''} {{ {inner} }}"


def entries() -> list[Entry]:
    found = []
    for area in AREAS:
        type_ = CORE.type_map[area]
        assert isinstance(type_, GraphQLObjectType)
        found += [Entry(area, name, field) for name, field in type_.fields.items()]
    return found


def usual(type_: GraphQLInputType, name: str, of: str) -> Any:
    """A value that could be meant; ids name nothing. `of` is the field that it belongs to."""
    if isinstance(type_, GraphQLNonNull):
        return usual(type_.of_type, name, of)
    if isinstance(type_, GraphQLList):
        return [usual(type_.of_type, name, of)]
    if isinstance(type_, GraphQLInputObjectType):
        return {
            each: usual(field.type, each, of) for each, field in type_.fields.items() if is_required_input_field(field)
        }
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if type_.name == "ID":
        return encode_id(noun_of(name, of), new_id())
    return USUAL.get(name, OF_TYPE[type_.name])


def noun_of(name: str, of: str) -> str:
    """`listingId` is a listing's, `id` of `order` an order's."""
    words = {noun.replace("_", ""): noun for noun in PREFIXES}
    wanted = (name.removesuffix("Id").removesuffix("Ids") or of).lower()
    known = {"line": "cart_line", "case": "moderation_case"} | words
    return known.get(wanted) or words.get(of.lower(), "listing")


def hostile(type_: GraphQLInputType, name: str, of: str, path: str) -> Iterator[tuple[str, Any]]:
    """Values of a type in which one thing is hostile, with what that is."""
    if isinstance(type_, GraphQLNonNull):
        yield from hostile(type_.of_type, name, of, path)
    elif isinstance(type_, GraphQLList):
        yield f"{path}: {MANY} items", [usual(type_.of_type, name, of)] * MANY
        yield f"{path}: none", []
        yield from ((what, [value]) for what, value in hostile(type_.of_type, name, of, f"{path}[0]"))
    elif isinstance(type_, GraphQLInputObjectType):
        whole = usual(type_, name, of)
        for each, field in type_.fields.items():
            for what, value in hostile(field.type, each, of, f"{path}.{each}"):
                yield what, whole | {each: value}
    else:
        for value in HOSTILE.get(get_named_type(type_).name, ()):
            yield f"{path} = {value!r}"[:120], value


def needed(entry: Entry) -> dict[str, Any]:
    """The arguments that it cannot do without."""
    return {
        name: usual(each.type, name, entry.name)
        for name, each in entry.field.args.items()
        if is_required_argument(each)
    }


def cases(entry: Entry) -> Iterator[tuple[str, dict[str, Any]]]:
    given = needed(entry)
    yield "usual", given
    for name, each in entry.field.args.items():
        yield from ((what, given | {name: value}) for what, value in hostile(each.type, name, entry.name, name))
