"""Answers: from execution results to bytes with the right media type and status."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import orjson
from graphql import GraphQLError
from starlette.responses import Response

from resolvers.extensions.faults import FaultMask
from resolvers.extensions.refusals import (
    BAD_REQUEST,
    DEADLINE_EXCEEDED,
    INTERNAL_ERROR,
    METHOD_NOT_ALLOWED,
    PERSISTED_QUERY_NOT_FOUND,
    RATE_LIMITED,
    refused,
)
from resolvers.transport.negotiation import GRAPHQL_JSON, JSON
from resolvers.transport.refusals import RequestRefused

Answer = dict[str, Any]

# Of an answer without data, by its first error. Under application/json such an answer has status 200, as that
# type's rules say, except for what is wrong with the request's method or shape.
_STATUS: Final[Mapping[str, int]] = {
    DEADLINE_EXCEEDED: 504,
    INTERNAL_ERROR: 500,
    METHOD_NOT_ALLOWED: 405,
    # Automatic persisted queries began before this media type; their clients expect to read the miss from a
    # 200.
    PERSISTED_QUERY_NOT_FOUND: 200,
    RATE_LIMITED: 429,
}


class Result(Protocol):
    data: Any
    errors: list[GraphQLError] | None
    extensions: dict[str, Any] | None


def present(result: Result, faults: FaultMask) -> Answer:
    """The answer for one result, with its errors made fit to be sent.

    A request error (syntax, validation, variables, a refusal) has no `data` at all; a failed field has
    `data`, if only null.
    """
    answer: Answer = {}
    errors = result.errors
    if errors:
        answer["errors"] = [error.formatted for error in faults.mask(errors)]
    if result.data is not None or not errors or any(error.path for error in errors):
        answer["data"] = result.data
    if result.extensions:
        answer["extensions"] = result.extensions
    return answer


def encode(value: object) -> bytes:
    return orjson.dumps(value)


def json_response(answer: Answer | Sequence[Answer], media_type: str) -> Response:
    status, headers = (200, {}) if isinstance(answer, Sequence) else _status(answer, media_type)
    return Response(
        encode(answer),
        status_code=status,
        headers=_usual(media_type) | headers,
    )


def refusal_response(refusal: RequestRefused, media_type: str) -> Response:
    error = refused(refusal.code, refusal.message)
    return Response(
        encode({"errors": [error.formatted]}),
        status_code=refusal.status,
        headers=_usual(media_type) | {"Cache-Control": "no-store"} | refusal.headers,
    )


def fault_response(error: GraphQLError) -> Response:
    """For an exception from outside any operation."""
    return Response(
        encode({"errors": [error.formatted]}),
        status_code=_STATUS.get(str((error.extensions or {}).get("code")), 500),
        headers=_usual(JSON) | {"Cache-Control": "no-store"},
    )


def _usual(media_type: str) -> dict[str, str]:
    # An answer repeats what the client sent; no browser is to guess that it might be a page.
    return {
        "Content-Type": f"{media_type}; charset=utf-8",
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
    }


def _status(answer: Answer, media_type: str) -> tuple[int, dict[str, str]]:
    if "data" in answer:
        return 200, {}
    facts = answer["errors"][0].get("extensions", {})
    code = facts.get("code", "")
    headers = {"Cache-Control": "no-store"}
    if code == METHOD_NOT_ALLOWED:
        return 405, headers | {"Allow": "POST"}
    if code == BAD_REQUEST:
        return 400, headers
    if code == RATE_LIMITED:
        headers["Retry-After"] = str(facts["retryAfterSeconds"])
    return (_STATUS.get(code, 400) if media_type == GRAPHQL_JSON else 200), headers
