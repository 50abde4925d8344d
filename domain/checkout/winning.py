"""A chargeback that is won after its loss was given to orders: each part goes back to where it was taken from.

Invariant: what was taken from money that is held is held again or, where its order has completed since, the seller's
at once, as no order completes twice; what the seller bore is theirs again. So of a completed order nothing is held but
what failed to reach its buyer.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.checkout.attribution import refund_id_of
from domain.ledger.model import AccountKind
from domain.ledger.posting import Posting
from domain.ledger.reads import posted, released_by_orders
from domain.ledger.recipes import later_release
from domain.orders.completion import completed_since
from domain.orders.model import EscrowState, Order, OrderEventKind
from domain.orders.refunds import settle_refund
from domain.orders.timeline import append
from domain.payments.model import Refund, RefundStatus
from domain.payments.refund_outcomes import take_back
from domain.shared.actor import PROVIDER
from domain.shared.database import Tx


async def give_back(tx: Tx, *, payment_id: UUID, orders: Sequence[Order], chargeback_ref: str) -> None:
    """What was given to these orders as lost by the chargeback is theirs again. Under their locks; harmless twice.

    An order that has completed is paid out even while something else holds it: so was the rest of its money.
    """
    by_id = {refund_id_of(order.id, chargeback_ref): order for order in orders}
    given = [refund for refund in await tx.load(Refund, list(by_id)) if refund.status is RefundStatus.SUCCEEDED]
    if not given:
        return
    releases = await _releases(tx, {refund.id: by_id[refund.id] for refund in given})
    await take_back(
        tx,
        payment_id=payment_id,
        refund_ids=[refund.id for refund in given],
        code="chargeback_won",
        along=list(releases.values()),
    )
    for refund in given:
        order = by_id[refund.id]
        await settle_refund(tx, order, refund, PROVIDER)
        release = releases.get(refund.id)
        if release is not None:
            order.escrow = EscrowState.RELEASED
            await append(tx, order, OrderEventKind.RELEASED, PROVIDER, cause_id=release.id)


async def _releases(tx: Tx, given: Mapping[UUID, Order]) -> Mapping[UUID, Posting]:
    """Refund -> the release of what was taken from escrow before its order completed, and comes back into it now."""
    over = {id_: order for id_, order in given.items() if await completed_since(tx, order.id, id_)}
    return {id_: await _release(tx, order, id_) for id_, order in over.items()}


async def _release(tx: Tx, order: Order, refund_id: UUID) -> Posting:
    undone = await posted(tx.reads, refund_id)
    assert undone is not None, "what was given to an order was booked by the same transaction"
    released = (await released_by_orders(tx.reads, [order.id]))[order.id]
    return later_release(
        order_id=order.id,
        refund_id=refund_id,
        seller_id=order.seller_id,
        held_minor=sum(entry.amount_minor for entry in undone.entries if entry.account is AccountKind.ESCROW),
        released_minor=released.released_minor,
        taken_minor=released.commission_minor,
        total_minor=order.total_minor,
        commission_minor=order.commission_minor,
        currency=order.currency,
        on=tx.now.date(),
    )
