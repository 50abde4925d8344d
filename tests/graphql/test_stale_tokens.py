"""Guarantee: a token that has not expired moves nothing once what it says is no longer true.

It was signed some minutes ago; meanwhile its session was ended, its user blocked, or its shop left. Every mutation that
is not for everybody asks again; a new one does by being in the schema.
"""

from dataclasses import replace
from typing import Any

import pytest

from app.container import Container
from domain.sellers.membership import RemoveMember, join, remove_member
from domain.sellers.model import MemberRole
from domain.shared.actor import SYSTEM, Actor, Role
from domain.shared.ids import encode_id
from domain.users.administration import BlockUser, SetUserRoles, block_user, set_user_roles
from domain.users.sessions import sign_out
from resolvers.shared.permission import AccessDirective, AccessLevel
from tests.domain.users.accounts import an_account, ports_of
from tests.graphql.execution import SCHEMA, execute, refused
from tests.graphql.operations import Entry, entries, needed
from tests.graphql.orders.test_orders import mutation
from tests.makers import a_seller
from tests.sales import Sale, a_sale

NO_FAULT_TWICE = "signOut"


async def signed_in(container: Container, **more: Any) -> Actor:
    """Somebody with a session, as their token says."""
    _, session = await an_account(ports_of(container))
    actor = container.ports.tokens.verify(session.access_token, container.ports.clock.now())
    assert actor is not None
    return replace(actor, **more)


def guarded() -> list[Entry]:
    """Every mutation that the schema does not mark as everybody's."""
    return [
        each
        for each in entries()
        if each.area == "Mutation" and AccessLevel.PUBLIC not in levels(each) and each.name != NO_FAULT_TWICE
    ]


def levels(entry: Entry) -> set[AccessLevel]:
    directives = entry.field.extensions["strawberry-definition"].directives
    found = {each.level for each in directives if isinstance(each, AccessDirective)}
    assert found, entry.name
    return found


@pytest.fixture(scope="module")
async def over(container: Container) -> Actor:
    """Signed out, with a token that has minutes to live and says that its user may do everything."""
    everything = frozenset({Role.ADMIN, Role.MODERATOR})
    actor = await signed_in(container, roles=everything, seller_id=(await a_seller(container)).seller())
    await sign_out(actor=actor, ports=container.ports.users)
    return actor


@pytest.mark.parametrize("entry", guarded(), ids=lambda entry: entry.name)
async def test_a_session_that_is_over_changes_nothing(container: Container, over: Actor, entry: Entry) -> None:
    variables = needed(entry)
    assert await refused(container, entry.document(variables), variables, actor=over) == "UNAUTHENTICATED"


async def test_signing_out_again_is_no_fault(container: Container, over: Actor) -> None:
    done = await execute(container, "mutation { signOut { ... on SignOutSuccess { done } } }", actor=over)
    assert done == {"signOut": {"done": True}}


async def shipped(container: Container, sale: Sale, actor: Actor) -> str:
    """What becomes of shipping the shop's order: a code, or the name of the result."""
    given = {"orderId": encode_id("order", sale.order_id), "idempotencyKey": "a-key-of-this-test"}
    context = container.context(actor)
    result = await SCHEMA.execute(mutation("shipOrder"), variable_values={"input": given}, context_value=context)
    if result.errors:
        return str((result.errors[0].extensions or {})["code"])
    return str((result.data or {})["shipOrder"]["__typename"])


async def a_member(container: Container, sale: Sale) -> Actor:
    member = await signed_in(container, seller_id=sale.seller.seller())
    await container.ports.db.run(lambda tx: join(tx, sale.seller.seller(), member.user(), MemberRole.STAFF))
    return member


async def test_who_was_removed_from_a_shop_ships_nothing_more(container: Container) -> None:
    sale = await a_sale(container)
    member = await a_member(container, sale)
    await remove_member(RemoveMember(user_id=member.user()), actor=sale.seller, db=container.ports.db)
    assert await shipped(container, sale, member) == "UNAUTHENTICATED"


async def test_who_was_blocked_ships_nothing_more(container: Container) -> None:
    sale = await a_sale(container)
    member = await a_member(container, sale)
    blocked = BlockUser(user_id=member.user(), reason="Fraud.")
    await block_user(blocked, actor=SYSTEM, db=container.ports.db)
    assert await shipped(container, sale, member) == "UNAUTHENTICATED"


async def test_who_lost_a_role_uses_it_no_more(container: Container) -> None:
    sale = await a_sale(container)
    admin = await signed_in(container)
    for roles in ([Role.ADMIN], []):
        given = SetUserRoles(user_id=admin.user(), roles=roles)
        await set_user_roles(given, actor=SYSTEM, db=container.ports.db)
    variables = {"input": {"orderId": encode_id("order", sale.order_id), "reason": "x", "idempotencyKey": "k" * 9}}
    demoted = replace(admin, roles=frozenset({Role.ADMIN}))
    assert await refused(container, mutation("openHold"), variables, actor=demoted) == "UNAUTHENTICATED"


async def test_who_still_works_there_ships(container: Container) -> None:
    sale = await a_sale(container)
    assert await shipped(container, sale, await a_member(container, sale)) == "ShipOrderSuccess"
