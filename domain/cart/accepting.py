"""The buyer accepts a cart as it is now: its prices become the seen ones, its quantities what can be had.

Invariant: what is accepted is what was shown. If the cart would now cost more than the buyer expects, nothing is
accepted.
"""

from uuid import UUID

from sqlalchemy import delete

from domain.cart.editing import CartToken, edit
from domain.cart.errors import CartChanged
from domain.cart.holding import holder_of, lines_of
from domain.cart.loading import load_cart
from domain.cart.model import Cart, CartDelivery
from domain.cart.ports import CartPorts
from domain.cart.showing import CartView, cart_facts, price_cart, stale_deliveries
from domain.shared.actor import Actor
from domain.shared.commands import Version, command
from domain.shared.database import Tx, table
from domain.shared.errors import NotFound
from domain.shared.money import AmountMinor


@command
class AcceptCartChanges:
    expected_total_minor: AmountMinor
    cart_token: CartToken = None
    expected_version: Version | None = None


async def accept_cart_changes(command: AcceptCartChanges, *, actor: Actor, ports: CartPorts) -> UUID:
    """Takes today's prices, lowers quantities to what is there, and drops stale choices of delivery.

    Lines that cannot be bought at all stay, with their warnings: they may come back, and removing is the buyer's
    decision. Gives the cart's id; raises NotFound, CartChanged (also when the total is higher than expected, or when
    somebody was faster).
    """
    holder = holder_of(actor, command.cart_token)
    # Priced before the transaction: what shipping and tax cost others may have to be asked for.
    content = await load_cart(ports.db.primary, holder, ports)
    if content is None:
        raise NotFound("cart")
    stamp = content.stamp
    facts = await cart_facts(ports.db.primary, content, ports)
    view = price_cart(content, facts)
    if command.expected_version not in (None, stamp.version) or view.total_minor > command.expected_total_minor:
        raise CartChanged(stamp.cart_id)
    stale = [seller_id for seller_id, _ in stale_deliveries(content, facts)]

    async def change(tx: Tx, cart: Cart) -> bool:
        choices = table(CartDelivery)
        await tx.execute(delete(choices).where(choices.c.cart_id == cart.id, choices.c.seller_id.in_(stale)))
        return await _take_over(tx, cart, view) or bool(stale)

    return await edit(ports.db, holder, stamp.version, change)


async def _take_over(tx: Tx, cart: Cart, view: CartView) -> bool:
    shown = {line.id: line for group in view.groups for line in group.lines}
    changed = False
    for line in await lines_of(tx, cart.id):
        price_minor = shown[line.id].sellable.price_minor
        quantity = shown[line.id].buyable_quantity or line.quantity
        changed = changed or (line.seen_price_minor, line.quantity) != (price_minor, quantity)
        line.seen_price_minor, line.quantity = price_minor, quantity
    return changed
