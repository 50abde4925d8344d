"""A buyer's bank takes money back: what the payment paid stays where it is until it is won, or somebody has looked.

Messages may come twice, late and in any order; what stands with the provider in the end stands here.
"""

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

import pytest

from app.container import Container
from app.provider_messages import apply_provider_message
from app.webhooks import PAYMENTS_SOURCE
from domain.checkout.chargebacks import on_chargeback, take_in
from domain.inbox.model import InboxMessage
from domain.inbox.receiving import Incoming, receive
from domain.ledger.reads import trial_balance
from domain.orders.completion import complete_due_orders
from domain.orders.errors import OrderOnHold
from domain.orders.model import EscrowState, HoldKind, OrderHold, OrderStatus
from domain.payments.events import ProviderMessageReceived
from domain.payments.ports import ProviderEventKind, ProviderPayment
from domain.shared.errors import NotFound
from tests.conftest import FakeClock
from tests.domain.checkout.scenes import ports_of, rows
from tests.domain.orders.lifecycle import confirm, held_for, owed_to, rows_of, ship, timeline, unhold
from tests.fakes.chargebacks import FEE_MINOR, FakeBank
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import an_admin
from tests.sales import Sale, a_sale, the_order

TOTAL_MINOR = 2_500
TAKEN = (TOTAL_MINOR, FEE_MINOR)
GIVEN_BACK = (-TOTAL_MINOR, -FEE_MINOR)


@dataclass
class Case:
    """A sale whose money the provider has, and the bank of its buyer."""

    container: Container
    gateway: FakePaymentGateway
    sale: Sale

    @property
    def bank(self) -> FakeBank:
        return self.gateway.bank

    @property
    def payment(self) -> ProviderPayment:
        [payment] = self.gateway.payments.values()
        return payment

    async def look(self) -> None:
        await on_chargeback(self.payment.provider_ref, ports=ports_of(self.container, self.gateway))

    async def told(self) -> None:
        """A message of its own about the payment's chargebacks has come and been worked."""
        kind, external_id = ProviderEventKind.CHARGEBACK.value, uuid4().hex
        incoming = Incoming(ProviderMessageReceived, PAYMENTS_SOURCE, external_id, kind, self.payment.provider_ref)
        assert await receive(incoming, db=self.container.ports.db)
        [message] = await rows(self.container, InboxMessage, external_id=external_id)
        event = ProviderMessageReceived(at=message.received_at, message_id=message.id, source=PAYMENTS_SOURCE)
        ports = replace(self.container.ports, checkout=ports_of(self.container, self.gateway))
        await apply_provider_message(event, replace(self.container, ports=ports))
        [message] = await rows(self.container, InboxMessage, external_id=external_id)
        assert message.worked_at is not None

    async def holds(self) -> list[bool]:
        """Whether each hold that there ever was on the sale's orders is open, in the order of their opening."""
        found = [hold for id_ in self.sale.order_ids for hold in await rows(self.container, OrderHold, order_id=id_)]
        assert {hold.kind for hold in found} <= {HoldKind.CHARGEBACK}
        return [hold.closed_at is None for hold in sorted(found, key=lambda hold: str(hold.id))]

    async def booked(self) -> list[tuple[int, int]]:
        """What was lost, and the fees, of each booking, the greatest first."""
        found = await rows_of(
            self.container,
            "SELECT coalesce(sum(amount_minor) FILTER (WHERE account.kind = 'platform:loss'), 0)::int AS lost,"
            " coalesce(sum(amount_minor) FILTER (WHERE account.kind = 'provider:fees'), 0)::int AS fee"
            " FROM ledger_transaction header JOIN entry ON entry.transaction_id = header.id"
            " JOIN account ON account.id = entry.account_id"
            " WHERE header.kind = 'chargeback' AND header.cause = :cause GROUP BY header.id ORDER BY 1 DESC",
            cause=f"payment:{self.sale.payment_id}",
        )
        return [(row.lost, row.fee) for row in found]


async def a_case(container: Container, *, orders: int = 1) -> Case:
    gateway = FakePaymentGateway()
    return Case(container, gateway, await a_sale(container, orders=orders, gateway=gateway))


async def test_however_many_messages_tell_of_it_each_order_has_one_hold_and_the_loss_is_booked_once(
    container: Container,
) -> None:
    case = await a_case(container, orders=2)
    case.bank.charge_back(case.payment)
    for _ in range(2):
        await case.told()
    await asyncio.gather(*(case.look() for _ in range(4)))
    assert await case.holds() == [True, True]
    assert await case.booked() == [(2 * TOTAL_MINOR, FEE_MINOR)]


async def test_one_that_is_won_is_lifted_and_the_books_have_the_money_again(container: Container) -> None:
    case = await a_case(container)
    chargeback = case.bank.charge_back(case.payment)
    await case.told()
    case.bank.win(chargeback)
    for _ in range(2):
        await case.told()
    assert await case.holds() == [False]
    assert await case.booked() == [TAKEN, GIVEN_BACK]
    assert [kind for _, kind in await timeline(container, case.sale.order_id)][-2:] == ["hold_opened", "hold_closed"]
    await ship(container, case.sale)
    await confirm(container, case.sale)
    assert (await the_order(container, case.sale.order_id)).escrow is EscrowState.RELEASED


async def test_after_it_is_won_the_order_completes_by_itself(fresh_container: Container, clock: FakeClock) -> None:
    case = await a_case(fresh_container)
    chargeback = case.bank.charge_back(case.payment)
    await case.told()
    await ship(fresh_container, case.sale)
    clock.advance(days=30)
    await complete_due_orders(db=fresh_container.ports.db, clock=clock)
    assert (await the_order(fresh_container, case.sale.order_id)).status is OrderStatus.SHIPPED
    case.bank.win(chargeback)
    await case.told()
    await complete_due_orders(db=fresh_container.ports.db, clock=clock)
    assert (await the_order(fresh_container, case.sale.order_id)).status is OrderStatus.COMPLETED
    assert await held_for(fresh_container, case.sale) == 0
    assert await owed_to(fresh_container, case.sale) > 0


async def test_the_books_say_of_the_provider_what_the_provider_says(fresh_container: Container) -> None:
    """What was captured less what was withdrawn, and all of it again once it is reinstated."""
    case = await a_case(fresh_container)

    async def books() -> dict[str, int]:
        return {line.kind: line.total_minor for line in await trial_balance(fresh_container.ports.db.primary)}

    before = await books()
    chargeback = case.bank.charge_back(case.payment)
    await case.told()
    assert await books() == before | {
        "provider:clearing": before["provider:clearing"] - TOTAL_MINOR - FEE_MINOR,
        "platform:loss": TOTAL_MINOR,
        "provider:fees": FEE_MINOR,
    }
    case.bank.win(chargeback)
    await case.told()
    assert await books() == before | {"platform:loss": 0, "provider:fees": 0}


async def test_one_that_is_lost_stays_held_and_lost_until_an_administrator_has_looked(container: Container) -> None:
    case = await a_case(container)
    chargeback = case.bank.charge_back(case.payment)
    await case.told()
    case.bank.lose(chargeback)
    await case.told()
    assert (await case.holds(), await case.booked()) == ([True], [TAKEN])
    await ship(container, case.sale)
    with pytest.raises(OrderOnHold):
        await confirm(container, case.sale)
    await unhold(container, case.sale, await an_admin(container))
    await case.told()
    assert await case.holds() == [False], "what an administrator has lifted stays lifted"


async def test_an_administrator_lifts_it_early_and_there_is_nothing_left_to_lift(container: Container) -> None:
    case, admin = await a_case(container), await an_admin(container)
    chargeback = case.bank.charge_back(case.payment)
    await case.told()
    await unhold(container, case.sale, admin)
    with pytest.raises(NotFound):
        await unhold(container, case.sale, admin)
    case.bank.win(chargeback)
    await case.told()
    assert await case.holds() == [False]


async def test_that_it_is_over_may_be_heard_before_that_it_began(container: Container) -> None:
    case = await a_case(container)
    case.bank.win(case.bank.charge_back(case.payment))
    await case.told()
    assert (await case.holds(), await case.booked()) == ([False], [TAKEN, GIVEN_BACK])
    await case.told()
    assert (await case.holds(), await case.booked()) == ([False], [TAKEN, GIVEN_BACK])


async def test_what_was_read_before_it_was_won_and_is_applied_afterwards_does_no_harm(container: Container) -> None:
    case = await a_case(container)
    chargeback = case.bank.charge_back(case.payment)
    stale = case.bank.of(case.payment.provider_ref)
    case.bank.win(chargeback)
    await case.told()

    ours = partial(take_in, payment_id=case.sale.payment_id, order_ids=case.sale.order_ids, found=stale)
    await container.ports.db.run(ours)
    assert (await case.holds(), await case.booked()) == ([False], [TAKEN, GIVEN_BACK])


async def test_a_mere_question_of_the_bank_holds_too_and_books_nothing(container: Container) -> None:
    case = await a_case(container)
    inquiry = case.bank.charge_back(case.payment, inquiry=True)
    await case.told()
    assert (await case.holds(), await case.booked()) == ([True], [])
    case.bank.win(inquiry)
    await case.told()
    assert (await case.holds(), await case.booked()) == ([False], [])


async def test_of_two_of_one_payment_only_the_one_that_is_won_is_lifted(container: Container) -> None:
    case = await a_case(container)
    first, second = case.bank.charge_back(case.payment), case.bank.charge_back(case.payment)
    await case.told()
    case.bank.win(first)
    await case.told()
    assert sorted(await case.holds()) == [False, True]
    case.bank.win(second)
    await case.told()
    assert await case.holds() == [False, False]


async def test_a_payment_of_somebody_else_is_left_alone(container: Container) -> None:
    case, other = await a_case(container), await a_case(container)
    stranger = replace(other.payment, payment_id=uuid4())
    other.gateway.payments[stranger.provider_ref] = stranger
    other.bank.charge_back(stranger)
    await other.told()
    assert (await other.holds(), await other.booked(), await case.holds()) == ([], [], [])
