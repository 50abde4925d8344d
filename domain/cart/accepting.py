"""The buyer accepts a cart as it is now: its prices become the seen ones, its quantities what can be had.

Invariant: what is accepted is what was shown. If the cart would now cost more than the buyer expects, nothing is
accepted.
"""

from uuid import UUID

from sqlalchemy import delete

from domain.cart.editing import CartToken, edit
from domain.cart.errors import CartChanged
from domain.cart.holding import holder_of, lines_of
from domain.cart.model import Cart, CartDelivery
from domain.cart.ports import CartPorts
from domain.cart.reads import content_by_id
from domain.cart.showing import CartView, cart_facts, price_cart, stale_deliveries
from domain.pricing.quoting import Facts
from domain.shared.actor import Actor
from domain.shared.commands import Version, command
from domain.shared.database import Tx, table
from domain.shared.money import AmountMinor


@command
class AcceptCartChanges:
    expected_total_minor: AmountMinor
    cart_token: CartToken = None
    expected_version: Version | None = None


async def accept_cart_changes(command: AcceptCartChanges, *, actor: Actor, ports: CartPorts) -> UUID:
    """Takes today's prices, lowers quantities to what is there, and drops stale choices of delivery.

    Lines that cannot be bought at all stay, with their warnings: they may come back, and removing is the buyer's
    decision. Gives the cart's id; raises NotFound, CartChanged (also when the total is higher than expected).
    """

    async def change(tx: Tx, cart: Cart) -> bool:
        content = await content_by_id(tx.reads, cart.id)
        assert content is not None
        facts = await cart_facts(tx.reads, content, ports)
        view = price_cart(content, facts)
        if view.total_minor > command.expected_total_minor:
            raise CartChanged(cart.id)
        stale = [seller_id for seller_id, _ in stale_deliveries(content, facts)]
        choices = table(CartDelivery)
        await tx.execute(delete(choices).where(choices.c.cart_id == cart.id, choices.c.seller_id.in_(stale)))
        return await _take_over(tx, cart, view, facts) or bool(stale)

    return await edit(ports.db, holder_of(actor, command.cart_token), command.expected_version, change)


async def _take_over(tx: Tx, cart: Cart, view: CartView, facts: Facts) -> bool:
    bought = {line.id: line.buyable_quantity for group in view.groups for line in group.lines}
    changed = False
    for line in await lines_of(tx, cart.id):
        price_minor = facts.sellables[line.variant_id].price_minor
        quantity = bought[line.id] or line.quantity
        changed = changed or (line.seen_price_minor, line.quantity) != (price_minor, quantity)
        line.seen_price_minor, line.quantity = price_minor, quantity
    return changed
