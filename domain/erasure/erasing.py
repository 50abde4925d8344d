"""Erasing an account: by its owner, who proves to be it, or by an administrator who was asked in writing.

Invariant: nobody is erased while money is held or owed for them. The cart is locked before anything is looked at, and
a purchase takes the cart first: one that was faster is seen, one that is slower finds it changed. So it is with the
shops that go along, and sales.
"""

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import select

from domain.cart.holding import Holder, empty, find, touch
from domain.cart.model import Cart
from domain.erasure.errors import MoneyStillHeld
from domain.erasure.events import UserErased
from domain.erasure.farewell import note_farewell
from domain.erasure.obstacles import obstacles
from domain.erasure.wiping import wipe, wipe_shop
from domain.sellers import decisions
from domain.sellers.events import MemberLeft, SellerChanged
from domain.sellers.model import SELLER_TRANSITIONS, MemberRole, Seller, SellerMember, SellerStatus
from domain.shared.actor import Actor, Role
from domain.shared.commands import command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import NotFound
from domain.shared.ids import UserId
from domain.shared.transitions import Party
from domain.users.errors import WouldLoseAdministrator, WrongCredentials
from domain.users.events import UserStatusChanged
from domain.users.model import USER_TRANSITIONS, User, UserStatus
from domain.users.passwords import prove_password
from domain.users.ports import UserPorts

_members = table(SellerMember)
_CLOSED: Final = {
    SellerStatus.APPLIED: SellerStatus.REJECTED,
    SellerStatus.ACTIVE: SellerStatus.SUSPENDED,
    SellerStatus.RESTRICTED: SellerStatus.SUSPENDED,
}
"""What becomes of a shop whose last owner leaves; the others are closed already."""


@command
class EraseMe:
    password: Annotated[SecretStr, Field(max_length=200)]


@command
class EraseUser:
    user_id: UserId


async def erase_me(command: EraseMe, *, actor: Actor, ports: UserPorts) -> UUID:
    """The id of whom it was; for good, and at once.

    Raises WrongCredentials, TooManyAttempts, MoneyStillHeld, WouldLoseAdministrator.
    """
    proof = await prove_password(command.password, actor=actor, ports=ports)

    async def step(tx: Tx) -> UUID:
        await _empty_cart(tx, proof.user_id)
        (user,) = await tx.lock(User, [proof.user_id])
        if user.password_hash != proof.password_hash or user.status is not UserStatus.ACTIVE:
            raise WrongCredentials()
        await _erase(tx, user, Party.BUYER, actor)
        return user.id

    return await ports.db.run(step)


async def erase_user(command: EraseUser, *, actor: Actor, db: Database) -> UUID:
    """The same by an administrator. Raises NotPermitted, NotFound, IllegalTransition (is erased), and as `erase_me`."""
    actor.admin()

    async def step(tx: Tx) -> UUID:
        await _empty_cart(tx, command.user_id)
        rows = await tx.lock(User, [command.user_id])
        if not rows:
            raise NotFound("user")
        await _erase(tx, rows[0], Party.ADMIN, actor)
        return rows[0].id

    return await db.run(step)


async def _empty_cart(tx: Tx, user_id: UUID) -> None:
    """Its row stays, because purchases refer to it."""
    cart_id = await find(tx, Holder(user_id))
    for cart in await tx.lock(Cart, [cart_id] if cart_id is not None else []):
        await empty(tx, cart.id)
        cart.country = None
        touch(tx, cart)


async def _erase(tx: Tx, user: User, party: Party, actor: Actor) -> None:
    USER_TRANSITIONS.check(user.status, UserStatus.ERASED, party)
    if Role.ADMIN in user.roles:
        raise WouldLoseAdministrator()
    shops = await _only_theirs(tx, user.id)
    found = await obstacles(tx, user.id, [shop.id for shop in shops])
    if found:
        raise MoneyStillHeld(found)
    for shop in shops:
        await _close(tx, shop, actor)
    left = await tx.execute(_members.delete().where(_members.c.user_id == user.id).returning(_members.c.seller_id))
    for seller_id in left.scalars():
        tx.record(MemberLeft(at=tx.now, seller_id=seller_id, user_id=user.id, by_user_id=user.id))
    await note_farewell(tx, user)
    await wipe(tx, user)
    tx.record(UserStatusChanged(at=tx.now, user_id=user.id))
    tx.record(UserErased(at=tx.now, user_id=user.id))


async def _only_theirs(tx: Tx, user_id: UUID) -> list[Seller]:
    """Shops that nobody else owns, locked.

    All shops of theirs are locked before it is asked who else owns them: of two owners who leave at once the second
    is the last one. A purchase holds the shops that it buys from, so it is either seen among the orders, or finds them
    closed.
    """
    mine = select(_members.c.seller_id).where(_members.c.user_id == user_id, _members.c.role == MemberRole.OWNER.value)
    shops = await tx.lock(Seller, sorted((await tx.execute(mine)).scalars()))
    shared = select(_members.c.seller_id).where(
        _members.c.seller_id.in_([shop.id for shop in shops]),
        _members.c.role == MemberRole.OWNER.value,
        _members.c.user_id != user_id,
    )
    others = set((await tx.execute(shared)).scalars())
    return [shop for shop in shops if shop.id not in others]


async def _close(tx: Tx, shop: Seller, actor: Actor) -> None:
    """It sells nothing from now on; an administrator would have to find it a new owner first."""
    target = _CLOSED.get(shop.status)
    if target is not None:
        # The step that an administrator would take about a shop that nobody is left to run.
        taken = SELLER_TRANSITIONS.check(shop.status, target, Party.ADMIN)
        shop.status, shop.status_reason = taken.target, "Its owner has left."
        await decisions.note(tx, shop, taken.action, shop.status_reason, actor)
    await wipe_shop(tx, shop)
    tx.record(SellerChanged(at=tx.now, seller_id=shop.id))
