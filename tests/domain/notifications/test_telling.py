"""Who is told what: each person once per occasion, and only those whom it is for."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.container import Container
from app.jobs import HANDLERS
from domain.catalog.model import Fulfilment, ListingStatus
from domain.catalog.publishing import (
    ApproveListing,
    MoveListing,
    RejectListing,
    SuspendListing,
    approve_listing,
    pause_listing,
    reject_listing,
    suspend_listing,
)
from domain.notifications.model import KINDS, NotificationKind, notification_id
from domain.notifications.preferences import Preference, UpdateNotificationPreferences, update_preferences
from domain.notifications.reads import notification_of
from domain.notifications.telling import NOTICES
from domain.notifications.wording import words_of
from domain.orders.lateness import cancel_given_up_orders, mark_late_orders
from domain.orders.model import LATE_CANCEL_DAYS, CancelledBy
from domain.orders.payment import await_seller, cancel_unpaid, mark_paid
from domain.orders.pickup import MarkReadyForPickup, mark_ready
from domain.sellers.decisions import DecideSeller, decide_seller
from domain.sellers.membership import RemoveMember, join, remove_member
from domain.sellers.model import MemberRole, SellerMember, SellerStatus
from domain.sellers.reads import shops_by_ids
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.errors import InvalidInput
from domain.shared.ids import new_id
from domain.users.events import PasswordChanged
from domain.users.model import User, UserStatus
from domain.users.reads import profiles_by_ids
from tests.conftest import FakeClock
from tests.domain.orders.lifecycle import cancel, confirm, give, ship
from tests.domain.reviews.reviewing import a_delivery, on_buyer, on_listing, on_seller, reply
from tests.domain.reviews.reviewing import decide as moderate
from tests.makers import a_buyer, a_moderator, a_payment_account, a_seller, an_admin, change, on_sale
from tests.sales import a_sale, the_lines
from tests.told import deliveries, kinds_to, tell, told_to


async def a_colleague(container: Container, seller_id: UUID, role: MemberRole = MemberRole.STAFF) -> Actor:
    person = await a_buyer(container)

    async def step(tx: Tx) -> None:
        await tx.add(SellerMember(seller_id=seller_id, user_id=person.user(), role=role, added_at=tx.now))

    await container.ports.db.run(step)
    return person


async def test_a_purchase_is_told_to_its_buyer_and_to_everybody_in_the_shop(container: Container) -> None:
    sale = await a_sale(container)
    staff = await a_colleague(container, sale.seller.seller())
    await tell(container, sale.order_id)
    assert await kinds_to(container, sale.buyer.user()) == ["order_paid", "order_placed"]
    assert await kinds_to(container, sale.seller.user()) == ["new_order"]
    assert await kinds_to(container, staff.user()) == ["new_order"]
    (for_shop,) = await told_to(container, staff.user())
    assert for_shop.seller_id == sale.seller.seller()


async def test_a_purchase_in_two_shops_is_placed_once_and_paid_twice(container: Container) -> None:
    sale = await a_sale(container, orders=2)
    for order_id in sale.order_ids:
        await tell(container, order_id)
    assert await kinds_to(container, sale.buyer.user()) == ["order_paid", "order_paid", "order_placed"]


async def test_the_way_of_an_order_is_told(container: Container) -> None:
    sale = await a_sale(container)
    staff = await a_colleague(container, sale.seller.seller())
    await ship(container, sale)
    await confirm(container, sale)
    await tell(container, sale.order_id)
    assert await kinds_to(container, sale.buyer.user()) == ["order_paid", "order_placed", "order_shipped"]
    assert await kinds_to(container, sale.seller.user()) == ["new_order", "payment_received"]
    assert await kinds_to(container, staff.user()) == ["new_order"], "money is the owners'"


async def test_what_is_handed_over_is_delivered(container: Container) -> None:
    sale = await a_sale(container, fulfilment=Fulfilment.PICKUP)
    await give(container, sale)
    await tell(container, sale.order_id)
    assert "order_delivered" in await kinds_to(container, sale.buyer.user())


async def test_a_late_order_and_what_is_cancelled_of_it_are_told_to_both(
    fresh_container: Container, clock: FakeClock
) -> None:
    container, ports = fresh_container, fresh_container.ports
    sale = await a_sale(container)
    (line,) = await the_lines(container, sale.order_id)
    await ship(container, sale, (line.id, 1))
    clock.advance(days=LATE_CANCEL_DAYS + 3)
    await mark_late_orders(db=ports.db, clock=clock)
    await cancel_given_up_orders(db=ports.db, clock=clock)
    await tell(container, sale.order_id)
    assert {"order_late", "order_rest_cancelled"} <= set(await kinds_to(container, sale.buyer.user()))
    assert {"sale_late", "sale_rest_cancelled"} <= set(await kinds_to(container, sale.seller.user()))


async def test_a_buyer_who_cancels_is_told_and_so_is_the_shop(container: Container) -> None:
    sale = await a_sale(container)
    await cancel(container, sale, sale.buyer)
    await tell(container, sale.order_id)
    assert "order_cancelled" in await kinds_to(container, sale.buyer.user())
    assert "sale_cancelled" in await kinds_to(container, sale.seller.user())


async def test_a_shop_that_cancels_need_not_be_told(container: Container) -> None:
    sale = await a_sale(container)
    await cancel(container, sale, sale.seller)
    await tell(container, sale.order_id)
    assert "order_cancelled" in await kinds_to(container, sale.buyer.user())
    assert "sale_cancelled" not in await kinds_to(container, sale.seller.user())


async def test_nobody_is_told_of_a_purchase_that_failed_at_the_payment(container: Container) -> None:
    sale = await a_sale(container, paid=False)

    async def step(tx: Tx) -> None:
        await cancel_unpaid(tx, sale.checkout_id, by=CancelledBy.PAYMENT, reason="declined")

    await container.ports.db.run(step)
    await tell(container, sale.order_id)
    assert await kinds_to(container, sale.buyer.user()) == []
    assert await kinds_to(container, sale.seller.user()) == []


async def test_what_waits_for_the_seller_is_told_once_though_it_is_paid_later(container: Container) -> None:
    sale = await a_sale(container, paid=False)

    async def accepted_later(tx: Tx) -> None:
        await await_seller(tx, sale.checkout_id, deadline=tx.now + timedelta(days=2))
        await mark_paid(tx, sale.checkout_id)

    await container.ports.db.run(accepted_later)
    await tell(container, sale.order_id)
    assert await kinds_to(container, sale.buyer.user()) == ["order_paid", "order_placed"]
    assert await kinds_to(container, sale.seller.user()) == ["new_order"]


async def test_jobs_that_run_again_and_all_at_once_add_nothing(container: Container) -> None:
    sale = await a_sale(container)
    await ship(container, sale)
    await asyncio.gather(*(tell(container, sale.order_id, times=2) for _ in range(4)))
    assert await kinds_to(container, sale.buyer.user()) == ["order_paid", "order_placed", "order_shipped"]
    told = await told_to(container, sale.buyer.user())
    assert {each.id for each in told} <= set(await deliveries(container))


async def test_the_marketplaces_decisions_on_a_listing_are_told_and_the_shops_own_are_not(
    container: Container,
) -> None:
    admin = await an_admin(container)
    for command, decide, status, told in (
        (ApproveListing, approve_listing, ListingStatus.PENDING_REVIEW, "listing_approved"),
        (RejectListing, reject_listing, ListingStatus.PENDING_REVIEW, "listing_rejected"),
        (SuspendListing, suspend_listing, ListingStatus.ACTIVE, "listing_suspended"),
    ):
        owner = await a_seller(container)
        await a_payment_account(container, owner.seller())
        lamp = await on_sale(container, owner.seller(), status=status)
        more: dict[str, Any] = {"version": 1} if command is not SuspendListing else {}
        more |= {"reason": "A photograph is missing."} if command is not ApproveListing else {}
        made: Any = command
        await decide(made(listing_id=lamp.listing_id, **more), actor=admin, db=container.ports.db)
        await tell(container, lamp.listing_id)
        assert await kinds_to(container, owner.user()) == [told]

    own = await on_sale(container, owner.seller())
    await pause_listing(MoveListing(listing_id=own.listing_id), actor=owner, db=container.ports.db)
    await tell(container, own.listing_id)
    assert await kinds_to(container, owner.user()) == ["listing_suspended"]


async def test_a_shops_owners_are_told_how_it_stands(container: Container) -> None:
    owner = await a_seller(container, status=SellerStatus.APPLIED)
    staff = await a_colleague(container, owner.seller())
    command = DecideSeller(seller_id=owner.seller())
    await decide_seller("APPROVE", command, actor=await an_admin(container), db=container.ports.db)
    await tell(container, owner.seller())
    assert await kinds_to(container, owner.user()) == ["shop_decided"]
    assert await kinds_to(container, staff.user()) == []


async def test_owners_are_told_who_comes_and_who_goes_but_not_what_they_did_themselves(container: Container) -> None:
    owner, db = await a_seller(container), container.ports.db
    seller_id = owner.seller()
    partner = await a_colleague(container, seller_id, MemberRole.OWNER)
    staff = await a_colleague(container, seller_id)
    comer = await a_buyer(container)

    async def step(tx: Tx) -> None:
        await join(tx, seller_id, comer.user(), MemberRole.OWNER)

    await db.run(step)
    await tell(container, comer.user(), times=2)
    assert await kinds_to(container, owner.user()) == await kinds_to(container, partner.user()) == ["member_joined"]
    assert await kinds_to(container, staff.user()) == await kinds_to(container, comer.user()) == []
    (told,) = await told_to(container, owner.user())
    view = await notification_of(db.primary, owner.user(), told.id)
    assert view is not None
    name = (await profiles_by_ids(db.primary, [comer.user()]))[comer.user()].display_name
    assert words_of(view).body.startswith(f"{name} works for ")

    await remove_member(RemoveMember(user_id=comer.user()), actor=owner, db=db)
    await remove_member(RemoveMember(user_id=staff.user()), actor=replace(staff, seller_id=seller_id), db=db)
    for gone in (comer, staff):
        await tell(container, gone.user(), times=2)
    assert await kinds_to(container, owner.user()) == ["member_joined", "member_left"], "told of the one who left"
    assert await kinds_to(container, partner.user()) == ["member_joined", "member_left", "member_left"]
    assert await kinds_to(container, staff.user()) == [], "who leaves knows it"
    (told,) = await told_to(container, comer.user())
    view = await notification_of(db.primary, comer.user(), told.id)
    shop = (await shops_by_ids(db.primary, [seller_id]))[seller_id]
    assert view is not None
    assert view.kind is NotificationKind.MEMBER_REMOVED
    assert view.seller_id is None
    assert words_of(view).title == f"You work for {shop.name} no longer"


async def test_the_erased_are_told_nothing_and_blocked_members_neither(container: Container) -> None:
    sale = await a_sale(container)
    await change(container, User, sale.buyer.user(), status=UserStatus.ERASED)
    await change(container, User, sale.seller.user(), status=UserStatus.BLOCKED)
    await tell(container, sale.order_id)
    assert await kinds_to(container, sale.buyer.user()) == []
    assert await kinds_to(container, sale.seller.user()) == []


async def test_no_mail_is_written_where_none_is_wanted_or_none_is_sent(container: Container) -> None:
    sale, other = await a_sale(container), await a_sale(container)
    unwanted = Preference(kind=NotificationKind.ORDER_PAID, mail=False)
    command = UpdateNotificationPreferences(preferences=(unwanted,))
    await update_preferences(command, actor=sale.buyer, db=container.ports.db)
    await tell(container, sale.order_id)
    await tell(container, other.order_id, mails=False)
    mailed = await deliveries(container)
    assert {each.kind for each in await told_to(container, sale.buyer.user()) if each.id in mailed} == {"order_placed"}
    assert [each for each in await told_to(container, other.buyer.user()) if each.id in mailed] == []


async def test_a_transaction_that_fails_tells_nobody(container: Container) -> None:
    """The jobs leave with the commit: nothing is told of what did not happen."""
    sale = await a_sale(container, paid=False)

    async def step(tx: Tx) -> None:
        await mark_paid(tx, sale.checkout_id)
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await container.ports.db.run(step)
    await tell(container, sale.order_id)
    assert await kinds_to(container, sale.buyer.user()) == []


async def test_the_owner_of_an_account_is_told_of_what_touches_its_safety(container: Container) -> None:
    person = await a_buyer(container)

    async def step(tx: Tx) -> None:
        tx.record(PasswordChanged(at=tx.now, user_id=person.user()))

    await container.ports.db.run(step)
    await tell(container, person.user())
    assert await kinds_to(container, person.user()) == ["password_changed"]


def test_ids_are_made_from_what_they_are_about_and_keep_its_time() -> None:
    occasion, person = new_id(), new_id()
    first = notification_id(NotificationKind.ORDER_PAID, occasion, person)
    assert first == notification_id(NotificationKind.ORDER_PAID, occasion, person)
    others = {notification_id(kind, occasion, person) for kind in NotificationKind}
    others |= {notification_id(NotificationKind.ORDER_PAID, new_id(), person) for _ in range(3)}
    others |= {notification_id(NotificationKind.ORDER_PAID, occasion, new_id())}
    assert len(others) == len(NotificationKind) + 4
    assert (first.version, first.int >> 80) == (7, occasion.int >> 80)


def test_every_kind_has_its_terms_and_every_event_a_handler() -> None:
    assert set(KINDS) == set(NotificationKind)
    names = {handler.name: handler.event for handler in HANDLERS}
    assert len(names) == len(HANDLERS), "a name stands for one handler"
    assert set(NOTICES) <= {handler.event for handler in HANDLERS if handler.name.startswith("notify_")}


async def test_a_buyer_is_told_when_an_order_can_be_fetched(container: Container) -> None:
    sale = await a_sale(container, fulfilment=Fulfilment.PICKUP)
    command = MarkReadyForPickup(order_id=sale.order_id, note="From 9", idempotency_key=uuid4().hex)
    await mark_ready(command, actor=sale.seller, db=container.ports.db)
    await tell(container, sale.order_id)
    assert "order_ready" in await kinds_to(container, sale.buyer.user())
    assert "order_ready" not in await kinds_to(container, sale.seller.user())


async def test_reviews_and_answers_are_told_to_the_other_side_once(container: Container) -> None:
    sale = await a_delivery(container)
    staff = await a_colleague(container, sale.seller.seller())
    review_id = await on_listing(container, sale)
    await tell(container, review_id, times=2)
    assert await kinds_to(container, staff.user()) == ["new_review"]
    assert await kinds_to(container, sale.buyer.user()) == []
    for words in ("Thank you.", "Thank you very much."):
        await reply(container, review_id, sale.seller, words)
    await tell(container, review_id)
    assert await kinds_to(container, sale.buyer.user()) == ["review_replied"]
    await tell(container, await on_buyer(container, sale))
    assert await kinds_to(container, sale.buyer.user()) == ["buyer_reviewed", "review_replied"]
    assert await kinds_to(container, sale.seller.user()) == ["new_review"]


async def test_a_review_that_is_held_is_told_when_it_is_published(container: Container) -> None:
    sale, moderator = await a_delivery(container), await a_moderator(container)
    review_id = await on_seller(container, sale)
    await moderate(container, "hold", review_id, moderator)
    await tell(container, review_id)
    assert await kinds_to(container, sale.seller.user()) == []
    await moderate(container, "publish", review_id, moderator)
    await tell(container, review_id)
    assert await kinds_to(container, sale.seller.user()) == ["new_review"]


async def test_the_confirmation_of_a_purchase_is_always_mailed(container: Container) -> None:
    buyer = await a_buyer(container)
    refused = Preference(kind=NotificationKind.ORDER_PLACED, mail=False)
    with pytest.raises(InvalidInput):
        await update_preferences(
            UpdateNotificationPreferences(preferences=(refused,)), actor=buyer, db=container.ports.db
        )
