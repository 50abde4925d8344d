"""What a browser finds at the bare address: the page to try things out, where there is one."""

import pytest
from starlette.routing import Match

from app.asgi import development_routes
from tests.conftest import settings_for


@pytest.mark.parametrize("serves", [True, False])
def test_the_bare_address_leads_to_graphiql_where_it_is_served(serves: bool) -> None:
    settings = settings_for("postgresql://somewhere/db", "redis://somewhere", graphiql=serves)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    found = [route for route in development_routes(settings) if route.matches(scope)[0] is Match.FULL]
    assert len(found) == serves
