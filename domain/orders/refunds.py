"""Refunds as the order sees them: what became of one, and asking again after one failed.

Invariant: one timeline event per refund and outcome, however often the job runs.
"""

from uuid import UUID

from sqlalchemy import bindparam, select

from domain.ledger.reads import escrow_by_orders
from domain.orders.errors import NothingHeld
from domain.orders.model import EscrowState, Order, OrderEvent, OrderEventKind, OrderStatus
from domain.orders.parties import lock_order
from domain.orders.timeline import append
from domain.payments.model import Refund, RefundStatus
from domain.payments.refunding import request_full_refund
from domain.shared.actor import PROVIDER, Actor
from domain.shared.commands import IdempotencyKey, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import IllegalTransition
from domain.shared.idempotency import claim
from domain.shared.ids import OrderId
from domain.shared.transitions import Party

_events = table(OrderEvent)
_NOTED = (
    select(_events.c.id)
    .where(
        _events.c.order_id == bindparam("order_id"),
        _events.c.cause_id == bindparam("cause_id"),
        _events.c.kind == bindparam("kind"),
    )
    .limit(1)
)
_KINDS = {RefundStatus.SUCCEEDED: OrderEventKind.REFUNDED, RefundStatus.FAILED: OrderEventKind.REFUND_FAILED}


@command
class RetryRefund:
    """By an administrator, for a cancelled order whose refund failed: whatever is left of its money goes back."""

    order_id: OrderId
    idempotency_key: IdempotencyKey


async def retry_refund(command: RetryRefund, *, actor: Actor, db: Database) -> UUID:
    """The order's id. Raises NotFound, IllegalTransition (it is not cancelled), NothingHeld, IdempotencyConflict."""
    admin_id = actor.admin()

    async def step(tx: Tx) -> UUID:
        known = await claim(
            tx,
            actor_id=admin_id,
            operation="retry_refund",
            key=command.idempotency_key,
            command=command,
            outcome_id=command.order_id,
        )
        if known is None:
            order, _ = await lock_order(tx, command.order_id, actor, Party.ADMIN, acting_as=Party.ADMIN)
            if order.status is not OrderStatus.CANCELLED:
                raise IllegalTransition("order", order.status.value, "refunded")
            refund_ids = await request_full_refund(tx, order_id=order.id, cause="retried")
            if not refund_ids:
                raise NothingHeld(order.id)
            for refund_id in refund_ids:
                await append(tx, order, OrderEventKind.REFUND_STARTED, actor, cause_id=refund_id)
        return command.order_id

    return await db.run(step)


async def note_refund(refund_id: UUID, *, db: Database) -> None:
    """Handler of RefundSucceeded and RefundFailed: reads how the refund stands now."""

    async def step(tx: Tx) -> None:
        refund = await tx.get(Refund, refund_id)
        if refund is None or refund.status not in _KINDS:
            return
        kind = _KINDS[refund.status]
        for order in await tx.lock(Order, [refund.order_id]):
            noted = await tx.reads.scalar(_NOTED, order_id=order.id, cause_id=refund_id, kind=kind.value)
            if noted is None:
                await _settle_escrow(tx, order)
                await append(tx, order, kind, PROVIDER, cause_id=refund_id)

    await db.run(step)


async def _settle_escrow(tx: Tx, order: Order) -> None:
    """Held while anything is left; refunded once nothing is. What was released stays released."""
    if order.escrow is not EscrowState.RELEASED:
        held_minor = (await escrow_by_orders(tx.reads, [order.id])).get(order.id, 0)
        order.escrow = EscrowState.HELD if held_minor else EscrowState.REFUNDED
