"""Whether anything of an account is still open: orders, money held, money owed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select

from domain.checkout.model import Checkout
from domain.erasure.errors import ErasureObstacle
from domain.ledger.model import Balance
from domain.ledger.reads import payable_of
from domain.orders.model import Order, OrderHold, OrderStatus
from domain.shared.database import Tx, table

_orders, _holds, _balances, _checkouts = table(Order), table(OrderHold), table(Balance), table(Checkout)


async def obstacles(tx: Tx, user_id: UUID, shop_ids: Sequence[UUID]) -> list[ErasureObstacle]:
    """All of them; `shop_ids` are the shops that nobody else owns."""
    found = []
    if await _open(tx, _orders.c.buyer_id == user_id) or await _is_buying(tx, user_id):
        found.append(ErasureObstacle.OPEN_PURCHASES)
    if await _open(tx, _orders.c.seller_id.in_(shop_ids)):
        found.append(ErasureObstacle.OPEN_SALES)
    for shop_id in shop_ids:
        if any(each.amount_minor for each in await payable_of(tx.reads, shop_id)):
            found.append(ErasureObstacle.SHOP_BALANCE)
            break
    return found


async def _is_buying(tx: Tx, user_id: UUID) -> bool:
    """A purchase that is being called off has no open order, though the provider may still hold the buyer's money."""
    chosen = select(_checkouts.c.id).where(_checkouts.c.buyer_id == user_id, _checkouts.c.ended_at.is_(None)).limit(1)
    return (await tx.execute(chosen)).first() is not None


async def _open(tx: Tx, whose: ColumnElement[bool]) -> bool:
    ended: Any = (OrderStatus.COMPLETED.value, OrderStatus.CANCELLED.value)
    held = exists().where(_balances.c.order_id == _orders.c.id, _balances.c.amount_minor > 0)
    quarrel = exists().where(_holds.c.order_id == _orders.c.id, _holds.c.closed_at.is_(None))
    chosen = select(_orders.c.id).where(whose, or_(_orders.c.status.not_in(ended), held, quarrel)).limit(1)
    return (await tx.execute(chosen)).first() is not None
