"""Operations against the schema without a network: the whole way from text to database."""

from typing import Any

from app.container import Container
from domain.shared.actor import ANONYMOUS, Actor
from resolvers.schema import build_schema

SCHEMA = build_schema()


async def execute(
    container: Container, document: str, variables: dict[str, Any] | None = None, *, actor: Actor = ANONYMOUS
) -> dict[str, Any]:
    """The `data` of an operation that must succeed on the top level."""
    result = await SCHEMA.execute(document, variable_values=variables, context_value=container.context(actor))
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data


async def refused(
    container: Container, document: str, variables: dict[str, Any] | None = None, *, actor: Actor = ANONYMOUS
) -> str:
    """The code of the first top-level error of an operation that must fail."""
    result = await SCHEMA.execute(document, variable_values=variables, context_value=container.context(actor))
    assert result.errors, result.data
    code: str = (result.errors[0].extensions or {})["code"]
    return code
