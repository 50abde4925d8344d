"""What a category asks and what a listing says: typed, with every fault at once and its place."""

import pytest
from pydantic import ValidationError

from domain.catalog.attributes import (
    AttributeDefinition,
    GivenAttribute,
    missing_attributes,
    parse_attributes,
    read_schema,
    schema_faults,
    stored_faults,
    value_text,
    write_schema,
)
from domain.catalog.model import ATTRIBUTES_MAX, AttributeType
from domain.catalog.products import is_worldwide, normal_gtin
from domain.shared.errors import Issue


def attribute(name: str, type_: AttributeType = AttributeType.TEXT, **more: object) -> AttributeDefinition:
    return AttributeDefinition(name=name, label=name.title(), type=type_, **more)  # type: ignore[arg-type]  # checked by pydantic


SCHEMA = (
    attribute("material", required=True),
    attribute("width", AttributeType.NUMBER, unit="cm"),
    attribute("washable", AttributeType.BOOLEAN),
    attribute("colour", AttributeType.CHOICE, choices=("Red", "Blue"), required=True),
)


def said(*pairs: tuple[str, str]) -> list[GivenAttribute]:
    return [GivenAttribute(name=name, value=value) for name, value in pairs]


def places(issues: tuple[Issue, ...] | list[Issue]) -> list[tuple[str, str]]:
    return [(".".join(issue.path), issue.code) for issue in issues]


def test_values_get_the_type_of_their_attribute() -> None:
    given = said(("material", " Oak "), ("width", "42.50"), ("washable", "TRUE"), ("colour", "Red"))
    values, issues = parse_attributes(SCHEMA, given)
    assert issues == ()
    assert values == {"material": "Oak", "width": 42.5, "washable": True, "colour": "Red"}
    assert {name: value_text(value) for name, value in values.items()} == {
        "material": "Oak",
        "width": "42.5",
        "washable": "true",
        "colour": "Red",
    }
    assert stored_faults(SCHEMA, values) == ()


def test_every_fault_is_named_with_its_place() -> None:
    given = said(
        ("material", ""),
        ("weight", "3"),
        ("width", "wide"),
        ("washable", "maybe"),
        ("colour", "Green"),
        ("colour", "Red"),
    )
    _, issues = parse_attributes(SCHEMA, [*given, *said(("colour", "Blue"))])
    assert places(issues) == [
        ("attributes.0.value", "INVALID"),
        ("attributes.1.name", "UNKNOWN"),
        ("attributes.2.value", "NOT_A_NUMBER"),
        ("attributes.3.value", "NOT_A_BOOLEAN"),
        ("attributes.4.value", "NOT_A_CHOICE"),
        ("attributes.6.name", "DUPLICATE"),
    ]


def test_what_is_required_is_asked_for() -> None:
    assert places(missing_attributes(SCHEMA, {"width": 3})) == [("attributes", "REQUIRED")] * 2


def test_a_schema_that_changed_finds_fault_with_what_was_right() -> None:
    assert places(stored_faults(SCHEMA, {"colour": "Green", "height": 3})) == [
        ("attributes", "NOT_A_CHOICE"),
        ("attributes", "UNKNOWN"),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("-0.5", -0.5), ("3.0", 3), ("999999999999", 999_999_999_999), ("0.000001", 0.000001)],
)
def test_a_number_survives_there_and_back(text: str, value: float) -> None:
    values, issues = parse_attributes(SCHEMA, said(("width", text)))
    assert issues == ()
    assert values["width"] == value
    again, _ = parse_attributes(SCHEMA, said(("width", value_text(values["width"]))))
    assert again == values


@pytest.mark.parametrize("text", ["1e5", "NaN", "٣", "1,5", "1234567890123", "0.1234567", "123456789012.12345", ""])
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    _, issues = parse_attributes(SCHEMA, said(("width", text)))
    assert len(issues) == 1


def test_a_schema_reads_back_as_it_was_written() -> None:
    assert read_schema(write_schema(SCHEMA)) == SCHEMA


def test_a_schema_that_contradicts_itself_is_refused() -> None:
    own = (
        attribute("material"),
        attribute("size", AttributeType.CHOICE),
        attribute("shape", choices=("round",)),
        attribute("tone", AttributeType.CHOICE, choices=("a", "a")),
        attribute("note", unit="cm"),
        attribute("note"),
    )
    assert places(schema_faults(SCHEMA[:1], own)) == [
        ("attributes.0.name", "TAKEN"),
        ("attributes.1.choices", "INVALID"),
        ("attributes.2.choices", "INVALID"),
        ("attributes.3.choices", "DUPLICATE"),
        ("attributes.4.unit", "INVALID"),
        ("attributes.5.name", "TAKEN"),
    ]


def test_a_line_of_categories_has_a_bounded_number_of_attributes() -> None:
    many = [attribute(f"a{index}") for index in range(ATTRIBUTES_MAX)]
    assert schema_faults([], many) == []
    assert places(schema_faults(many[:1], [*many[1:], attribute("one_more")])) == [("attributes", "TOO_MANY")]


@pytest.mark.parametrize("name", ["Colour", "1st", "a-b", "a" * 51, ""])
def test_names_are_stable_words(name: str) -> None:
    with pytest.raises(ValidationError):
        attribute(name)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("96385074", "00000096385074"),
        ("012345678905", "00012345678905"),
        ("0012345678905", "00012345678905"),
        ("4006381333931", "04006381333931"),
        ("400-6381 333931", "04006381333931"),
        ("10012345678902", "10012345678902"),
    ],
)
def test_all_forms_of_a_gtin_have_one_spelling(text: str, normal: str) -> None:
    assert normal_gtin(text) == normal


@pytest.mark.parametrize("text", ["4006381333932", "400638133393", "", "00000000", "abcdefgh", "٤٠٠٦٣٨١٣٣٣٩٣١"])
def test_a_wrong_gtin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="GTIN"):
        normal_gtin(text)


@pytest.mark.parametrize(
    ("text", "worldwide"),
    [
        ("4006381333931", True),
        ("012345678905", True),
        ("10012345678902", True),
        ("96385074", True),
        ("2000000000015", False),
        ("0200000000028", False),
        ("20000004", False),
        ("00000017", False),
    ],
)
def test_numbers_that_shops_give_themselves_are_known(text: str, worldwide: bool) -> None:
    assert is_worldwide(normal_gtin(text)) is worldwide
