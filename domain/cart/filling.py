"""Putting many lines into a cart at once: another cart's, or those that a checkout gives back."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.cart.holding import lines_of
from domain.cart.model import LINE_QUANTITY_MAX, LINES_MAX, Cart, CartLine
from domain.catalog.model import Fulfilment
from domain.shared.database import Tx
from domain.shared.ids import new_id


class Wanted(Protocol):
    """A line of whatever is put in."""

    @property
    def variant_id(self) -> UUID: ...

    @property
    def quantity(self) -> int: ...

    @property
    def seen_price_minor(self) -> int: ...

    @property
    def fulfilment(self) -> Fulfilment | None: ...


async def fill(tx: Tx, cart: Cart, wanted: Sequence[Wanted]) -> None:
    """Sums quantities with what the locked cart holds, bounded by its limits; what is beyond them is left out.

    A line that is there keeps the price that was seen with it, so that no warning gets lost, and its way of fulfilment.
    """
    lines = {line.variant_id: line for line in await lines_of(tx, cart.id)}
    for each in wanted:
        line = lines.get(each.variant_id)
        if line is not None:
            line.quantity = min(line.quantity + each.quantity, LINE_QUANTITY_MAX)
        elif len(lines) < LINES_MAX:
            lines[each.variant_id] = CartLine(
                id=new_id(),
                cart_id=cart.id,
                variant_id=each.variant_id,
                quantity=min(each.quantity, LINE_QUANTITY_MAX),
                seen_price_minor=each.seen_price_minor,
                fulfilment=each.fulfilment,
                added_at=tx.now,
            )
    await tx.add(*lines.values())
