"""From a person to a shop that sells, over GraphQL, and who may do which step."""

from dataclasses import replace
from typing import Any

import pytest

from app.container import Container
from app.viewer import authenticate
from domain.sellers.model import SellerStatus
from domain.shared.actor import Actor, Client, Role
from domain.shared.ids import encode_id
from domain.users.model import User
from tests.counting import SqlCounter
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.graphql.execution import execute, refused
from tests.graphql.users.test_registration import REGISTER, an_account
from tests.makers import a_buyer, a_moderator, a_seller, an_admin, change

CHANGE = "__typename ... on ShopChange { shop { id slug isOpen } account { status version allowedActions } }"
FAULT = "... on UserError { code message } ... on InvalidInput { issues { path } }"
APPLY = f"mutation($input: ApplyToSellInput!) {{ applyToSell(input: $input) {{ {CHANGE} {FAULT} }} }}"
UPDATE = f"mutation($input: UpdateShopInput!) {{ updateShop(input: $input) {{ {CHANGE} {FAULT} }} }}"
SWITCH = """mutation($input: SwitchSellerInput!) { switchSeller(input: $input) {
  __typename ... on SwitchSellerSuccess { accessToken shop { id } } ... on UserError { code }
} }"""
SHOPS = "{ me { shops { role shop { name } account { status decisions { action actor } } } } }"
ADD_RATE = f"""mutation($input: AddShippingRateInput!) {{ addShippingRate(input: $input) {{
  __typename ... on AddShippingRateSuccess {{ shippingRate {{ id base {{ formatted }} freeOver {{ amountMinor }} }} }}
  {FAULT}
}} }}"""
AREA = "{ seller { account { status } members { role email } shippingRates { name } paymentAccount { provider } } }"
ONBOARD = f"""mutation($input: StartOnboardingInput!) {{ startOnboarding(input: $input) {{
  __typename ... on StartOnboardingSuccess {{ url }} {FAULT}
}} }}"""
LIST = """query($first: Int!) { admin { sellers(first: $first) {
  nodes { id shop { name shippingRates { name } } decisions { action } }
} } }"""
DECISIONS = [
    "approveSeller", "rejectSeller", "restrictSeller", "liftSellerRestriction", "suspendSeller", "reinstateSeller",
]  # fmt: skip


def decision(name: str) -> str:
    return f"mutation($input: DecideSellerInput!) {{ {name}(input: $input) {{ {CHANGE} {FAULT} }} }}"


async def a_registered(container: Container) -> Actor:
    made = (await execute(container, REGISTER.replace("user {", "accessToken user {"), an_account()))["register"]
    return authenticate(made["accessToken"], Client(), container).actor


async def done(container: Container, document: str, given: dict[str, Any], actor: Actor) -> dict[str, Any]:
    (outcome,) = (await execute(container, document, {"input": given}, actor=actor)).values()
    found: dict[str, Any] = outcome
    return found


async def test_a_person_opens_a_shop_is_approved_and_sells(container: Container) -> None:
    person, admin = await a_registered(container), await an_admin(container)
    applied = await done(container, APPLY, {"name": "Anne's Lamps", "country": "DE", "currency": "EUR"}, person)
    assert applied["__typename"] == "ApplyToSellSuccess"
    assert applied["account"]["status"] == "APPLIED"
    shop_id = applied["shop"]["id"]
    approved = await done(container, decision("approveSeller"), {"sellerId": shop_id}, admin)
    assert approved["shop"]["isOpen"]
    assert approved["account"]["allowedActions"] == ["RESTRICT", "SUSPEND"]
    switched = await done(container, SWITCH, {"sellerId": shop_id}, person)
    owner = authenticate(switched["accessToken"], Client(), container).actor
    rate = {"name": "Standard", "country": "DE", "baseMinor": 490, "freeOverMinor": 5000}
    added = await done(container, ADD_RATE, rate, owner)
    assert added["shippingRate"]["base"]["formatted"] == "4.90 EUR"
    area = (await execute(container, AREA, actor=owner))["seller"]
    assert area["account"]["status"] == "ACTIVE"
    assert [member["role"] for member in area["members"]] == ["OWNER"]
    assert (area["shippingRates"], area["paymentAccount"]) == ([{"name": "Standard"}], None)
    shops = (await execute(container, SHOPS, actor=person))["me"]["shops"]
    assert [each["account"]["decisions"] for each in shops] == [
        [{"action": "APPROVE", "actor": None}, {"action": "APPLY", "actor": None}]
    ]


async def test_an_edit_of_an_old_version_is_told_the_new_one(container: Container) -> None:
    owner = await a_seller(container)
    first = await done(container, UPDATE, {"version": 1, "policy": "Be kind."}, owner)
    assert first["account"]["version"] == 2
    assert (await done(container, UPDATE, {"version": 1, "policy": "Be quick."}, owner))["code"] == "SHOP_EDITED"


async def test_onboarding_leads_to_the_provider(container: Container) -> None:
    owner = await a_seller(container)
    wired = replace(container, ports=replace(container.ports, gateway=FakePaymentGateway()))
    given = {"returnUrl": "https://shop.example/done", "refreshUrl": "https://shop.example/again"}
    begun = await done(wired, ONBOARD, given, owner)
    assert begun["url"].startswith("https://provider.example/")
    refresh = (
        "mutation { refreshPaymentAccount { ... on RefreshPaymentAccountSuccess { paymentAccount { provider } } } }"
    )
    assert (await execute(wired, refresh, actor=owner))["refreshPaymentAccount"]["paymentAccount"]
    hostile = await done(wired, ONBOARD, given | {"returnUrl": "javascript:alert(1)"}, owner)
    assert hostile["issues"] == [{"path": ["input", "returnUrl"]}]


@pytest.mark.parametrize("name", [*DECISIONS, "setSellerTerms"])
async def test_decisions_are_for_administrators(container: Container, name: str) -> None:
    owner = await a_seller(container, status=SellerStatus.APPLIED)
    given = {"input": {"sellerId": encode_id("seller", owner.seller())}}
    document = decision(name)
    if name == "setSellerTerms":
        document = document.replace("DecideSellerInput", "SetSellerTermsInput")
    assert await refused(container, document, given) == "UNAUTHENTICATED"
    for stranger in (owner, await a_buyer(container), await a_moderator(container)):
        assert await refused(container, document, given, actor=stranger) == "NOT_PERMITTED"


async def test_a_decision_that_is_out_of_order_is_a_member_of_the_result(container: Container) -> None:
    owner, admin = await a_seller(container), await an_admin(container)
    given = {"sellerId": encode_id("seller", owner.seller())}
    assert (await done(container, decision("approveSeller"), given, admin))["code"] == "ILLEGAL_TRANSITION"
    unexplained = await done(container, decision("suspendSeller"), given, admin)
    assert unexplained["issues"] == [{"path": ["input", "reason"]}]


async def test_an_administrator_who_is_one_no_longer_is_refused_at_once(container: Container) -> None:
    person = await a_registered(container)
    await change(container, User, person.user(), roles=[Role.ADMIN.value])
    admin = replace(person, roles=frozenset({Role.ADMIN}))
    owner = await a_seller(container, status=SellerStatus.APPLIED)
    given = {"input": {"sellerId": encode_id("seller", owner.seller()), "reason": "No."}}
    await execute(container, decision("rejectSeller"), given, actor=admin)
    await change(container, User, person.user(), roles=[])
    assert await refused(container, decision("approveSeller"), given, actor=admin) == "UNAUTHENTICATED"


async def test_a_list_of_sellers_costs_the_same_whatever_its_length(
    container: Container, count_sql: SqlCounter
) -> None:
    admin = await an_admin(container)
    for _ in range(5):
        await a_seller(container)
    counts = []
    for first in (1, 5):
        with count_sql() as seen:
            await execute(container, LIST, {"first": first}, actor=admin)
        counts.append(len(seen))
    assert counts[0] == counts[1] == 4
