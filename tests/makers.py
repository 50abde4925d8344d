"""People and things that tests begin with. Each call makes new ones, so tests never meet."""

from uuid import uuid4

from app.container import Container
from domain.sellers.model import MemberRole, Seller, SellerMember, SellerStatus
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
