"""The rules of the schema: descriptions everywhere, a permission on every root field, the snapshot, idempotency."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

from app.printing import print_schema

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: GraphQLSchema = build_schema(print_schema())
TYPES = [type_ for name, type_ in SCHEMA.type_map.items() if not name.startswith("__")]
ROOTS = ("Query", "Mutation", "Subscription", "Me", "SellerArea", "AdminArea")
NEVER_ACCEPTED = ("cardnumber", "card_number", "cvc", "cvv", "pan")


def test_the_committed_schema_is_the_one_the_code_makes() -> None:
    assert (ROOT / "schema.graphql").read_text() == print_schema(), "run `make schema`"


def undescribed(type_: GraphQLNamedType) -> list[str]:
    missing = [] if type_.description else [type_.name]
    if isinstance(type_, GraphQLEnumType):
        missing += [f"{type_.name}.{name}" for name, value in type_.values.items() if not value.description]
    if isinstance(type_, GraphQLInputObjectType):
        missing += [f"{type_.name}.{name}" for name, field in type_.fields.items() if not field.description]
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in type_.fields.items():
            missing += [] if field.description else [f"{type_.name}.{name}"]
            missing += [
                f"{type_.name}.{name}({argument})" for argument, each in field.args.items() if not each.description
            ]
    return missing


def test_everything_is_described() -> None:
    assert [name for type_ in TYPES for name in undescribed(type_)] == []


@pytest.mark.parametrize("root", ROOTS)
def test_every_root_field_says_who_may_use_it(root: str) -> None:
    type_ = SCHEMA.type_map[root]
    assert isinstance(type_, GraphQLObjectType)
    for name, field in type_.fields.items():
        assert field.ast_node is not None
        assert "access" in {directive.name.value for directive in field.ast_node.directives or ()}, name


def test_mutations_take_one_input_and_answer_a_union_with_failures() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    user_error = SCHEMA.type_map["UserError"]
    assert isinstance(user_error, GraphQLInterfaceType)
    for name, field in mutation.fields.items():
        assert set(field.args) <= {"input"}, name
        union = getattr(field.type, "of_type", field.type)
        assert isinstance(union, GraphQLUnionType), name
        success, *failures = union.types
        assert success.name.endswith("Success"), name
        assert all(user_error in failure.interfaces for failure in failures), name


def test_every_page_says_its_size() -> None:
    """Else a page of a hundred costs its client as much as one of ten."""
    sized = {
        f"{type_.name}.{name}"
        for type_ in TYPES
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if {"first", "last"} & field.args.keys()
        and field.ast_node is not None
        and any(each.name.value == "listSize" for each in field.ast_node.directives or ())
    }
    paged = {
        f"{type_.name}.{name}"
        for type_ in TYPES
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if {"first", "last"} & field.args.keys()
    }
    assert paged - sized == set()


def test_nothing_takes_a_card_number() -> None:
    names = [
        f"{type_.name}.{name}".lower()
        for type_ in TYPES
        if isinstance(type_, GraphQLInputObjectType)
        for name in type_.fields
    ]
    assert [name for name in names if any(name.endswith(f".{word}") for word in NEVER_ACCEPTED)] == []
