"""Chargebacks: while a buyer's bank complains, what the payment paid stays where it is; once it is won, it goes on.

Invariant: each chargeback holds each order of its payment at most once, so what was lifted, by its good end or by an
administrator, stays lifted, in whatever order messages come; and the books have every amount that the provider took or
gave back because of it, once. What is lost is a moderation case, once, until an administrator has decided whose it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid5

from sqlalchemy import bindparam, select

from domain.checkout.attribution import hold_cause
from domain.checkout.ports import CheckoutPorts
from domain.checkout.winning import give_back
from domain.ledger.posting import post_all
from domain.ledger.recipes import chargeback as chargeback_recipe
from domain.orders.holds import lift_holds, place_hold_once
from domain.orders.model import HoldKind, Order
from domain.payments.model import PaymentAllocation
from domain.payments.ports import ProviderChargeback, ProviderChargebackStatus
from domain.risk.assessing import Assessment, RiskReason, record_assessment
from domain.risk.losses import Loss, has_case, settle_loss
from domain.risk.model import LossKind, Verdict
from domain.shared.actor import PROVIDER
from domain.shared.database import Query, Tx, table
from domain.shared.money import Money

_allocations = table(PaymentAllocation)


@dataclass(frozen=True, slots=True)
class _Share:
    order_id: UUID


_SHARES = Query(select(_allocations.c.order_id).where(_allocations.c.payment_id == bindparam("payment_id")), _Share)


async def on_chargeback(provider_ref: str, *, ports: CheckoutPorts) -> None:
    """Something happened to a chargeback of a payment. Raises ProviderUnavailable: the job comes again."""
    payment_id = (await ports.gateway.read(provider_ref)).payment_id
    if payment_id is None:
        return  # not made by this marketplace
    shares = await ports.db.primary.all(_SHARES, payment_id=payment_id)
    found = await ports.gateway.chargebacks_of(provider_ref) if shares else []
    if found:
        order_ids = [share.order_id for share in shares]
        await ports.db.run(partial(take_in, payment_id=payment_id, order_ids=order_ids, found=found))


async def take_in(tx: Tx, *, payment_id: UUID, order_ids: Sequence[UUID], found: Sequence[ProviderChargeback]) -> None:
    """What the provider says of a payment's chargebacks becomes ours. Harmless when it is known already, or old."""
    orders = await tx.lock(Order, order_ids)
    for order in orders:
        for chargeback in found:
            await _hold(tx, order, hold_cause(payment_id, chargeback.chargeback_ref), chargeback.status)
    postings = [
        chargeback_recipe(
            transaction_id=uuid5(payment_id, movement.movement_ref),
            payment_id=payment_id,
            taken_minor=movement.taken_minor,
            fee_minor=movement.fee_minor,
            currency=movement.currency,
            on=tx.now.date(),
        )
        for chargeback in found
        for movement in chargeback.movements
        if movement.taken_minor or movement.fee_minor
    ]
    if postings:
        await post_all(tx, postings)
    for chargeback in found:
        if chargeback.status is ProviderChargebackStatus.LOST:
            await _open_case(tx, payment_id, orders[0].checkout_id, chargeback)
        elif chargeback.status is ProviderChargebackStatus.WON:
            await _win(tx, payment_id, orders, chargeback.chargeback_ref)


async def _hold(tx: Tx, order: Order, cause_id: UUID, status: ProviderChargebackStatus) -> None:
    """Also one that is won before anything was heard of it is held and lifted, so that nothing older holds it again."""
    await place_hold_once(tx, order, kind=HoldKind.CHARGEBACK, cause_id=cause_id, actor=PROVIDER)
    if status is ProviderChargebackStatus.WON:
        await lift_holds(tx, order, kind=HoldKind.CHARGEBACK, cause_id=cause_id, actor=PROVIDER)


async def _open_case(tx: Tx, payment_id: UUID, checkout_id: UUID, chargeback: ProviderChargeback) -> None:
    """Nobody but a person knows which orders the bank was right about. Under the orders' locks."""
    loss = _loss_of(payment_id, chargeback)
    if loss is None or await has_case(tx, payment_id=payment_id, provider_ref=loss.provider_ref):
        return
    amount = Money(loss.amount_minor, loss.currency).formatted()
    detail = f"{loss.provider_ref}: {amount} taken by the buyer's bank for good"
    reason = RiskReason("chargeback_lost", Verdict.REVIEW, detail)
    assessment = Assessment(Verdict.REVIEW, (reason,))
    await record_assessment(tx, checkout_id=checkout_id, assessment=assessment, loss=loss)


def _loss_of(payment_id: UUID, chargeback: ProviderChargeback) -> Loss | None:
    """What was taken and not given back, without the fees. All movements of one chargeback are in one currency."""
    taken_minor = sum(movement.taken_minor for movement in chargeback.movements)
    if taken_minor <= 0:
        return None
    currency = chargeback.movements[0].currency
    return Loss(LossKind.CHARGEBACK, payment_id, chargeback.chargeback_ref, taken_minor, currency)


async def _win(tx: Tx, payment_id: UUID, orders: Sequence[Order], chargeback_ref: str) -> None:
    await give_back(tx, payment_id=payment_id, orders=orders, chargeback_ref=chargeback_ref)
    note = "The chargeback was won."
    await settle_loss(tx, payment_id=payment_id, provider_ref=chargeback_ref, by=None, note=note)
