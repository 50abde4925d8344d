"""Notifications over the schema: one's own, in order, marked as read, watched live; mails for administrators."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest

from app.container import Container
from domain.notifications.marking import RETENTION, forget_old
from domain.notifications.telling import notify
from domain.sellers.model import MemberRole, SellerMember
from domain.shared.actor import Actor, ActorKind
from domain.shared.database import Tx
from domain.shared.ids import encode_id, new_id
from domain.shared.paging import Keyset
from domain.users.events import PasswordChanged
from tests.conftest import FakeClock
from tests.counting import SqlCounter
from tests.domain.orders.lifecycle import confirm, rows_of, ship
from tests.graphql.execution import SCHEMA, execute, refused
from tests.horizon import settle
from tests.makers import a_buyer, a_seller, an_admin
from tests.sales import Sale, a_sale
from tests.told import tell, told_to

LIST = """query ($first: Int, $after: String, $unread: Boolean! = false) { me {
  notifications(first: $first, after: $after, unreadOnly: $unread) {
    totalCount { value } unreadCount { value exact } pageInfo { hasNextPage endCursor }
    nodes { id kind title body createdAt readAt shop { id name }
      subject { __typename ... on Order { id number } ... on Checkout { id status } ... on Listing { id } } } } } }"""
MARK = """mutation ($input: MarkNotificationsReadInput!) { markNotificationsRead(input: $input) { __typename
  ... on MarkNotificationsReadSuccess { marked unreadCount { value } }
  ... on InvalidInput { issues { path code } } } }"""
PREFERENCES = "query { me { notificationPreferences { kind mail optional } } }"
PREFER = """mutation ($input: UpdateNotificationPreferencesInput!) { updateNotificationPreferences(input: $input) {
  __typename ... on UpdateNotificationPreferencesSuccess { preferences { kind mail } }
  ... on InvalidInput { issues { path code } } } }"""
NODE = "query ($id: ID!) { node(id: $id) { id __typename } }"
MAILS = """query ($state: MailState) { admin { mails(state: $state, first: 100) { totalCount { value }
  nodes { id kind recipientId state attempts messageId nextTryAt lastError endedAt allowedActions } } } }"""
RETRY = """mutation ($input: RetryMailInput!) { retryMail(input: $input) { __typename
  ... on RetryMailSuccess { mail { state attempts } } ... on IllegalTransition { current } } }"""
WATCH = """subscription ($after: String) { notificationAdded(after: $after) {
  cursor notification { id kind title subject { ... on Order { status } } } } }"""
SECONDS = 30


async def seen(container: Container, actor: Actor, **variables: Any) -> Any:
    return (await execute(container, LIST, variables, actor=actor))["me"]["notifications"]


async def a_told_sale(container: Container) -> Sale:
    """Paid, sent and completed, and everybody told."""
    sale = await a_sale(container)
    await ship(container, sale)
    await confirm(container, sale)
    await tell(container, sale.order_id)
    return sale


async def test_a_buyer_reads_what_happened_newest_first(container: Container) -> None:
    sale = await a_told_sale(container)
    found = await seen(container, sale.buyer)
    assert [node["kind"] for node in found["nodes"]] == ["ORDER_SHIPPED", "ORDER_PAID", "ORDER_PLACED"]
    shipped, paid, placed = found["nodes"]
    assert shipped["subject"] == {
        "__typename": "Order",
        "id": encode_id("order", sale.order_id),
        "number": shipped["title"].split()[1],
    }
    assert placed["subject"]["__typename"] == "Checkout"
    assert "25.00 EUR" in paid["body"]
    assert (found["unreadCount"], found["totalCount"]) == ({"value": 3, "exact": True}, {"value": 3})
    assert {node["shop"] for node in found["nodes"]} == {None}


async def test_a_shop_reads_its_own_side(container: Container) -> None:
    sale = await a_told_sale(container)
    received, new = (await seen(container, sale.seller))["nodes"]
    assert (received["kind"], new["kind"]) == ("PAYMENT_RECEIVED", "NEW_ORDER")
    # 25.00 less 15 % of the net of two lamps.
    assert received["title"] == "Payment received: 22.48 EUR"
    assert received["shop"]["id"] == encode_id("seller", sale.seller.seller())
    assert received["subject"]["id"] == encode_id("order", sale.order_id)


async def test_who_acts_for_another_shop_reads_the_words_and_not_the_order(container: Container) -> None:
    sale, other = await a_told_sale(container), await a_seller(container)
    elsewhere = Actor(ActorKind.USER, user_id=sale.seller.user_id, seller_id=other.seller_id)
    nodes = (await seen(container, elsewhere))["nodes"]
    assert [node["subject"] for node in nodes] == [None, None]
    assert nodes[0]["title"] == "Payment received: 22.48 EUR"


async def test_what_a_shop_was_told_is_its_members_only_while_they_are(container: Container) -> None:
    sale = await a_told_sale(container)
    shop, owner = sale.seller.seller(), sale.seller.user()
    (received, new) = (await seen(container, sale.seller))["nodes"]

    async def demote(tx: Tx) -> None:
        member = await tx.get(SellerMember, (shop, owner))
        assert member is not None
        member.role = MemberRole.STAFF

    await container.ports.db.run(demote)
    found = await seen(container, sale.seller)
    assert [node["id"] for node in found["nodes"]] == [new["id"]], "money is the owners'"
    assert found["unreadCount"]["value"] == 1
    await rows_of(
        container,
        "DELETE FROM seller_member WHERE seller_id = :shop AND user_id = :user RETURNING user_id",
        shop=shop,
        user=owner,
    )
    assert (await seen(container, sale.seller))["nodes"] == []
    assert (await execute(container, NODE, {"id": received["id"]}, actor=sale.seller))["node"] is None


async def test_nobody_reads_or_marks_what_is_anothers(container: Container) -> None:
    sale, stranger = await a_told_sale(container), await a_buyer(container)
    ids = [encode_id("notification", each.id) for each in await told_to(container, sale.buyer.user())]
    assert (await seen(container, stranger))["nodes"] == []
    assert (await execute(container, NODE, {"id": ids[0]}, actor=stranger))["node"] is None
    assert (await execute(container, NODE, {"id": ids[0]}))["node"] is None
    own = (await execute(container, NODE, {"id": ids[0]}, actor=sale.buyer))["node"]
    assert own == {"id": ids[0], "__typename": "Notification"}
    marked = await execute(container, MARK, {"input": {"ids": ids}}, actor=stranger)
    assert marked["markNotificationsRead"]["marked"] == 0
    assert (await seen(container, sale.buyer))["unreadCount"]["value"] == 3
    assert await refused(container, LIST) == "UNAUTHENTICATED"


async def test_marks_are_made_once(container: Container) -> None:
    sale = await a_told_sale(container)
    nodes = (await seen(container, sale.buyer))["nodes"]
    answers = [
        (await execute(container, MARK, {"input": given}, actor=sale.buyer))["markNotificationsRead"]
        for given in (
            {"ids": [nodes[0]["id"]]},
            {"ids": [nodes[0]["id"]]},
            {"upTo": nodes[1]["id"]},
        )
    ]
    assert [(answer["marked"], answer["unreadCount"]["value"]) for answer in answers] == [(1, 2), (0, 2), (2, 0)]
    assert (await seen(container, sale.buyer, unread=True))["nodes"] == []
    assert all(node["readAt"] for node in (await seen(container, sale.buyer))["nodes"])


async def test_up_to_leaves_what_is_newer(container: Container) -> None:
    sale = await a_told_sale(container)
    nodes = (await seen(container, sale.buyer))["nodes"]
    await execute(container, MARK, {"input": {"upTo": nodes[1]["id"]}}, actor=sale.buyer)
    unread = await seen(container, sale.buyer, unread=True)
    assert [node["id"] for node in unread["nodes"]] == [nodes[0]["id"]]


@pytest.mark.parametrize("given", [{}, {"ids": [], "upTo": encode_id("notification", new_id())}])
async def test_exactly_one_way_of_marking_is_taken(container: Container, given: dict[str, Any]) -> None:
    answer = await execute(container, MARK, {"input": given}, actor=await a_buyer(container))
    assert answer["markNotificationsRead"]["issues"] == [{"path": ["input", "ids"], "code": "ONE_OF"}]


async def test_pages_go_on_where_the_last_one_ended(container: Container) -> None:
    sale = await a_told_sale(container)
    whole = [node["id"] for node in (await seen(container, sale.buyer))["nodes"]]
    first = await seen(container, sale.buyer, first=2)
    assert first["pageInfo"]["hasNextPage"]
    rest = await seen(container, sale.buyer, first=2, after=first["pageInfo"]["endCursor"])
    assert [node["id"] for node in first["nodes"] + rest["nodes"]] == whole
    variables = {"after": first["pageInfo"]["endCursor"], "unread": True}
    assert await refused(container, LIST, variables, actor=sale.buyer) == "CURSOR_MISMATCH"


async def test_a_list_costs_the_same_however_long_it_is(container: Container, count_sql: SqlCounter) -> None:
    sale = await a_told_sale(container)
    counts = []
    for first in (1, 3):
        with count_sql() as statements:
            await seen(container, sale.buyer, first=first)
        counts.append(len(statements))
    # One for the page, two counts, and one for each sort of subject.
    assert counts == [4, 5]


async def test_preferences_are_kept_kind_by_kind(container: Container) -> None:
    person = await a_buyer(container)
    before = (await execute(container, PREFERENCES, actor=person))["me"]["notificationPreferences"]
    assert all(each["mail"] for each in before)
    kept = {each["kind"] for each in before if not each["optional"]}
    assert kept == {"ORDER_PLACED", "PASSWORD_CHANGED", "SESSION_STOLEN"}
    wanted = [{"kind": "ORDER_PAID", "mail": False}, {"kind": "NEW_ORDER", "mail": False}]
    for _ in range(2):
        changed = await execute(container, PREFER, {"input": {"preferences": wanted}}, actor=person)
    await execute(container, PREFER, {"input": {"preferences": [{"kind": "NEW_ORDER", "mail": True}]}}, actor=person)
    assert changed["updateNotificationPreferences"]["__typename"] == "UpdateNotificationPreferencesSuccess"
    after = (await execute(container, PREFERENCES, actor=person))["me"]["notificationPreferences"]
    assert [each["kind"] for each in after if not each["mail"]] == ["ORDER_PAID"]


async def test_mails_that_keep_an_account_safe_cannot_be_turned_off(container: Container) -> None:
    wanted = [{"kind": "ORDER_PAID", "mail": False}, {"kind": "PASSWORD_CHANGED", "mail": False}]
    person = await a_buyer(container)
    answer = await execute(container, PREFER, {"input": {"preferences": wanted}}, actor=person)
    assert answer["updateNotificationPreferences"]["issues"] == [
        {"path": ["input", "preferences", "1", "mail"], "code": "NOT_OPTIONAL"}
    ]
    kept = (await execute(container, PREFERENCES, actor=person))["me"]["notificationPreferences"]
    assert all(each["mail"] for each in kept)


async def test_administrators_see_what_failed_and_try_it_again(fresh_container: Container) -> None:
    sale, admin = await a_told_sale(fresh_container), await an_admin(fresh_container)
    (first, *_) = await told_to(fresh_container, sale.buyer.user())
    await rows_of(
        fresh_container,
        "UPDATE mail_delivery SET state = 'dead', attempts = 16, last_error = '451 later', ended_at = now()"
        " WHERE id = :id RETURNING id",
        id=first.id,
    )
    found = (await execute(fresh_container, MAILS, {"state": "DEAD"}, actor=admin))["admin"]["mails"]
    (dead,) = found["nodes"]
    assert (dead["attempts"], dead["lastError"], dead["allowedActions"]) == (16, "451 later", ["RETRY"])
    assert dead["recipientId"] == encode_id("user", sale.buyer.user())
    assert dead["nextTryAt"] is None
    everything = (await execute(fresh_container, MAILS, actor=admin))["admin"]["mails"]
    assert everything["totalCount"]["value"] == len(everything["nodes"]) == 5
    assert (await execute(fresh_container, NODE, {"id": dead["id"]}, actor=admin))["node"]["id"] == dead["id"]
    assert (await execute(fresh_container, NODE, {"id": dead["id"]}, actor=sale.buyer))["node"] is None


async def test_mails_are_for_administrators(container: Container) -> None:
    buyer = await a_buyer(container)
    assert await refused(container, MAILS, actor=buyer) == "NOT_PERMITTED"
    mail_id = encode_id("mail_delivery", new_id())
    assert await refused(container, RETRY, {"input": {"mailId": mail_id}}, actor=buyer) == "NOT_PERMITTED"


async def take(events: AsyncGenerator[Any, None], count: int) -> list[Any]:
    async with asyncio.timeout(SECONDS):
        results = [await anext(events) for _ in range(count)]
    assert [result.errors for result in results] == [None] * count
    return [result.data["notificationAdded"] for result in results]


async def watching(container: Container, actor: Actor, **variables: Any) -> Any:
    started: Any = await SCHEMA.subscribe(WATCH, variable_values=variables, context_value=container.context(actor))
    return started


async def now(container: Container, actor: Actor) -> str:
    """The cursor of this moment."""
    (row,) = await rows_of(container, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid")
    return Keyset.of("told", actor.user()).encode((int(row.xid), UUID(int=0)))


async def test_what_is_told_is_seen_live_and_what_was_missed_is_made_up_for(container: Container) -> None:
    sale = await a_sale(container)
    events = await watching(container, sale.buyer, after=await now(container, sale.buyer))
    coming = asyncio.create_task(take(events, 2))
    await tell(container, sale.order_id)
    live = await coming
    await events.aclose()
    assert {each["notification"]["kind"] for each in live} == {"ORDER_PLACED", "ORDER_PAID"}
    await ship(container, sale)
    await tell(container, sale.order_id)
    again = await watching(container, sale.buyer, after=live[0]["cursor"])
    rest, new = await take(again, 2)
    await again.aclose()
    assert rest["cursor"] == live[1]["cursor"], "after the first comes the second"
    assert new["notification"]["kind"] == "ORDER_SHIPPED"
    assert new["notification"]["subject"] == {"status": "SHIPPED"}


async def test_without_a_cursor_it_begins_now(container: Container) -> None:
    sale = await a_told_sale(container)
    await settle(container)  # the feed begins before whatever is open, and tells once more what came after it
    events = await watching(container, sale.buyer)
    coming = asyncio.create_task(take(events, 1))
    async with asyncio.timeout(SECONDS):
        while not coming.done():
            event = PasswordChanged(at=container.ports.clock.now(), user_id=sale.buyer.user())
            await notify(event, db=container.ports.db, mails=False)
            await asyncio.wait({coming}, timeout=0.2)
    await events.aclose()
    (first,) = await coming
    assert first["notification"]["kind"] == "PASSWORD_CHANGED", "nothing of what was told before"


async def test_a_cursor_of_another_feed_is_refused(container: Container) -> None:
    first, second = await a_buyer(container), await a_buyer(container)
    events = await watching(container, second, after=await now(container, first))
    async with asyncio.timeout(SECONDS):
        result = await anext(events)
    await events.aclose()
    assert (result.errors[0].extensions or {})["code"] == "CURSOR_MISMATCH"


async def test_old_notifications_are_forgotten_with_their_mails(fresh_container: Container, clock: FakeClock) -> None:
    old = await a_told_sale(fresh_container)
    await rows_of(fresh_container, "UPDATE mail_delivery SET state = 'sent' RETURNING id")
    (waiting, *_) = await told_to(fresh_container, old.buyer.user())
    await rows_of(
        fresh_container, "UPDATE mail_delivery SET state = 'waiting' WHERE id = :id RETURNING id", id=waiting.id
    )
    assert await forget_old(db=fresh_container.ports.db) == 0
    clock.advance(days=RETENTION.days + 1)
    assert await forget_old(db=fresh_container.ports.db) == 4
    assert [each.id for each in await told_to(fresh_container, old.buyer.user())] == [waiting.id]
