"""A loss that an administrator gives to orders is theirs in every book, once.

The guarantee: afterwards ledger, shares, refunds and timeline say the same of every order; what is refused changed
nothing; and if the money comes back after all, everything is as if it had never left.
"""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from app.container import Container
from domain.checkout.attribution import attribute_loss
from domain.checkout.chargebacks import take_in
from domain.checkout.deciding import DecideCase, decide_case
from domain.checkout.errors import AttributionTooLarge, LossInOtherCurrency, NothingLost
from domain.ledger.sealing import verify
from domain.orders.model import EscrowState, OrderHold
from domain.orders.refunds import note_refund
from domain.payments.model import Refund, RefundStatus
from domain.payments.ports import ChargebackMovement, ProviderChargeback, ProviderChargebackStatus
from domain.payments.refunding import request_up_to
from domain.risk.assessing import Assessment, RiskReason, record_assessment
from domain.risk.model import CaseStatus, LossKind, ModerationCase, Verdict
from domain.shared.database import Tx
from domain.shared.errors import (
    DomainError,
    IdempotencyConflict,
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
)
from domain.shared.ids import new_id
from tests.domain.checkout.losses import TOTAL_MINOR, LossySale, a_lossy_sale
from tests.domain.checkout.scenes import ports_of, rows
from tests.domain.ledger.booking import seal_all
from tests.domain.orders.lifecycle import timeline
from tests.fakes.chargebacks import FEE_MINOR
from tests.makers import a_buyer, a_moderator
from tests.sales import the_order


async def test_what_is_still_held_is_given_from_escrow_and_every_book_says_so(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    refund_ref = await lossy.give_back(700)
    assert (await lossy.lost(), await lossy.refunded()) == (700, (700, [0, 0]))
    await lossy.attribute(500, 200)
    assert await lossy.lost() == 0
    assert await lossy.held() == [2_000, 2_300]
    assert await lossy.refunded() == (700, [500, 200])
    refunds = await rows(container, Refund, payment_id=lossy.sale.payment_id)
    assert {(refund.amount_minor, refund.status, refund.cause, refund.provider_ref) for refund in refunds} == {
        (500, RefundStatus.SUCCEEDED, "by_hand", refund_ref),
        (200, RefundStatus.SUCCEEDED, "by_hand", refund_ref),
    }
    for order_id in lossy.sale.order_ids:
        assert [kind for _, kind in await timeline(container, order_id)] == ["placed", "paid", "refunded"]
    [case] = await rows(container, ModerationCase, checkout_id=lossy.sale.checkout_id)
    assert (case.status, case.decided_by, case.note) == (
        CaseStatus.SETTLED,
        lossy.admin.user_id,
        "agreed with the buyer",
    )
    # The provider tells of it again, and a job comes late: nothing moves.
    await lossy.hear_of(refund_ref)
    for refund in refunds:
        await note_refund(refund.id, db=container.ports.db)
    assert (await lossy.lost(), await lossy.refunded()) == (0, (700, [500, 200]))
    assert len(await timeline(container, lossy.sale.order_id)) == 3


async def test_of_an_order_that_goes_on_the_seller_is_paid_what_is_left(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.give_back(700)
    await lossy.attribute(None, 700)
    await lossy.release(1)
    _, released = await lossy.released()
    # 252 of 2,500 is the commission, so 181.44 of 1,800.
    assert (released.released_minor, released.commission_minor) == (1_800, 181)


async def test_after_the_release_the_seller_owes_it_and_gets_the_commission_back(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.release(0)
    await lossy.give_back(700)
    await lossy.attribute(700)
    released, _ = await lossy.released()
    # As if only 1,800 had ever been released.
    assert (released.released_minor, released.commission_minor) == (1_800, 181)
    assert await lossy.held() == [0, 2_500]
    assert await lossy.lost() == 0
    assert await lossy.refunded() == (700, [700, 0])
    assert (await the_order(container, lossy.sale.order_id)).escrow is EscrowState.RELEASED


async def test_what_came_after_the_release_of_a_known_order_is_taken_from_its_seller(container: Container) -> None:
    """Both orders' money was given back, one had been released: which orders is known, who bears it is not."""
    lossy = await a_lossy_sale(container)
    await lossy.release(0)
    refund_ref = await lossy.give_back(2 * TOTAL_MINOR)
    [case] = await lossy.cases()
    assert case.loss is not None
    assert (case.loss.kind, case.loss.amount_minor) == (LossKind.RELEASED_REFUND, TOTAL_MINOR)
    for wanted in ((None, 1), (TOTAL_MINOR + 1,)):
        with pytest.raises(AttributionTooLarge):
            await lossy.attribute(*wanted)
    await lossy.attribute(2_000)
    released, _ = await lossy.released()
    assert (released.released_minor, released.commission_minor) == (500, 50)
    assert await lossy.lost() == 500
    assert await lossy.refunded() == (5_000, [2_500, 2_500])
    await lossy.send_back(refund_ref)
    assert await lossy.lost() == 0
    assert [each.released_minor for each in await lossy.released()] == [2_500, 0]
    assert (await lossy.held(), await lossy.refunded()) == ([0, 2_500], (0, [0, 0]))


async def test_a_lost_chargeback_is_a_case_and_is_given_to_the_orders_that_it_was_about(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    chargeback = await lossy.lose_a_chargeback()
    [case] = await lossy.cases()
    assert case.loss is not None
    assert (case.loss.kind, case.loss.provider_ref, case.loss.amount_minor) == (
        LossKind.CHARGEBACK,
        chargeback,
        2 * TOTAL_MINOR,
    )
    assert case.reasons[0]["rule"] == "chargeback_lost"
    await lossy.attribute(TOTAL_MINOR, 500)
    assert await lossy.held() == [0, 2_000]
    assert await lossy.refunded() == (3_000, [2_500, 500])
    booked = await lossy.booked()
    assert (booked["platform:loss"], booked["provider:fees"]) == (2_000, FEE_MINOR), "the fee, and what was not given"
    assert (await the_order(container, lossy.sale.order_id)).escrow is EscrowState.REFUNDED
    for order_id in lossy.sale.order_ids:
        assert [hold.closed_at is None for hold in await rows(container, OrderHold, order_id=order_id)] == [False]
    await lossy.hear_of_chargebacks()
    assert (await lossy.lost(), len(await lossy.cases())) == (2_000, 1)
    # The seller of the other order is paid what the bank left of it.
    await lossy.release(1)
    assert (await lossy.released())[1].released_minor == 2_000


async def test_a_chargeback_that_is_won_after_all_undoes_what_was_given(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    chargeback = await lossy.lose_a_chargeback()
    await lossy.attribute(TOTAL_MINOR, 500)
    await lossy.release(1)
    lossy.gateway.bank.win(chargeback)
    for _ in range(2):
        await lossy.hear_of_chargebacks()
    for refund in await rows(container, Refund, payment_id=lossy.sale.payment_id):
        await note_refund(refund.id, db=container.ports.db)
    booked = await lossy.booked()
    assert (booked["platform:loss"], booked["provider:fees"]) == (0, 0)
    assert await lossy.refunded() == (0, [0, 0])
    first, second = (await lossy.held()), (await lossy.released())
    assert first == [TOTAL_MINOR, 0], "what goes on is held again; what is over is the seller's"
    assert (second[1].released_minor, second[1].commission_minor) == (TOTAL_MINOR, 252)
    order = await the_order(container, lossy.sale.order_id)
    assert order.escrow is EscrowState.HELD
    await lossy.release(0)
    assert (await lossy.released())[0].commission_minor == 252


async def test_the_timeline_says_that_a_chargeback_was_won_and_no_refund_failed(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    chargeback = await lossy.lose_a_chargeback()
    await lossy.attribute(500, TOTAL_MINOR)
    await lossy.release(1)
    assert (await the_order(container, lossy.sale.order_ids[1])).escrow is EscrowState.REFUNDED
    lossy.gateway.bank.win(chargeback)
    for _ in range(2):
        await lossy.hear_of_chargebacks()
    for refund in await rows(container, Refund, payment_id=lossy.sale.payment_id):
        await note_refund(refund.id, db=container.ports.db)
    goes_on, over = [[kind for _, kind in await timeline(container, id_)] for id_ in lossy.sale.order_ids]
    assert goes_on[-3:] == ["refunded", "hold_closed", "chargeback_won"]
    assert over[-3:] == ["completed", "chargeback_won", "released"]
    assert "refund_failed" not in {*goes_on, *over}
    assert (await the_order(container, lossy.sale.order_ids[1])).escrow is EscrowState.RELEASED
    assert await lossy.held() == [TOTAL_MINOR, 0]


async def test_won_after_the_release_gives_the_seller_back_what_they_owed(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.release(0)
    chargeback = await lossy.lose_a_chargeback()
    await lossy.attribute(700)
    assert (await lossy.released())[0].released_minor == 1_800
    lossy.gateway.bank.win(chargeback)
    await lossy.hear_of_chargebacks()
    first, _ = await lossy.released()
    assert (first.released_minor, first.commission_minor) == (TOTAL_MINOR, 252)
    kinds = [kind for _, kind in await timeline(container, lossy.sale.order_id)]
    assert kinds.count("released") == 1, "it was released before, and nothing was held since"
    assert kinds.count("chargeback_won") == 1


async def test_what_is_kept_for_the_buyer_of_a_completed_order_is_not_released_by_a_won_chargeback(
    container: Container,
) -> None:
    lossy = await a_lossy_sale(container)
    refund_ref = await lossy.give_back(700)
    await lossy.attribute(700)
    await lossy.release(0)
    await lossy.send_back(refund_ref)
    assert (await lossy.held())[0] == 700
    chargeback = await lossy.lose_a_chargeback()
    await lossy.attribute(900, case=(await lossy.cases())[-1])
    lossy.gateway.bank.win(chargeback)
    await lossy.hear_of_chargebacks()
    assert (await lossy.held())[0] == 700
    assert (await lossy.released())[0].released_minor == 1_800


async def test_a_chargeback_that_is_won_before_anybody_decided_closes_its_case(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    chargeback = await lossy.lose_a_chargeback()
    lossy.gateway.bank.win(chargeback)
    await lossy.hear_of_chargebacks()
    [case] = await lossy.cases()
    assert case.status is CaseStatus.SETTLED
    with pytest.raises(IllegalTransition):
        await lossy.attribute(100)
    assert await lossy.lost() == 0


@pytest.mark.parametrize("released", [False, True])
async def test_money_that_the_bank_sends_back_is_everybodys_again(container: Container, released: bool) -> None:
    lossy = await a_lossy_sale(container)
    if released:
        await lossy.release(0)
        await lossy.release(1)
    refund_ref = await lossy.give_back(700)
    await lossy.attribute(400, 100)
    assert await lossy.lost() == 200
    await lossy.send_back(refund_ref)
    assert (await lossy.lost(), await lossy.refunded()) == (0, (0, [0, 0]))
    standing = [
        held + each.released_minor for held, each in zip(await lossy.held(), await lossy.released(), strict=True)
    ]
    assert standing == [TOTAL_MINOR, TOTAL_MINOR]
    refunds = await rows(container, Refund, payment_id=lossy.sale.payment_id)
    assert {refund.status for refund in refunds} == {RefundStatus.FAILED}


async def test_what_came_back_before_anybody_decided_is_no_loss_any_more(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.send_back(await lossy.give_back(700))
    [case] = await lossy.cases()
    assert (case.status, case.note) == (CaseStatus.SETTLED, "The buyer's bank sent the money back.")
    with pytest.raises(IllegalTransition):
        await lossy.attribute(700)
    assert await lossy.refunded() == (0, [0, 0])


async def test_each_of_two_losses_has_its_own_case_and_reasons(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    first_ref, second_ref = await lossy.give_back(300), await lossy.give_back(700)
    first, second = await lossy.cases()
    assert first_ref in first.reasons[0]["detail"]
    assert second_ref in second.reasons[0]["detail"]
    await lossy.attribute(700, case=second)
    moderator = await a_moderator(container)
    keep = DecideCase(idempotency_key=uuid4().hex, case_id=first.id, approve=True, note="our own fault")
    await decide_case(keep, actor=moderator, ports=ports_of(container, lossy.gateway))
    assert [case.status for case in await lossy.cases()] == [CaseStatus.APPROVED, CaseStatus.SETTLED]
    assert (await lossy.lost(), await lossy.refunded()) == (300, (1_000, [700, 0]))
    with pytest.raises(IllegalTransition):
        await lossy.attribute(300, case=first)


async def test_the_same_key_is_done_once_and_answers_again(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.give_back(700)
    [case] = await lossy.cases()
    command, db = lossy.command(case.id, 700), container.ports.db
    for _ in range(2):
        assert await attribute_loss(command, actor=lossy.admin, db=db) == case.id
    assert await lossy.refunded() == (700, [700, 0])
    with pytest.raises(IdempotencyConflict):
        await attribute_loss(replace(command, note="another"), actor=lossy.admin, db=db)
    with pytest.raises(IllegalTransition):
        await attribute_loss(replace(command, idempotency_key=uuid4().hex), actor=lossy.admin, db=db)


async def test_of_several_at_once_one_does_it(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.give_back(700)
    [case] = await lossy.cases()
    moderator = await a_moderator(container)
    keep = DecideCase(idempotency_key=uuid4().hex, case_id=case.id, approve=False)
    outcomes = await asyncio.gather(
        *(lossy.attribute(700, case=case) for _ in range(3)),
        *(lossy.attribute(None, 700, case=case) for _ in range(3)),
        decide_case(keep, actor=moderator, ports=ports_of(container, lossy.gateway)),
        return_exceptions=True,
    )
    assert len([each for each in outcomes if isinstance(each, IllegalTransition)]) == 6
    given_minor, shares = await lossy.refunded()
    assert given_minor == 700
    assert await lossy.lost() == 700 - sum(shares)
    assert sum(shares) in (0, 700)


async def test_it_and_a_release_at_once_leave_the_books_right(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.give_back(700)
    await asyncio.gather(lossy.attribute(700), lossy.release(0))
    [held, _], [released, _] = await lossy.held(), await lossy.released()
    assert (held, released.released_minor, released.commission_minor) == (0, 1_800, 181)
    assert await lossy.lost() == 0


@pytest.mark.parametrize(
    ("amounts", "refused"),
    [
        ((701,), AttributionTooLarge),
        ((400, 301), AttributionTooLarge),
        ((2_501,), AttributionTooLarge),
    ],
)
async def test_more_than_was_lost_is_refused(
    container: Container, amounts: tuple[int, ...], refused: type[DomainError]
) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.give_back(700)
    await nothing_changes(lossy, refused, *amounts)


async def test_more_than_is_left_of_an_order_is_refused_also_while_a_refund_is_on_its_way(container: Container) -> None:
    lossy = await a_lossy_sale(container)

    async def step(tx: Tx) -> None:
        await request_up_to(tx, order_id=lossy.sale.order_id, amount_minor=2_000, cause="cancelled")

    await container.ports.db.run(step)
    await lossy.give_back(700)
    await nothing_changes(lossy, AttributionTooLarge, 501)
    await lossy.attribute(500, 200)
    assert await lossy.refunded() == (700, [500, 200])


async def test_another_buyers_order_is_none(container: Container) -> None:
    lossy, other = await a_lossy_sale(container), await a_lossy_sale(container)
    await lossy.give_back(700)
    foreign = other.command(new_id(), 700).parts
    await nothing_changes(lossy, NotFound, parts=foreign)
    assert await other.refunded() == (0, [0, 0])


async def test_an_order_named_twice_is_refused(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.give_back(700)
    parts = lossy.command(new_id(), 100).parts * 2
    await nothing_changes(lossy, InvalidInput, parts=parts)


async def test_a_loss_in_another_currency_is_refused(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    movement = ChargebackMovement(f"txn_{uuid4().hex}", 700, 0, "USD")
    lost = ProviderChargeback(
        f"du_{uuid4().hex}", lossy.payment.provider_ref, ProviderChargebackStatus.LOST, (movement,)
    )

    async def step(tx: Tx) -> None:
        await take_in(tx, payment_id=lossy.sale.payment_id, order_ids=lossy.sale.order_ids, found=[lost])

    await container.ports.db.run(step)
    await nothing_changes(lossy, LossInOtherCurrency, 700)


async def test_a_case_that_is_about_no_loss_is_refused(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    reason = RiskReason("large_first_purchase", Verdict.REVIEW, "")

    async def step(tx: Tx) -> None:
        assessment = Assessment(Verdict.REVIEW, (reason,))
        await record_assessment(tx, checkout_id=lossy.sale.checkout_id, assessment=assessment)

    await container.ports.db.run(step)
    await nothing_changes(lossy, NothingLost, 700)


async def test_only_an_administrator_may_and_none_about_a_purchase_of_their_own(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.give_back(700)
    [case] = await lossy.cases()
    own = replace(lossy.sale.buyer, roles=lossy.admin.roles)
    for actor in (await a_buyer(container), await a_moderator(container), own):
        with pytest.raises(NotPermitted):
            await attribute_loss(lossy.command(case.id, 700), actor=actor, db=container.ports.db)
    with pytest.raises(NotFound):
        await attribute_loss(lossy.command(new_id(), 700), actor=lossy.admin, db=container.ports.db)
    assert await lossy.lost() == 700


async def test_the_sealed_chain_holds_what_was_given(fresh_container: Container) -> None:
    lossy, ports = await a_lossy_sale(fresh_container), fresh_container.ports
    await lossy.release(0)
    await lossy.give_back(700)
    await seal_all(fresh_container, 4)
    await lossy.attribute(700)
    await seal_all(fresh_container, 1)
    assert (await verify(ports.db.primary)).broken_at is None


async def nothing_changes(lossy: LossySale, refused: type[DomainError], *amounts: int | None, **more: Any) -> None:
    before = (await lossy.lost(), await lossy.refunded(), await lossy.held(), await lossy.cases())
    with pytest.raises(refused):
        await lossy.attribute(*amounts, **more)
    assert (await lossy.lost(), await lossy.refunded(), await lossy.held(), await lossy.cases()) == before
