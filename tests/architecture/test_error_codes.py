"""Codes of errors are API: each domain error has one of its own, and clients can list them."""

from collections import Counter

from app.reference.loading import descendants
from domain.shared.errors import DomainError
from infra.postgres import metadata
from resolvers import schema
from resolvers.shared.error_codes import ErrorCode, meaning


def every(error: type[DomainError]) -> list[type[DomainError]]:
    return [error, *(each for child in error.__subclasses__() for each in every(child))]


def test_every_error_has_a_code_of_its_own() -> None:
    assert metadata.METADATA.tables, "everything is imported"
    assert schema.Query
    concrete = [each for each in every(DomainError) if not each.__module__.startswith("tests.")]
    codes = Counter(each.code for each in concrete)
    assert [code for code, count in codes.items() if count > 1] == []


def test_every_error_is_a_described_value_of_the_schemas_enum() -> None:
    coded = [each for each in descendants(DomainError) if "code" in vars(each)]
    assert {each.code for each in coded} == {member.value for member in ErrorCode}
    assert [each.code for each in coded if not meaning(each)] == []
