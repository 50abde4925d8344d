"""What people decide about a checkout: the buyer goes on or cancels, a moderator or the seller says yes or no.

Invariant: each decision is made under the purchase's lock against the state it finds there; then the saga goes on. A
decision that is sent again under its idempotency key has no effect and is answered by what became of it.
"""

from uuid import UUID

from sqlalchemy import bindparam, select

from domain.checkout.assessing import approve, enter_capturing
from domain.checkout.cancelling import begin_cancelling
from domain.checkout.model import ENDED, MOVING, CheckoutState
from domain.checkout.ports import CheckoutPorts, Rest
from domain.checkout.purchase import PaymentMethod, Purchase, lock_purchase, move
from domain.checkout.saga import ProviderStep, next_step
from domain.checkout.settling import settle
from domain.orders.model import CancelledBy, Order
from domain.risk.cases import case_by_id, close_cases
from domain.risk.model import CaseStatus
from domain.shared.actor import Actor
from domain.shared.commands import IdempotencyKey, ShortText, command
from domain.shared.database import Tx, table
from domain.shared.errors import IllegalTransition, NotFound, NotPermitted
from domain.shared.idempotency import is_repeated
from domain.shared.ids import CheckoutId, ModerationCaseId, OrderId
from domain.shared.transitions import Party

_orders = table(Order)
_CHECKOUT_OF_ORDER = select(_orders.c.checkout_id).where(
    _orders.c.id == bindparam("id"), _orders.c.seller_id == bindparam("seller_id")
)


@command
class ContinueCheckout:
    """With a payment method: try that one. Without: the buyer has authenticated with the provider; look there."""

    checkout_id: CheckoutId
    payment_method: PaymentMethod | None = None
    idempotency_key: IdempotencyKey


async def continue_checkout(command: ContinueCheckout, *, actor: Actor, ports: CheckoutPorts) -> UUID:
    """Raises NotFound, IllegalTransition (not waiting for the buyer), PaymentUnavailable, IdempotencyConflict.

    Safe to repeat: a checkout that moves already is only waited for, and a card is tried once per key.
    """
    first = await ports.db.run(lambda tx: _offer_method(tx, command, actor, ports))
    await settle(command.checkout_id, ports, first=first, look=command.payment_method is None)
    return command.checkout_id


async def _offer_method(
    tx: Tx, command: ContinueCheckout, actor: Actor, ports: CheckoutPorts
) -> ProviderStep | Rest | None:
    """Writes the method down and is the first step's T1 as well. None: there is nothing new to try.

    In one transaction, because the provider may be telling us of the last decline at this moment: whoever looks there
    between two transactions finds that decline, takes it for this method's, and the buyer is asked for another.
    """
    if await is_repeated(tx, "continue_checkout", command, actor_id=actor.user(), about=command.checkout_id):
        return None
    purchase = await _own(tx, command.checkout_id, actor)
    checkout, payment = purchase.checkout, purchase.payment
    if checkout.state in MOVING - {CheckoutState.CANCELLING}:
        return None
    if checkout.state is CheckoutState.COMPLETED and command.payment_method is None:
        # The buyer comes back from the bank, and the provider's message was faster.
        return None
    if checkout.state is not CheckoutState.REQUIRES_ACTION:
        raise IllegalTransition("checkout", checkout.state.value, "continued")
    if command.payment_method is None:
        return None
    payment.payment_method = command.payment_method
    payment.decline_code = None
    payment.attempt += 1
    await move(tx, checkout, CheckoutState.AUTHORIZING, Party.BUYER, actor, "payment_method")
    return next_step(tx, purchase, ports, look=False)


@command
class CancelCheckout:
    checkout_id: CheckoutId


async def cancel_checkout(command: CancelCheckout, *, actor: Actor, ports: CheckoutPorts) -> UUID:
    """Before the point of no return. Raises NotFound and IllegalTransition (too late: cancel the order).

    Needs no key: a checkout is cancelled once, and whoever asks again is told that it is.
    """

    async def step(tx: Tx) -> None:
        purchase = await _own(tx, command.checkout_id, actor)
        if purchase.checkout.state in (CheckoutState.CANCELLING, CheckoutState.CANCELLED):
            return
        await begin_cancelling(
            tx,
            purchase,
            CheckoutState.CANCELLED,
            code="cancelled_by_buyer",
            by=CancelledBy.BUYER,
            actor=actor,
            party=Party.BUYER,
        )

    await ports.db.run(step)
    await settle(command.checkout_id, ports)
    return command.checkout_id


@command
class DecideCase:
    case_id: ModerationCaseId
    approve: bool
    note: ShortText = ""
    idempotency_key: IdempotencyKey


async def decide_case(command: DecideCase, *, actor: Actor, ports: CheckoutPorts) -> UUID:
    """A moderator's decision about a checkout in review. Raises NotFound, NotPermitted, IllegalTransition,
    IdempotencyConflict.

    A case about a purchase that is over (money was lost) is only closed: the loss stays the marketplace's.
    """
    actor.moderator()
    case = await case_by_id(ports.db.primary, command.case_id)
    if case is None:
        raise NotFound("moderation_case")

    async def step(tx: Tx) -> None:
        if await is_repeated(tx, "decide_case", command, actor_id=actor.user(), about=command.case_id):
            return
        purchase = await lock_purchase(tx, case.checkout_id)
        if purchase.checkout.buyer_id == actor.user_id:
            raise NotPermitted("Nobody decides about a purchase of their own.")
        verdict = CaseStatus.APPROVED if command.approve else CaseStatus.REJECTED
        standing = await case_by_id(tx.reads, command.case_id)
        left_open = purchase.checkout.state in ENDED and standing is not None and standing.status is CaseStatus.OPEN
        if purchase.checkout.state is not CheckoutState.IN_REVIEW and not left_open:
            raise IllegalTransition("checkout", purchase.checkout.state.value, "decided")
        # The note stays with the case: buyer and sellers read why an order was cancelled.
        await close_cases(
            tx,
            checkout_id=case.checkout_id,
            case_id=command.case_id if left_open else None,
            status=verdict,
            by=actor.user_id,
            note=command.note,
        )
        if left_open:
            return
        if command.approve:
            await approve(tx, purchase, ports.policy, party=Party.ADMIN, actor=actor)
        else:
            await begin_cancelling(
                tx,
                purchase,
                CheckoutState.FAILED,
                code="rejected_in_review",
                by=CancelledBy.FRAUD,
                actor=actor,
                party=Party.ADMIN,
            )

    await ports.db.run(step)
    await settle(case.checkout_id, ports)
    return command.case_id


@command
class AnswerOrder:
    """The seller's answer to an order by request."""

    order_id: OrderId
    accept: bool
    reason: ShortText = ""
    idempotency_key: IdempotencyKey


async def answer_order(command: AnswerOrder, *, actor: Actor, ports: CheckoutPorts) -> UUID:
    """Raises NotFound (not this shop's order), IllegalTransition (not waiting for the seller), IdempotencyConflict."""
    seller_id = actor.seller()
    checkout_id = await ports.db.primary.scalar(_CHECKOUT_OF_ORDER, id=command.order_id, seller_id=seller_id)
    if checkout_id is None:
        raise NotFound("order")

    async def step(tx: Tx) -> None:
        if await is_repeated(tx, "answer_order", command, actor_id=actor.user(), about=command.order_id):
            return
        purchase = await lock_purchase(tx, checkout_id)
        if purchase.checkout.state is not CheckoutState.AWAITING_SELLER:
            raise IllegalTransition("checkout", purchase.checkout.state.value, "answered")
        if command.accept:
            await enter_capturing(tx, purchase, party=Party.SELLER, actor=actor)
        else:
            await begin_cancelling(
                tx,
                purchase,
                CheckoutState.CANCELLED,
                code="declined_by_seller",
                by=CancelledBy.DECLINED,
                actor=actor,
                party=Party.SELLER,
                reason=command.reason,
            )

    await ports.db.run(step)
    await settle(checkout_id, ports)
    return command.order_id


async def _own(tx: Tx, checkout_id: UUID, actor: Actor) -> Purchase:
    purchase = await lock_purchase(tx, checkout_id)
    if purchase.checkout.buyer_id != actor.user():
        raise NotFound("checkout")
    return purchase
