"""Choosing how lines of a cart reach the buyer, where their listings leave a choice.

Invariant: nothing is handed over in a way that its buyer did not choose. A choice that is not offered any more is kept
and told as a problem of its line, which cannot be bought until another one is made.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.cart.editing import CartToken, check_offered, edit
from domain.cart.holding import holder_of, lines_of
from domain.cart.model import LINES_MAX, Cart
from domain.catalog.model import Fulfilment
from domain.pricing.reads import sellables_by_ids
from domain.shared.actor import Actor
from domain.shared.commands import Version, command
from domain.shared.database import Database, Tx
from domain.shared.errors import NotFound
from domain.shared.ids import CartLineId


@command
class ChooseFulfilment:
    """One line, or all of a group; every one of their listings has to offer it."""

    line_ids: Annotated[tuple[CartLineId, ...], Field(min_length=1, max_length=LINES_MAX)]
    fulfilment: Fulfilment
    cart_token: CartToken = None
    expected_version: Version | None = None


async def choose_fulfilment(command: ChooseFulfilment, *, actor: Actor, db: Database) -> UUID:
    """All of the lines or none. Gives the cart's id; raises NotFound, CartChanged, InvalidInput (not offered)."""

    async def change(tx: Tx, cart: Cart) -> bool:
        lines = {line.id: line for line in await lines_of(tx, cart.id)}
        if not lines.keys() >= set(command.line_ids):
            raise NotFound("cart_line")
        chosen = [lines[line_id] for line_id in dict.fromkeys(command.line_ids)]
        sellables = await sellables_by_ids(tx.reads, [line.variant_id for line in chosen])
        changed = False
        for line in chosen:
            check_offered(sellables[line.variant_id], command.fulfilment)
            changed = changed or line.fulfilment is not command.fulfilment
            line.fulfilment = command.fulfilment
        return changed

    return await edit(db, holder_of(actor, command.cart_token), command.expected_version, change)
