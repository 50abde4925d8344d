"""What became of a refund, written into the order's timeline.

Invariant: one timeline event per refund and outcome, however often the job runs.
"""

from uuid import UUID

from sqlalchemy import bindparam, select

from domain.ledger.reads import escrow_by_orders
from domain.orders.model import EscrowState, Order, OrderEvent, OrderEventKind
from domain.orders.timeline import append
from domain.payments.model import Refund, RefundStatus
from domain.shared.actor import PROVIDER
from domain.shared.database import Database, Tx, table

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
