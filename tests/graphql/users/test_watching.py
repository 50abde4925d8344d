"""Guarantee: what lasts longer than an access token ends with the session."""

import asyncio
from typing import Any

from app.container import Container
from domain.users.sessions import sign_out
from tests.domain.users.accounts import an_account, ports_of
from tests.graphql.cart.carts import put
from tests.graphql.execution import SCHEMA
from tests.makers import on_sale

WATCH = "subscription { cartUpdated(after: 0) { sequence } }"
DEADLINE_SECONDS = 20


async def test_a_subscription_shows_nothing_more_once_its_session_is_over(container: Container) -> None:
    _, session = await an_account(ports_of(container))
    actor = container.ports.tokens.verify(session.access_token, container.ports.clock.now())
    assert actor is not None
    lamp = await on_sale(container)
    await put(container, lamp, actor=actor)
    events: Any = await SCHEMA.subscribe(WATCH, context_value=container.context(actor))
    async with asyncio.timeout(DEADLINE_SECONDS):
        first = await anext(events)
        assert (first.errors, first.data) == (None, {"cartUpdated": {"sequence": 1}})
        await sign_out(actor=actor, ports=container.ports.users)
        await put(container, lamp, actor=actor)
        refused = await anext(events)
        assert [(error.extensions or {})["code"] for error in refused.errors or ()] == ["UNAUTHENTICATED"]
        assert refused.data is None
        assert [event async for event in events] == []
