"""Starting a checkout: one transaction takes the cart, the stock and the idempotency key, or nothing of it.

Invariant: everything that has to be true of a purchase is written by one commit, which is also the first step's T1. A
repetition with the same key finds the same checkout, whatever has become of the cart meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.cart.consuming import CartLineSnapshot, consume
from domain.cart.errors import CartChanged
from domain.cart.model import Cart, CartDelivery, CartLine
from domain.catalog.model import Fulfilment
from domain.checkout.errors import AddressRequired, ItemsUnavailable, QuoteNotFirm
from domain.checkout.ports import CheckoutPorts, Rest
from domain.checkout.purchase import Buyer, PaymentMethod, Purchase
from domain.checkout.saga import ProviderStep, next_step
from domain.checkout.settling import settle
from domain.checkout.writing import new_checkout, new_payment, write_purchase
from domain.inventory.reservations import reserve
from domain.orders.placement import Recipient
from domain.pricing.quote import Problem, ProblemKind, Quote, QuoteRequest, WantedLine
from domain.pricing.quoting import Facts, gather_facts, price
from domain.pricing.reads import in_chosen_ways, sellables_to_buy
from domain.shared.actor import Actor, Client
from domain.shared.commands import IdempotencyKey, Version, command
from domain.shared.database import Query, Tx, table
from domain.shared.errors import NotFound
from domain.shared.idempotency import claim
from domain.shared.ids import AddressId, new_id
from domain.shared.money import AmountMinor
from domain.users.model import Address, SignalKind, User
from domain.users.signals import record_signal

LOOKUPS_MAX: Final = 4
"""Of what shipping and tax cost, each at most 300 ms."""

_carts, _lines, _deliveries = table(Cart), table(CartLine), table(CartDelivery)
_addresses, _users = table(Address), table(User)


@command
class StartCheckout:
    """Buys the signed-in buyer's cart as they saw it: at this version, for at most this total."""

    idempotency_key: IdempotencyKey
    cart_version: Version
    expected_total_minor: AmountMinor
    address_id: AddressId | None = None
    payment_method: PaymentMethod | None = None


@dataclass(frozen=True, slots=True)
class _CartRow:
    """The buyer's cart; `email` and `customer_ref` are the buyer's."""

    id: UUID
    country: str | None
    email: str
    customer_ref: str | None


@dataclass(frozen=True, slots=True)
class _LineRow:
    variant_id: UUID
    quantity: int
    fulfilment: Fulfilment | None


@dataclass(frozen=True, slots=True)
class _DeliveryRow:
    seller_id: UUID
    shipping_rate_id: UUID


@dataclass(frozen=True, slots=True)
class _Basis:
    """What was read before the transaction: the cart, where it goes, and what shipping and tax cost there."""

    cart: _CartRow
    buyer: Buyer
    recipient: Recipient | None
    country: str | None
    deliveries: tuple[tuple[UUID, UUID], ...]
    facts: Facts


_CART = Query(
    select(_carts.c.id, _carts.c.country, _users.c.email, _users.c.customer_ref)
    .join(_users, _users.c.id == _carts.c.user_id)
    .where(_carts.c.user_id == bindparam("user_id")),
    _CartRow,
)
_CART_LINES = Query(
    select(_lines.c.variant_id, _lines.c.quantity, _lines.c.fulfilment).where(_lines.c.cart_id == bindparam("cart_id")),
    _LineRow,
)
_CART_DELIVERIES = Query(
    select(_deliveries.c.seller_id, _deliveries.c.shipping_rate_id).where(
        _deliveries.c.cart_id == bindparam("cart_id")
    ),
    _DeliveryRow,
)
_ADDRESS = Query(
    select(
        _addresses.c.name,
        _addresses.c.line1,
        _addresses.c.line2,
        _addresses.c.city,
        _addresses.c.region,
        _addresses.c.postal_code,
        _addresses.c.country,
        _addresses.c.phone,
    ).where(
        _addresses.c.id == bindparam("id"),
        _addresses.c.user_id == bindparam("user_id"),
        _addresses.c.deleted_at.is_(None),
    ),
    Recipient,
)


async def start_checkout(command: StartCheckout, *, actor: Actor, client: Client, ports: CheckoutPorts) -> UUID:
    """The checkout's id; how far it got is read from it. "Started" is not "paid".

    Raises CartChanged, CartEmpty, ItemsUnavailable, AddressRequired, QuoteNotFirm, NotFound (cart, address),
    IdempotencyConflict, Busy, and PaymentUnavailable (then the checkout stands; the same key goes on with it).
    """
    basis = await _read_basis(command, actor, ports)
    checkout_id = new_id()
    checkout_id, first = await ports.db.run(
        lambda tx: _reserve(tx, command, basis, checkout_id=checkout_id, actor=actor, client=client, ports=ports)
    )
    await settle(checkout_id, ports, first=first)
    return checkout_id


async def _read_basis(command: StartCheckout, actor: Actor, ports: CheckoutPorts) -> _Basis:
    reads, user_id = ports.db.primary, actor.user()
    cart = await reads.first(_CART, user_id=user_id)
    if cart is None:
        raise NotFound("cart")
    recipient = None
    if command.address_id is not None:
        recipient = await reads.first(_ADDRESS, id=command.address_id, user_id=user_id)
    lines = await reads.all(_CART_LINES, cart_id=cart.id)
    deliveries = await reads.all(_CART_DELIVERIES, cart_id=cart.id)
    country = recipient.country if recipient is not None else cart.country
    wanted = [WantedLine(line.variant_id, line.quantity, line.fulfilment) for line in lines]
    facts = await _current_facts(wanted, country, ports)
    chosen = tuple((row.seller_id, row.shipping_rate_id) for row in deliveries)
    buyer = Buyer(user_id, cart.email, cart.customer_ref)
    return _Basis(cart, buyer, recipient, country, chosen, facts)


async def _current_facts(lines: Sequence[WantedLine], country: str | None, ports: CheckoutPorts) -> Facts:
    """Who pays waits longer than who looks: what could not be read in time is asked for a few times more."""
    for _ in range(LOOKUPS_MAX):
        facts = await gather_facts(
            ports.db.primary,
            lines,
            country=country,
            shipping=ports.shipping,
            tax=ports.tax,
            policy=ports.policy,
        )
        if country is None or not facts.estimated:
            break
    return facts


async def _reserve(
    tx: Tx,
    command: StartCheckout,
    basis: _Basis,
    *,
    checkout_id: UUID,
    actor: Actor,
    client: Client,
    ports: CheckoutPorts,
) -> tuple[UUID, ProviderStep | Rest | None]:
    """The whole of it. A first step of None: the key was used before, go on from wherever that checkout stands."""
    buyer_id = actor.user()
    known = await claim(
        tx,
        actor_id=buyer_id,
        operation="checkout",
        key=command.idempotency_key,
        command=command,
        outcome_id=checkout_id,
    )
    if known is not None:
        return known, None
    if command.address_id is not None and basis.recipient is None:
        # Not before the key is looked at: a repetition finds its checkout though the address is gone by now.
        raise NotFound("address")
    lines = await consume(
        tx, cart_id=basis.cart.id, user_id=buyer_id, version=command.cart_version, checkout_id=checkout_id
    )
    quote = await _firm_quote(tx, command, basis, lines)
    checkout = new_checkout(
        quote,
        lines,
        checkout_id=checkout_id,
        cart_id=basis.cart.id,
        actor=actor,
        now=tx.now,
        expires_at=tx.now + timedelta(seconds=ports.policy.reservation_seconds),
    )
    payment = new_payment(checkout, command.payment_method, tx.now)
    first = next_step(tx, Purchase(checkout, payment, basis.buyer), ports, look=False)
    await write_purchase(tx, checkout, payment, quote, recipient=basis.recipient, actor=actor)
    kind, cause = SignalKind.CHECKED_OUT, checkout.id
    await record_signal(tx, kind, user_id=buyer_id, client=client, policy=ports.policy, cause_id=cause)
    shortages = await reserve(
        tx,
        checkout_id=checkout_id,
        lines=[(line.variant_id, line.quantity) for line in lines],
        expires_at=checkout.expires_at,
        actor=actor.name,
    )
    if shortages:
        raise ItemsUnavailable(
            [Problem(ProblemKind.OUT_OF_STOCK, short.variant_id, short.available) for short in shortages]
        )
    return checkout_id, first


async def _firm_quote(tx: Tx, command: StartCheckout, basis: _Basis, lines: tuple[CartLineSnapshot, ...]) -> Quote:
    """Priced again inside the transaction; only what shipping and tax cost was looked up before."""
    wanted = tuple(WantedLine(line.variant_id, line.quantity, line.fulfilment) for line in lines)
    found = await sellables_to_buy(tx, [line.variant_id for line in wanted])
    facts = replace(basis.facts, sellables=in_chosen_ways(found, {line.variant_id: line.fulfilment for line in wanted}))
    result = price(facts, QuoteRequest(wanted, basis.country, basis.deliveries))
    if result.problems or result.quote is None:
        raise ItemsUnavailable(result.problems)
    quote = result.quote
    sent = any(part.fulfilment is Fulfilment.SHIP for part in quote.sellers)
    if basis.facts.country is None or (sent and basis.recipient is None):
        # Without a place there is no tax to charge, not even for what is sent to nobody.
        raise AddressRequired()
    if quote.total_minor > command.expected_total_minor:
        raise CartChanged(basis.cart.id)
    if quote.estimated:
        raise QuoteNotFirm()
    return quote
