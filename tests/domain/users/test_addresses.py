"""Guarantee: a user has exactly one default address as long as there are any, and nobody else's can be touched."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import pytest

from app.container import Container
from domain.shared.actor import Actor
from domain.shared.errors import NotFound
from domain.users.addresses import (
    AddAddress,
    RemoveAddress,
    SetDefaultAddress,
    UpdateAddress,
    add_address,
    remove_address,
    set_default_address,
    update_address,
)
from domain.users.errors import TooManyAddresses
from domain.users.model import ADDRESSES_PER_USER_MAX
from domain.users.reads import AddressView, address_of_user, addresses_of_user
from tests.makers import a_buyer

PLACE: dict[str, Any] = {"name": "Ann", "line1": "Main Street 1", "city": "Hamburg", "country": "DE"}


async def add(container: Container, actor: Actor, **more: Any) -> UUID:
    return await add_address(AddAddress(**PLACE | more), actor=actor, db=container.ports.db)


async def of(container: Container, actor: Actor) -> list[AddressView]:
    return await addresses_of_user(container.ports.db.primary, actor.user())


async def default_of(container: Container, actor: Actor) -> UUID:
    (default,) = [address.id for address in await of(container, actor) if address.is_default]
    return default


async def test_the_first_is_the_default_until_another_is_chosen(container: Container) -> None:
    ann, db = await a_buyer(container), container.ports.db
    first, second, third = [await add(container, ann, name=name) for name in ("one", "two", "three")]
    assert await default_of(container, ann) == first
    await set_default_address(SetDefaultAddress(address_id=second), actor=ann, db=db)
    assert await default_of(container, ann) == second
    await remove_address(RemoveAddress(address_id=second), actor=ann, db=db)
    assert await default_of(container, ann) == third
    fourth = await add(container, ann, is_default=True)
    assert await default_of(container, ann) == fourth
    for address_id in (first, third, fourth):
        await remove_address(RemoveAddress(address_id=address_id), actor=ann, db=db)
    assert await of(container, ann) == []


async def test_the_address_of_another_is_not_found(container: Container) -> None:
    ann, bob, db = await a_buyer(container), await a_buyer(container), container.ports.db
    address_id = await add(container, ann)
    attempts: tuple[Awaitable[UUID], ...] = (
        update_address(UpdateAddress(address_id=address_id, **PLACE), actor=bob, db=db),
        set_default_address(SetDefaultAddress(address_id=address_id), actor=bob, db=db),
        remove_address(RemoveAddress(address_id=address_id), actor=bob, db=db),
    )
    for attempt in attempts:
        with pytest.raises(NotFound):
            await attempt
    assert await address_of_user(container.reads, bob.user(), address_id) is None
    assert [address.id for address in await of(container, ann)] == [address_id]


async def test_a_removed_address_cannot_be_changed_any_more(container: Container) -> None:
    ann, db = await a_buyer(container), container.ports.db
    address_id = await add(container, ann)
    await remove_address(RemoveAddress(address_id=address_id), actor=ann, db=db)
    with pytest.raises(NotFound):
        await update_address(UpdateAddress(address_id=address_id, **PLACE), actor=ann, db=db)


async def test_addresses_are_bounded_and_have_one_default_even_when_they_come_at_once(container: Container) -> None:
    ann = await a_buyer(container)
    adding = (add(container, ann, is_default=True) for _ in range(ADDRESSES_PER_USER_MAX + 5))
    outcomes = await asyncio.gather(*adding, return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, TooManyAddresses)]) == 5
    assert len(await of(container, ann)) == ADDRESSES_PER_USER_MAX
    await default_of(container, ann)
