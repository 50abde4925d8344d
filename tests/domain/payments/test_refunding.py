"""Refunds: asked for within what is left, carried out once, taken back when the bank sends them back."""

import asyncio
from uuid import UUID

import pytest

from app.container import Container
from domain.checkout.refunds_by_hand import on_refund_message
from domain.orders.model import EscrowState
from domain.orders.refunds import note_refund
from domain.payments.errors import ProviderRefused, ProviderUnavailable, RefusalReason
from domain.payments.ports import ProviderRefundStatus
from domain.payments.refunding import execute_refund, request_up_to, resume_refunds
from domain.shared.database import Tx
from tests.conftest import FakeClock
from tests.domain.checkout.scenes import ports_of
from tests.domain.orders.lifecycle import held_for, rows_of, timeline
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.sales import Sale, a_sale, the_order


async def asked(container: Container, sale: Sale, amount_minor: int) -> list[UUID]:
    async def step(tx: Tx) -> list[UUID]:
        return await request_up_to(tx, order_id=sale.order_id, amount_minor=amount_minor, cause="test")

    return await container.ports.db.run(step)


async def ask(container: Container, sale: Sale, amount_minor: int) -> UUID:
    (refund_id,) = await asked(container, sale, amount_minor)
    return refund_id


async def status_of(container: Container, refund_id: UUID) -> tuple[str, int]:
    (row,) = await rows_of(container, "SELECT status, attempt FROM refund WHERE id = :id", id=refund_id)
    return row.status, row.attempt


async def counted(container: Container, sale: Sale) -> tuple[int, int]:
    """Refunded on the payment, and on the order's share of it."""
    (row,) = await rows_of(
        container,
        "SELECT p.refunded_minor AS payment, a.refunded_minor AS share FROM payment p"
        " JOIN payment_allocation a ON a.payment_id = p.id WHERE a.order_id = :id",
        id=sale.order_id,
    )
    return row.payment, row.share


def given_back(gateway: FakePaymentGateway) -> int:
    """What the buyer has got from the provider."""
    return sum(
        refund.amount_minor for refund in gateway.refunds.values() if refund.status is not ProviderRefundStatus.FAILED
    )


async def test_a_refund_is_given_and_counted_everywhere(container: Container) -> None:
    gateway = FakePaymentGateway()
    sale = await a_sale(container, gateway=gateway)
    refund_id = await ask(container, sale, 700)
    await execute_refund(refund_id, db=container.ports.db, gateway=gateway)
    await execute_refund(refund_id, db=container.ports.db, gateway=gateway)
    assert await status_of(container, refund_id) == ("succeeded", 1)
    assert await counted(container, sale) == (700, 700)
    assert await held_for(container, sale) == 1_800
    assert given_back(gateway) == 700
    assert gateway.provider.calls["refund"] == 1


async def test_no_more_is_asked_for_than_was_taken(container: Container) -> None:
    """However many ask at once: two get all they want, one what is left of 25.00, the others nothing."""
    sale = await a_sale(container)
    outcomes = await asyncio.gather(*(asked(container, sale, 900) for _ in range(6)))
    assert sorted(len(outcome) for outcome in outcomes) == [0, 0, 0, 1, 1, 1]
    rows = await rows_of(container, "SELECT amount_minor FROM refund WHERE order_id = :id", id=sale.order_id)
    assert sorted(row.amount_minor for row in rows) == [700, 900, 900]


async def test_eight_workers_at_one_refund_ask_once(container: Container) -> None:
    gateway = FakePaymentGateway()
    sale = await a_sale(container, gateway=gateway)
    refund_id = await ask(container, sale, 700)
    await asyncio.gather(*(execute_refund(refund_id, db=container.ports.db, gateway=gateway) for _ in range(8)))
    assert given_back(gateway) == 700
    assert gateway.provider.calls["refund"] == 1
    assert await counted(container, sale) == (700, 700)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_answer_that_got_lost_is_read_before_asking_again(
    fresh_container: Container, clock: FakeClock, when: str
) -> None:
    """Lost before the effect: asked again with another key. Lost after it: only read."""
    gateway, ports = FakePaymentGateway(clock.now), fresh_container.ports
    sale = await a_sale(fresh_container, gateway=gateway)
    refund_id = await ask(fresh_container, sale, 700)
    gateway.provider.fail("refund", when)
    with pytest.raises(ProviderUnavailable):
        await execute_refund(refund_id, db=ports.db, gateway=gateway)
    clock.advance(seconds=89)
    await execute_refund(refund_id, db=ports.db, gateway=gateway)
    assert (await status_of(fresh_container, refund_id))[0] == "pending", "the lease keeps everybody away"
    clock.advance(seconds=2)
    assert await resume_refunds(db=ports.db, gateway=gateway, clock=clock) == 1
    assert await status_of(fresh_container, refund_id) == ("succeeded", 2 if when == "before" else 1)
    assert given_back(gateway) == 700
    assert await counted(fresh_container, sale) == (700, 700)
    assert await resume_refunds(db=ports.db, gateway=gateway, clock=clock) == 0


async def test_a_refund_whose_job_is_gone_is_found(fresh_container: Container, clock: FakeClock) -> None:
    gateway, ports = FakePaymentGateway(clock.now), fresh_container.ports
    sale = await a_sale(fresh_container, gateway=gateway)
    refund_id = await ask(fresh_container, sale, 700)
    assert await resume_refunds(db=ports.db, gateway=gateway, clock=clock) == 0, "its job comes first"
    clock.advance(minutes=2)
    assert await resume_refunds(db=ports.db, gateway=gateway, clock=clock) == 1
    assert (await status_of(fresh_container, refund_id))[0] == "succeeded"


async def test_a_definite_no_fails_it_and_the_money_stays_held(container: Container) -> None:
    gateway = FakePaymentGateway()
    sale = await a_sale(container, gateway=gateway)
    (row,) = await rows_of(container, "SELECT provider_ref FROM payment WHERE id = :id", id=sale.payment_id)
    refund_id = await ask(container, sale, 700)
    # Somebody refunded everything by hand, over there.
    await gateway.refund(row.provider_ref, sale.order_id, 2_500, "by hand")
    await execute_refund(refund_id, db=container.ports.db, gateway=gateway)
    assert (await status_of(container, refund_id))[0] == "failed"
    assert await counted(container, sale) == (0, 0)
    assert await held_for(container, sale) == 2_500
    await note_refund(refund_id, db=container.ports.db)
    assert [kind for _, kind in await timeline(container, sale.order_id)][-2:] == ["refund_failed", "hold_opened"]


class FakePoorGateway(FakePaymentGateway):
    """The platform's balance over there is empty until it is filled."""

    filled = False

    async def refund(self, provider_ref: str, refund_id: UUID, amount_minor: int, idempotency_key: str):  # type: ignore[no-untyped-def]
        if not self.filled:
            raise ProviderRefused(RefusalReason.BALANCE_INSUFFICIENT, "empty")
        return await super().refund(provider_ref, refund_id, amount_minor, idempotency_key)


async def test_a_refusal_that_passes_is_waited_out(fresh_container: Container, clock: FakeClock) -> None:
    gateway, ports = FakePoorGateway(clock.now), fresh_container.ports
    sale = await a_sale(fresh_container, gateway=gateway)
    refund_id = await ask(fresh_container, sale, 700)
    await execute_refund(refund_id, db=ports.db, gateway=gateway)
    assert (await status_of(fresh_container, refund_id))[0] == "pending"
    gateway.filled = True
    clock.advance(minutes=2)
    await resume_refunds(db=ports.db, gateway=gateway, clock=clock)
    assert (await status_of(fresh_container, refund_id))[0] == "succeeded"


async def test_a_refund_that_the_bank_sends_back_is_held_again(container: Container) -> None:
    gateway = FakePaymentGateway()
    sale = await a_sale(container, gateway=gateway)
    refund_id = await ask(container, sale, 2_500)
    await execute_refund(refund_id, db=container.ports.db, gateway=gateway)
    await note_refund(refund_id, db=container.ports.db)
    assert (await the_order(container, sale.order_id)).escrow is EscrowState.REFUNDED
    (refund_ref,) = gateway.refunds
    gateway.fail_refund(refund_ref)
    for _ in range(2):
        await on_refund_message(refund_ref, ports=ports_of(container, gateway))
    await note_refund(refund_id, db=container.ports.db)
    assert (await status_of(container, refund_id))[0] == "failed"
    assert await counted(container, sale) == (0, 0)
    assert await held_for(container, sale) == 2_500
    assert (await the_order(container, sale.order_id)).escrow is EscrowState.HELD
    kinds = [kind for _, kind in await timeline(container, sale.order_id)]
    assert kinds[-3:] == ["refunded", "refund_failed", "hold_opened"], "kept for the buyer"
