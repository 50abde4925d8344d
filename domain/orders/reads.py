"""Orders as their buyer, seller and administrators see them.

Invariant: a read for a viewer takes the viewer into its WHERE; the batch reads by id are for orders that such a read
has found, or that a use case has just let the actor change.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, bindparam, exists, func, or_, select

from domain.catalog.model import Fulfilment
from domain.orders.cancellation import may_cancel_rest
from domain.orders.model import (
    ORDER_TRANSITIONS,
    PARTS_MAX,
    CancelledBy,
    EscrowState,
    Order,
    OrderHold,
    OrderNumber,
    OrderStatus,
    Shipment,
)
from domain.orders.numbers import normalized
from domain.orders.parties import parties_of
from domain.shared.actor import Actor, Role
from domain.shared.database import Query, Reads, table
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest
from domain.shared.transitions import Party
from domain.users.model import User

_orders, _holds, _shipments, _users = table(Order), table(OrderHold), table(Shipment), table(User)
_numbers = table(OrderNumber)


@dataclass(frozen=True, slots=True)
class OrderView:
    id: UUID
    number: str
    checkout_id: UUID
    buyer_id: UUID
    buyer_name: str
    seller_id: UUID
    status: OrderStatus
    fulfilment: Fulfilment
    currency: str
    items_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    commission_minor: int
    escrow: EscrowState
    cancelled_by: CancelledBy | None
    cancel_reason: str
    event_sequence: int
    placed_at: datetime
    seller_deadline_at: datetime | None
    paid_at: datetime | None
    ship_by_at: datetime | None
    late_at: datetime | None
    shipped_at: datetime | None
    estimated_delivery_at: datetime | None
    delivered_at: datetime | None
    release_due_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    on_hold: bool
    partly_shipped: bool
    """A shipment exists; the order may still be PAID."""

    def parties(self, actor: Actor) -> tuple[Party, ...]:
        return parties_of(actor, buyer_id=self.buyer_id, seller_id=self.seller_id)

    def actions(self, party: Party, now: datetime) -> tuple[str, ...]:
        """What this party may do, beyond what the status allows: holds, parcels, lateness and fulfilment count too."""
        ships = self.fulfilment is Fulfilment.SHIP
        barred = {
            "SHIP": not ships,
            "HAND_OVER": ships,
            "CANCEL": self.on_hold or (self.partly_shipped and not may_cancel_rest(self.ship_by_at, now)),
            "CONFIRM_DELIVERY": self.on_hold,
        }
        return tuple(action for action in ORDER_TRANSITIONS.actions(self.status, party) if not barred.get(action))


def _columns() -> tuple[Any, ...]:
    computed = {
        "buyer_name": _users.c.display_name,
        "on_hold": exists().where(_holds.c.order_id == _orders.c.id, _holds.c.closed_at.is_(None)),
        "partly_shipped": exists().where(_shipments.c.order_id == _orders.c.id),
    }
    return tuple(computed[name] if name in computed else _orders.c[name] for name in OrderView.__dataclass_fields__)


_ORDER = select(*_columns()).join(_users, _users.c.id == _orders.c.buyer_id)
_BY_IDS = Query(_ORDER.where(_orders.c.id == func.any(bindparam("ids"))), OrderView)
_THEIRS = or_(
    _orders.c.buyer_id == bindparam("user_id"),
    _orders.c.seller_id == bindparam("acting_for"),
    bindparam("admin", type_=Boolean),
)
_FOR_VIEWER = Query(_ORDER.where(_orders.c.id == bindparam("id"), _THEIRS), OrderView)
_BY_NUMBER = Query(
    _ORDER.join(_numbers, _numbers.c.order_id == _orders.c.id).where(_numbers.c.number == bindparam("number"), _THEIRS),
    OrderView,
)
_OF_CHECKOUTS = Query(
    _ORDER.where(_orders.c.checkout_id == func.any(bindparam("ids"))).order_by(_orders.c.id).limit(bindparam("rows")),
    OrderView,
)


async def orders_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, OrderView]:
    return {order.id: order for order in await reads.all(_BY_IDS, ids=list(ids))}


async def orders_of_checkout(reads: Reads, checkout_ids: Sequence[UUID]) -> Mapping[UUID, tuple[OrderView, ...]]:
    """The orders of each checkout, in the order of their ids."""
    found: dict[UUID, list[OrderView]] = defaultdict(list)
    for order in await reads.all(_OF_CHECKOUTS, ids=list(checkout_ids), rows=PARTS_MAX * len(checkout_ids)):
        found[order.checkout_id].append(order)
    return {checkout_id: tuple(orders) for checkout_id, orders in found.items()}


async def order_for(reads: Reads, order_id: UUID, actor: Actor) -> OrderView | None:
    """The order, when the actor is its buyer, acts for its seller, or is an administrator."""
    return await reads.first(_FOR_VIEWER, id=order_id, **_viewer(actor))


async def order_by_number(reads: Reads, typed: str, actor: Actor) -> OrderView | None:
    """The same by the number as a person typed it; None also for a number whose check digit is wrong."""
    number = normalized(typed)
    if number is None:
        return None
    return await reads.first(_BY_NUMBER, number=number, **_viewer(actor))


def _viewer(actor: Actor) -> dict[str, Any]:
    return {"user_id": actor.user_id, "acting_for": actor.seller_id, "admin": Role.ADMIN in actor.roles}


@dataclass(frozen=True, slots=True)
class OrderList:
    """Whose orders: one buyer's, one seller's, or (both None) everybody's; of one status, if given."""

    buyer_id: UUID | None = None
    seller_id: UUID | None = None
    status: OrderStatus | None = None

    @property
    def keyset(self) -> Keyset:
        return Keyset.of("placed", self.buyer_id, self.seller_id, self.status)

    def parameters(self) -> dict[str, Any]:
        given = {"buyer_id": self.buyer_id, "seller_id": self.seller_id, "status": self.status}
        return {name: value for name, value in given.items() if value is not None}


async def orders_page(reads: Reads, wanted: OrderList, request: PageRequest) -> Page[OrderView]:
    """Newest first."""
    parameters = {**wanted.parameters(), "limit": request.first + 1}
    if request.key is not None:
        parameters["key"] = request.key_id()
    query = _page(tuple(wanted.parameters()), request.key is not None, request.backwards)
    return wanted.keyset.page(request, await reads.all(query, **parameters), lambda order: (order.id,))


async def count_orders(reads: Reads, wanted: OrderList) -> int:
    """At most COUNT_MAX + 1."""
    count: int = await reads.scalar(_count(tuple(wanted.parameters())).statement, **wanted.parameters())
    return count


@cache
def _page(filters: tuple[str, ...], keyed: bool, backwards: bool) -> Query[OrderView]:
    statement = _ORDER.where(*_filters(filters)).limit(bindparam("limit"))
    if keyed:
        key = bindparam("key", type_=_orders.c.id.type)
        statement = statement.where(_orders.c.id > key if backwards else _orders.c.id < key)
    return Query(statement.order_by(_orders.c.id if backwards else _orders.c.id.desc()), OrderView)


@cache
def _count(filters: tuple[str, ...]) -> Query[int]:
    inner = select(_orders.c.id).where(*_filters(filters)).limit(COUNT_MAX + 1)
    return Query(select(func.count()).select_from(inner.subquery()), int)


def _filters(names: tuple[str, ...]) -> list[Any]:
    return [_orders.c[name] == bindparam(name) for name in names]
