"""Cross-origin requests over HTTP: which pages of other sites may read the answers.

No cookie is ever involved, so what a page can do is what its own bearer token allows; the list keeps pages that nobody
knows from using a token that leaked to them.
"""

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

PREFLIGHT_SECONDS: Final = 86_400
READABLE_HEADERS: Final = ("Retry-After", "X-Request-Id")


def across_origins(app: ASGIApp, allowed_origins: Sequence[str]) -> ASGIApp:
    """The app with preflights answered, or the app itself when no foreign page is allowed."""
    if not allowed_origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=allowed_origins,
        allow_methods=("GET", "POST"),
        # Every client library has headers of its own; without cookies none of them carries authority by itself.
        allow_headers=("*",),
        expose_headers=READABLE_HEADERS,
        max_age=PREFLIGHT_SECONDS,
    )
