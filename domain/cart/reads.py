"""Carts as they are stored: who holds which, and what is in it.

Invariant: the content of a cart is read in one statement, so its version, lines and deliveries belong together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from domain.cart.holding import Holder, digest
from domain.cart.model import Cart, CartDelivery, CartLine
from domain.catalog.model import Fulfilment
from domain.shared.database import Query, Reads, table

_carts, _lines, _deliveries = table(Cart), table(CartLine), table(CartDelivery)


@dataclass(frozen=True, slots=True)
class CartStamp:
    """Which state of which cart. The time stands beside the version, so that a restored database, which counts the
    same versions again, does not make another state look the same."""

    cart_id: UUID
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StoredLine:
    id: UUID
    variant_id: UUID
    quantity: int
    seen_price_minor: int
    fulfilment: Fulfilment | None = None


@dataclass(frozen=True, slots=True)
class CartContent:
    """`lines` in the order in which they were added; `deliveries`: seller -> chosen shipping rate."""

    stamp: CartStamp
    user_id: UUID | None
    country: str | None
    expires_at: datetime
    lines: tuple[StoredLine, ...]
    deliveries: tuple[tuple[UUID, UUID], ...]


_STAMP = select(_carts.c.id, _carts.c.version, _carts.c.updated_at)
_LIVE = _carts.c.expires_at > bindparam("now", type_=_carts.c.expires_at.type)
_BY_USER = Query(_STAMP.where(_carts.c.user_id == bindparam("user_id"), _LIVE), CartStamp)
_BY_TOKEN = Query(_STAMP.where(_carts.c.token_digest == bindparam("digest"), _LIVE), CartStamp)


async def held_cart(reads: Reads, holder: Holder, now: datetime) -> CartStamp | None:
    """The state of the holder's cart; None when there is none, or when it was not touched for too long."""
    if holder.user_id is not None:
        return await reads.first(_BY_USER, user_id=holder.user_id, now=now)
    if holder.token is None:
        return None
    return await reads.first(_BY_TOKEN, digest=digest(holder.token), now=now)


def _content(
    cart_id: UUID,
    version: int,
    updated_at: datetime,
    user_id: UUID | None,
    country: str | None,
    expires_at: datetime,
    lines: Sequence[Sequence[Any]] | None,
    deliveries: Sequence[Sequence[str]] | None,
) -> CartContent:
    return CartContent(
        stamp=CartStamp(cart_id, version, updated_at),
        user_id=user_id,
        country=country,
        expires_at=expires_at,
        lines=tuple(_stored_line(each) for each in lines or ()),
        deliveries=tuple((UUID(each[0]), UUID(each[1])) for each in deliveries or ()),
    )


def _stored_line(row: Sequence[Any]) -> StoredLine:
    id_, variant_id, quantity, seen_price_minor, fulfilment = row
    chosen = Fulfilment(fulfilment) if fulfilment is not None else None
    return StoredLine(UUID(id_), UUID(variant_id), quantity, seen_price_minor, chosen)


_CONTENTS = Query(
    select(
        *_STAMP.selected_columns,
        _carts.c.user_id,
        _carts.c.country,
        _carts.c.expires_at,
        select(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_array(
                        _lines.c.id,
                        _lines.c.variant_id,
                        _lines.c.quantity,
                        _lines.c.seen_price_minor,
                        _lines.c.fulfilment,
                    ),
                    _lines.c.id,
                )
            )
        )
        .where(_lines.c.cart_id == _carts.c.id)
        .scalar_subquery(),
        select(func.jsonb_agg(func.jsonb_build_array(_deliveries.c.seller_id, _deliveries.c.shipping_rate_id)))
        .where(_deliveries.c.cart_id == _carts.c.id)
        .scalar_subquery(),
    ).where(_carts.c.id == bindparam("cart_id")),
    _content,
)


async def content_by_id(reads: Reads, cart_id: UUID) -> CartContent | None:
    """Whoever holds it: the caller has checked that, or compares `user_id`."""
    return await reads.first(_CONTENTS, cart_id=cart_id)
