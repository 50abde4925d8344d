"""The addresses of a user.

Invariant: at most ADDRESSES_PER_USER_MAX, and exactly one default as long as there are any. They change under the
user's row lock. A removed address stays as a row until its user is erased; orders have a copy of their own.
"""

from typing import Annotated, Final
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import select, update

from domain.shared.actor import Actor
from domain.shared.commands import CountryCode, Line, OptionalLine, PostalCode, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import NotFound
from domain.shared.ids import AddressId, new_id
from domain.users.errors import TooManyAddresses
from domain.users.model import ADDRESSES_PER_USER_MAX, Address, User

_addresses = table(Address)

Phone = Annotated[str, StringConstraints(max_length=30, pattern=r"^[+0-9 ()./-]*$")]

_FIELDS: Final = ("name", "line1", "line2", "city", "region", "postal_code", "country", "phone")


@command
class AddAddress:
    """The first one is the default whatever `is_default` says."""

    name: Line
    line1: Line
    city: Line
    country: CountryCode
    line2: OptionalLine = ""
    region: OptionalLine = ""
    postal_code: PostalCode = ""
    phone: Phone = ""
    is_default: bool = False


@command
class UpdateAddress:
    """The whole address anew."""

    address_id: AddressId
    name: Line
    line1: Line
    city: Line
    country: CountryCode
    line2: OptionalLine = ""
    region: OptionalLine = ""
    postal_code: PostalCode = ""
    phone: Phone = ""


@command
class SetDefaultAddress:
    address_id: AddressId


@command
class RemoveAddress:
    address_id: AddressId


async def add_address(command: AddAddress, *, actor: Actor, db: Database) -> UUID:
    """The new address's id. Raises TooManyAddresses."""
    address_id = new_id()

    async def step(tx: Tx) -> UUID:
        known = await _known(tx, actor)
        if len(known) >= ADDRESSES_PER_USER_MAX:
            raise TooManyAddresses(ADDRESSES_PER_USER_MAX)
        fields = {name: getattr(command, name) for name in _FIELDS}
        await tx.add(Address(id=address_id, user_id=actor.user(), created_at=tx.now, **fields))
        if command.is_default or not known:
            await _make_default(tx, actor, address_id)
        return address_id

    return await db.run(step)


async def update_address(command: UpdateAddress, *, actor: Actor, db: Database) -> UUID:
    """The address's id. Raises NotFound, for another's too."""

    async def step(tx: Tx) -> UUID:
        address = await _own(tx, command.address_id, actor)
        for name in _FIELDS:
            setattr(address, name, getattr(command, name))
        return address.id

    return await db.run(step)


async def set_default_address(command: SetDefaultAddress, *, actor: Actor, db: Database) -> UUID:
    """The address's id. Raises NotFound, for another's too."""

    async def step(tx: Tx) -> UUID:
        address = await _own(tx, command.address_id, actor)
        await _make_default(tx, actor, address.id)
        return address.id

    return await db.run(step)


async def remove_address(command: RemoveAddress, *, actor: Actor, db: Database) -> UUID:
    """The removed address's id; the newest other one becomes the default in its place. Raises NotFound."""

    async def step(tx: Tx) -> UUID:
        address = await _own(tx, command.address_id, actor)
        was_default = address.is_default
        address.deleted_at, address.is_default = tx.now, False
        rest = await _known(tx, actor)
        if was_default and rest:
            await _make_default(tx, actor, rest[-1])
        return address.id

    return await db.run(step)


async def _known(tx: Tx, actor: Actor) -> list[UUID]:
    """The ids of the actor's addresses, oldest first, with the user's row locked."""
    await tx.lock(User, [actor.user()])
    found = await tx.execute(
        select(_addresses.c.id)
        .where(_addresses.c.user_id == actor.user(), _addresses.c.deleted_at.is_(None))
        .order_by(_addresses.c.id)
    )
    return list(found.scalars())


async def _own(tx: Tx, address_id: UUID, actor: Actor) -> Address:
    await tx.lock(User, [actor.user()])
    address = await tx.get(Address, address_id)
    if address is None or address.user_id != actor.user() or address.deleted_at is not None:
        raise NotFound("address")
    return address


async def _make_default(tx: Tx, actor: Actor, address_id: UUID) -> None:
    """First none, then the one: the database allows no second default even for a moment."""
    own = _addresses.c.user_id == actor.user()
    await tx.execute(update(_addresses).where(own, _addresses.c.is_default).values(is_default=False))
    await tx.execute(update(_addresses).where(own, _addresses.c.id == address_id).values(is_default=True))
