"""Requests that are turned away before any GraphQL is executed.

Exception
├── RequestRefused(status, code, message, headers)   GraphQL errors over HTTP, 4400 on a socket
└── TokenRejected(message)                           401 over HTTP, 4401 on a socket
"""

from collections.abc import Mapping

from resolvers.extensions.refusals import BAD_REQUEST


class RequestRefused(Exception):
    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str = BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


class TokenRejected(Exception):
    """The bearer token is malformed, expired or revoked. Raised by the application's `make_context`."""

    def __init__(self, message: str = "The access token is not valid.") -> None:
        super().__init__(message)
        self.message = message
