"""Guarantee: a slug belongs to one shop, an edit never overwrites one its author has not seen, rates stay bounded."""

import asyncio
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.container import Container
from domain.sellers.applying import ApplyToSell, apply_to_sell
from domain.sellers.editing import SetSellerTerms, UpdateShop, set_seller_terms, update_shop
from domain.sellers.errors import ShippingRateNameTaken, ShopEdited, SlugTaken, TooMany
from domain.sellers.model import SHIPPING_RATES_MAX, SHOPS_PER_USER_MAX, MemberRole, SellerStatus
from domain.sellers.reads import accounts_by_ids, members_of_seller, rates_by_sellers, shops_by_ids
from domain.sellers.shipping import (
    AddShippingRate,
    RemoveShippingRate,
    UpdateShippingRate,
    add_shipping_rate,
    remove_shipping_rate,
    update_shipping_rate,
)
from domain.sellers.slugs import Slug, derived
from domain.shared.actor import Actor, ActorKind
from domain.shared.errors import InvalidInput, NotFound, NotPermitted
from resolvers.sellers.inputs import UpdateShopInput
from resolvers.shared.parsing import parse
from tests.domain.sellers.hiring import hired
from tests.domain.users.accounts import an_account, ports_of
from tests.makers import a_buyer, a_seller, an_admin

SLUG: TypeAdapter[str] = TypeAdapter(Slug)


def an_application(name: str = "Anne's Lamps", slug: str | None = None) -> ApplyToSell:
    return ApplyToSell(name=name, country="DE", currency="EUR", slug=slug)


async def a_rate(container: Container, owner: Actor, name: str = "Standard", country: str = "DE") -> UUID:
    command = AddShippingRate(name=name, country=country, base_minor=490)
    return await add_shipping_rate(command, actor=owner, db=container.ports.db)


@settings(max_examples=50)
@given(st.text(max_size=200))
def test_whatever_a_shop_is_called_its_slugs_are_valid(name: str) -> None:
    slugs = list(derived(name))
    assert slugs
    for slug in slugs:
        assert SLUG.validate_python(slug) == slug


def test_slugs_read_like_the_name() -> None:
    assert next(derived("Anne's Lämpchen & Söhne")) == "annes-lampchen-sohne"
    assert next(derived("admin")).startswith("admin-")
    assert next(derived("电灯")).startswith("shop-")


async def test_an_application_makes_a_shop_that_waits_and_its_owner(container: Container) -> None:
    buyer = await a_buyer(container)
    seller_id = await apply_to_sell(an_application(), actor=buyer, db=container.ports.db)
    primary = container.ports.db.primary
    assert (await accounts_by_ids(primary, [seller_id]))[seller_id].status is SellerStatus.APPLIED
    members = await members_of_seller(primary, seller_id)
    assert [(member.user_id, member.role) for member in members] == [(buyer.user_id, MemberRole.OWNER)]


async def test_of_many_who_want_one_slug_exactly_one_gets_it(container: Container) -> None:
    slug = f"lamps-{uuid4().hex}"
    buyers = [await a_buyer(container) for _ in range(6)]
    wanted = (apply_to_sell(an_application(slug=slug), actor=buyer, db=container.ports.db) for buyer in buyers)
    outcomes = await asyncio.gather(*wanted, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["SlugTaken"] * 5 + ["UUID"]


async def test_shops_of_one_name_get_slugs_of_their_own(container: Container) -> None:
    buyers = [await a_buyer(container) for _ in range(5)]
    made = [apply_to_sell(an_application("Same Name"), actor=buyer, db=container.ports.db) for buyer in buyers]
    shops = await shops_by_ids(container.ports.db.primary, await asyncio.gather(*made))
    assert len({shop.slug for shop in shops.values()}) == 5


async def test_a_person_opens_so_many_shops_and_no_more(container: Container) -> None:
    buyer = await a_buyer(container)
    opening = (
        apply_to_sell(an_application(f"Shop {uuid4().hex}"), actor=buyer, db=container.ports.db)
        for _ in range(SHOPS_PER_USER_MAX + 4)
    )
    outcomes = await asyncio.gather(*opening, return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, TooMany)]) == 4


async def test_of_edits_to_one_version_exactly_one_is_kept(container: Container) -> None:
    owner = await a_seller(container)
    edits = (
        update_shop(UpdateShop(version=1, name=f"Name {number}"), actor=owner, db=container.ports.db)
        for number in range(5)
    )
    outcomes = await asyncio.gather(*edits, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(ShopEdited) == 4
    assert (await accounts_by_ids(container.ports.db.primary, [owner.seller()]))[owner.seller()].version == 2


async def test_an_edit_changes_what_it_names_and_nothing_else(container: Container) -> None:
    owner = await a_seller(container)
    before = (await shops_by_ids(container.ports.db.primary, [owner.seller()]))[owner.seller()]
    command = parse(UpdateShop, UpdateShopInput(version=1, handling_days=7))
    await update_shop(command, actor=owner, db=container.ports.db)
    after = (await shops_by_ids(container.ports.db.primary, [owner.seller()]))[owner.seller()]
    assert after.handling_days == 7
    assert (after.name, after.slug, after.policy) == (before.name, before.slug, before.policy)
    with pytest.raises(InvalidInput):
        parse(UpdateShop, UpdateShopInput(version=2, name=None))


async def test_the_slug_of_another_shop_is_taken(container: Container) -> None:
    owner, other = await a_seller(container), await a_seller(container)
    taken = (await shops_by_ids(container.ports.db.primary, [other.seller()]))[other.seller()].slug
    command = UpdateShop(version=1, slug=taken)
    with pytest.raises(SlugTaken):
        await update_shop(command, actor=owner, db=container.ports.db)


async def test_staff_edit_the_shop_but_not_its_slug_and_tax_number(container: Container) -> None:
    owner = await a_seller(container)
    email, session = await an_account(ports_of(container))
    staff = Actor(ActorKind.USER, user_id=session.user_id, seller_id=owner.seller_id)
    await hired(container, owner, email, staff)
    with pytest.raises(NotPermitted):
        await update_shop(UpdateShop(version=1, tax_id="DE1"), actor=staff, db=container.ports.db)
    await update_shop(UpdateShop(version=1, name="Renamed"), actor=staff, db=container.ports.db)


async def test_terms_are_set_and_given_back_by_administrators_only(container: Container) -> None:
    owner, admin = await a_seller(container), await an_admin(container)

    async def terms(actor: Actor, **change: object) -> tuple[bool, int | None]:
        command = SetSellerTerms(seller_id=owner.seller(), **change)  # type: ignore[arg-type]  # fields by name
        await set_seller_terms(command, actor=actor, db=container.ports.db)
        account = (await accounts_by_ids(container.ports.db.primary, [owner.seller()]))[owner.seller()]
        return account.trusted, account.commission_ppm

    assert await terms(admin, commission_ppm=50_000) == (False, 50_000)
    assert await terms(admin, trusted=True) == (True, 50_000)
    assert await terms(admin, commission_ppm=None) == (True, None)
    with pytest.raises(NotPermitted):
        await terms(owner, trusted=True)


async def test_a_rate_is_the_shops_own(container: Container) -> None:
    owner, other = await a_seller(container), await a_seller(container)
    rate_id = await a_rate(container, owner)
    change = UpdateShippingRate(shipping_rate_id=rate_id, name="Fast", country="DE", base_minor=990)
    with pytest.raises(NotFound):
        await update_shipping_rate(change, actor=other, db=container.ports.db)
    removal = RemoveShippingRate(shipping_rate_id=rate_id)
    with pytest.raises(NotFound):
        await remove_shipping_rate(removal, actor=other, db=container.ports.db)
    await update_shipping_rate(change, actor=owner, db=container.ports.db)
    await remove_shipping_rate(removal, actor=owner, db=container.ports.db)
    with pytest.raises(NotFound):
        await remove_shipping_rate(removal, actor=owner, db=container.ports.db)
    assert await rates_by_sellers(container.ports.db.primary, [owner.seller()]) == {}


async def test_a_name_is_free_again_once_its_rate_is_removed(container: Container) -> None:
    owner = await a_seller(container)
    rate_id = await a_rate(container, owner)
    with pytest.raises(ShippingRateNameTaken):
        await a_rate(container, owner)
    await a_rate(container, owner, country="*")
    await remove_shipping_rate(
        RemoveShippingRate(shipping_rate_id=rate_id),
        actor=owner,
        db=container.ports.db,
    )
    await a_rate(container, owner)


async def test_rates_are_bounded_even_when_they_come_at_once(container: Container) -> None:
    owner = await a_seller(container)
    rates = (a_rate(container, owner, f"Rate {number}") for number in range(SHIPPING_RATES_MAX + 5))
    outcomes = await asyncio.gather(*rates, return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, TooMany)]) == 5


async def test_days_that_run_backwards_are_refused(container: Container) -> None:
    owner = await a_seller(container)
    command = AddShippingRate(name="Slow", country="DE", base_minor=1, days_min=5, days_max=4)
    with pytest.raises(InvalidInput):
        await add_shipping_rate(command, actor=owner, db=container.ports.db)
