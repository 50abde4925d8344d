"""People and things that tests begin with. Each call makes new ones, so tests never meet."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from app.container import Container
from domain.catalog.model import Category, Listing, ListingStatus, Variant
from domain.checkout.model import Checkout, CheckoutState
from domain.inventory.model import SHOWN_MAX, MovementKind, StockItem, StockMovement, VariantStock
from domain.inventory.projection import status_of
from domain.pricing.ports import EVERYWHERE
from domain.sellers.model import MemberRole, PaymentAccount, Seller, SellerMember, SellerStatus, ShippingRate
from domain.shared.actor import Actor, ActorKind, Role
from domain.shared.database import Tx
from domain.shared.ids import new_id
from domain.users.model import User


async def a_buyer(container: Container, *roles: Role) -> Actor:
    """A user with an account and nothing else. Their password matches nothing: sign-in tests register instead."""
    user_id = new_id()

    async def step(tx: Tx) -> None:
        await tx.add(
            User(
                id=user_id,
                email=f"{uuid4().hex}@example.com",
                password_hash="none",
                display_name="Ann",
                roles=[role.value for role in roles],
                created_at=tx.now,
                updated_at=tx.now,
            )
        )

    await container.ports.db.run(step)
    return Actor(ActorKind.USER, user_id=user_id, roles=frozenset(roles))


async def an_admin(container: Container) -> Actor:
    return await a_buyer(container, Role.ADMIN)


async def a_moderator(container: Container) -> Actor:
    return await a_buyer(container, Role.MODERATOR)


async def a_seller(
    container: Container,
    *,
    status: SellerStatus = SellerStatus.ACTIVE,
    trusted: bool = False,
    currency: str = "EUR",
    country: str = "DE",
) -> Actor:
    """The owner of a new shop, in a session that acts for it."""
    owner = await a_buyer(container)
    seller_id = new_id()

    async def step(tx: Tx) -> None:
        await tx.add(
            Seller(
                id=seller_id,
                name="Anne's Lamps",
                slug=f"lamps-{uuid4().hex}",
                country=country,
                currency=currency,
                status=status,
                trusted=trusted,
                applied_at=tx.now,
                approved_at=tx.now if status is not SellerStatus.APPLIED else None,
                updated_at=tx.now,
            )
        )
        await tx.add(SellerMember(seller_id=seller_id, user_id=owner.user(), role=MemberRole.OWNER, added_at=tx.now))

    await container.ports.db.run(step)
    return Actor(ActorKind.USER, user_id=owner.user_id, seller_id=seller_id)


async def a_shop(container: Container, *, delivery_minor: int | None = 500, currency: str = "EUR") -> UUID:
    """A shop that can sell: active, payable, and sending everywhere for `delivery_minor` (None: nowhere)."""
    owner = await a_seller(container, currency=currency)
    seller_id = owner.seller()
    await a_payment_account(container, seller_id)
    if delivery_minor is not None:
        await a_shipping_rate(container, seller_id, base_minor=delivery_minor, currency=currency)
    return seller_id


async def a_payment_account(container: Container, seller_id: UUID, *, charges_enabled: bool = True) -> None:
    """Connected to the provider, which lets it take payments or does not yet."""

    async def step(tx: Tx) -> None:
        await tx.add(
            PaymentAccount(
                seller_id=seller_id,
                provider="stripe",
                account_ref=f"acct_{uuid4().hex}",
                charges_enabled=charges_enabled,
                created_at=tx.now,
                updated_at=tx.now,
            )
        )

    await container.ports.db.run(step)


async def a_shipping_rate(container: Container, seller_id: UUID, *, base_minor: int = 500, **more: Any) -> UUID:
    rate_id = new_id()

    async def step(tx: Tx) -> None:
        fields = {"name": f"Parcel {uuid4().hex[:6]}", "country": EVERYWHERE, "currency": "EUR"} | more
        await tx.add(ShippingRate(id=rate_id, seller_id=seller_id, base_minor=base_minor, created_at=tx.now, **fields))

    await container.ports.db.run(step)
    return rate_id


async def a_category(container: Container, *, path: str | None = None, **more: Any) -> UUID:
    category_id = new_id()
    slug = uuid4().hex

    async def step(tx: Tx) -> None:
        await tx.add(Category(id=category_id, slug=slug, path=path or slug, name="Lamps", **more))

    await container.ports.db.run(step)
    return category_id


@dataclass(frozen=True, slots=True)
class OnSale:
    """A listing with one variant and its stock."""

    seller_id: UUID
    listing_id: UUID
    variant_id: UUID


async def on_sale(
    container: Container,
    seller_id: UUID | None = None,
    *,
    price_minor: int = 1_000,
    stock: int | None = 10,
    currency: str = "EUR",
    category_id: UUID | None = None,
    **listing: Any,
) -> OnSale:
    """Something active to buy, from a shop of its own unless one is given. Stock None: it never had any."""
    seller_id = seller_id or await a_shop(container, currency=currency)
    category_id = category_id or await a_category(container)
    made = OnSale(seller_id, new_id(), new_id())

    async def step(tx: Tx) -> None:
        fields: dict[str, Any] = {"title": "A lamp", "status": ListingStatus.ACTIVE} | listing
        await tx.add(
            Listing(
                id=made.listing_id,
                seller_id=seller_id,
                category_id=category_id,
                currency=currency,
                created_at=tx.now,
                updated_at=tx.now,
                **fields,
            )
        )
        await tx.add(
            Variant(
                id=made.variant_id,
                listing_id=made.listing_id,
                sku=uuid4().hex,
                price_minor=price_minor,
                updated_at=tx.now,
            )
        )
        if stock is not None:
            await _fill(tx, made.variant_id, stock)

    await container.ports.db.run(step)
    return made


async def _fill(tx: Tx, variant_id: UUID, on_hand: int) -> None:
    """Stock with the movement that explains it, as browsers already see it."""
    item = StockItem(id=new_id(), variant_id=variant_id, on_hand=on_hand, updated_at=tx.now)
    await tx.add(item)
    came: dict[str, Any] = {"kind": MovementKind.RESTOCK, "on_hand_delta": on_hand, "actor": "test"}
    await tx.add(StockMovement(id=new_id(), stock_item_id=item.id, at=tx.now, **came))
    shown: dict[str, Any] = {"status": status_of(on_hand), "available": min(on_hand, SHOWN_MAX)}
    await tx.add(VariantStock(variant_id=variant_id, updated_at=tx.now, **shown))


async def change(container: Container, model: type[Any], id_: UUID, **values: Any) -> None:
    """Set columns of one row by its id, whatever the rules say: the world as a test needs it."""

    async def step(tx: Tx) -> None:
        row = await tx.get(model, id_)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)

    await container.ports.db.run(step)


async def a_checkout(container: Container, buyer: Actor) -> UUID:
    """A purchase that has just begun, as a row that reservations can refer to."""
    return (await some_checkouts(container, buyer, 1))[0]


async def some_checkouts(container: Container, buyer: Actor, count: int) -> list[UUID]:
    ids = [new_id() for _ in range(count)]

    async def step(tx: Tx) -> None:
        times = {"created_at": tx.now, "updated_at": tx.now}
        rest = {"state": CheckoutState.REQUIRES_ACTION, "currency": "EUR", "total_minor": 0, "quote": {}, "lines": []}
        owner = {"buyer_id": buyer.user()}
        await tx.add(*(Checkout.model_validate({"id": id_, **owner, **rest, **times}) for id_ in ids))

    await container.ports.db.run(step)
    return ids
