"""What people are told of a refused value is a plain sentence, whatever the validation library calls it."""

from typing import Annotated, Any

import pytest
from pydantic import EmailStr, Field, SecretStr, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from domain.catalog.products import Gtin
from domain.shared.wording import sentence


@dataclass
class Named:
    name: str


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (Annotated[int, Field(ge=1)], 0, "It must be at least 1."),
        (Annotated[int, Field(le=99)], 100, "It must be at most 99."),
        (Annotated[int, Field(gt=1)], 1, "It must be more than 1."),
        (Annotated[float, Field(lt=1.5)], 2, "It must be less than 1.5."),
        (Annotated[str, Field(min_length=1)], "", "It must not be empty."),
        (Annotated[str, Field(min_length=3)], "", "It must have at least 3 characters."),
        (Annotated[str, Field(max_length=3)], "long", "It must have at most 3 characters."),
        (Annotated[str, Field(pattern="^a$")], "b", "It has characters or a form that are not taken here."),
        (Annotated[SecretStr, Field(min_length=10)], "short", "It must have at least 10 characters."),
        (Annotated[SecretStr, Field(max_length=3)], "long", "It must have at most 3 characters."),
        (Annotated[list[int], Field(min_length=2)], [1], "It must have at least 2 entries."),
        (Annotated[list[int], Field(min_length=1)], [], "It must not be empty."),
        (Annotated[tuple[int, ...], Field(max_length=1)], [1, 2], "It must have at most 1 entries."),
        (EmailStr, "nonsense", "This is no e-mail address: An email address must have an @-sign."),
        (Gtin, "1", "a GTIN has 8, 12, 13 or 14 digits"),
        (Named, {}, "It is missing."),
        (bool, "perhaps", "Input should be a valid boolean, unable to interpret input"),
    ],
)
def test_a_refused_value_is_told_in_plain_words(kind: Any, value: object, told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    [error] = refused.value.errors(include_url=False, include_input=False)
    assert sentence(error) == told
