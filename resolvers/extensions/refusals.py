"""The errors that an operation is refused with, and their codes.

    GraphQLError
    └── refused(code, message, **facts)

Codes are part of the public schema: clients branch on them, so they are only added to.
"""

from typing import Final

from graphql import GraphQLError

BAD_REQUEST: Final = "BAD_REQUEST"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
COST_EXCEEDED: Final = "COST_EXCEEDED"
DEADLINE_EXCEEDED: Final = "DEADLINE_EXCEEDED"
INTERNAL_ERROR: Final = "INTERNAL_ERROR"
INTROSPECTION_DISABLED: Final = "INTROSPECTION_DISABLED"
LIMIT_EXCEEDED: Final = "LIMIT_EXCEEDED"
METHOD_NOT_ALLOWED: Final = "METHOD_NOT_ALLOWED"
NOT_ACCEPTABLE: Final = "NOT_ACCEPTABLE"
OPERATION_RESOLUTION_FAILED: Final = "OPERATION_RESOLUTION_FAILED"
PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
PAYLOAD_TOO_LARGE: Final = "PAYLOAD_TOO_LARGE"
PERSISTED_QUERY_HASH_MISMATCH: Final = "PERSISTED_QUERY_HASH_MISMATCH"
PERSISTED_QUERY_NOT_FOUND: Final = "PERSISTED_QUERY_NOT_FOUND"
RATE_LIMITED: Final = "RATE_LIMITED"
SUBSCRIPTION_NOT_STREAMED: Final = "SUBSCRIPTION_NOT_STREAMED"
TOO_MANY_STREAMS: Final = "TOO_MANY_STREAMS"
TRUSTED_DOCUMENT_REQUIRED: Final = "TRUSTED_DOCUMENT_REQUIRED"
UNAUTHENTICATED: Final = "UNAUTHENTICATED"
UNSUPPORTED_MEDIA_TYPE: Final = "UNSUPPORTED_MEDIA_TYPE"
VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"


def refused(code: str, message: str, **facts: int | float | str) -> GraphQLError:
    """An error for the client, with its code and the facts it can act on."""
    return GraphQLError(message, extensions={"code": code, **facts})


def over_limit(limit: str, maximum: int, message: str) -> GraphQLError:
    return refused(LIMIT_EXCEEDED, message, limit=limit, maximum=maximum)
