"""Losses as an administrator sees them and gives them to orders; moderators see them, and not the orders."""

from typing import Any
from uuid import uuid4

from app.container import Container
from domain.shared.actor import Actor
from domain.shared.ids import encode_id
from resolvers.context import Context, LoaderScope, Viewer
from tests.counting import CountingReads
from tests.domain.checkout.losses import LossySale, a_lossy_sale
from tests.graphql.execution import SCHEMA, execute, refused
from tests.makers import a_moderator

LOSS = "loss { kind amount { formatted } providerRef orders { id refunded { amountMinor } } }"
CASES = f"{{ admin {{ moderationCases(first: 100) {{ nodes {{ id status {LOSS} }} }} }} }}"
ATTRIBUTE = f"""
mutation ($input: AttributeLossInput!) {{
  attributeLoss(input: $input) {{
    __typename
    ... on AttributeLossSuccess {{ moderationCase {{ status note {LOSS} }} }}
    ... on AttributionTooLarge {{ orderId possible {{ formatted }} }}
    ... on InvalidInput {{ issues {{ path code }} }}
    ... on UserError {{ code }}
  }}
}}"""


async def listed(container: Container, actor: Actor) -> list[dict[str, Any]]:
    data = await execute(container, CASES, actor=actor)
    found: list[dict[str, Any]] = data["admin"]["moderationCases"]["nodes"]
    return found


async def the_input(lossy: LossySale, *amounts: int, **more: Any) -> dict[str, Any]:
    [case] = await lossy.cases()
    orders = [encode_id("order", order_id) for order_id in lossy.sale.order_ids]
    parts = [{"orderId": id_, "amountMinor": minor} for id_, minor in zip(orders, amounts, strict=False)]
    given = {"caseId": encode_id("moderation_case", case.id), "parts": parts, "note": "as agreed"}
    return {"input": given | {"idempotencyKey": uuid4().hex} | more}


async def test_an_administrator_finds_the_loss_with_its_orders_and_gives_it_to_them(fresh_container: Container) -> None:
    lossy = await a_lossy_sale(fresh_container)
    refund_ref = await lossy.give_back(700)
    first, second = (encode_id("order", order_id) for order_id in sorted(lossy.sale.order_ids))
    [case] = await listed(fresh_container, lossy.admin)
    assert case["loss"] == {
        "kind": "UNATTRIBUTED_REFUND",
        "amount": {"formatted": "7.00 EUR"},
        "providerRef": refund_ref,
        "orders": [{"id": each, "refunded": {"amountMinor": 0}} for each in (first, second)],
    }
    too_much = await execute(fresh_container, ATTRIBUTE, await the_input(lossy, 500, 300), actor=lossy.admin)
    assert too_much["attributeLoss"] == {
        "__typename": "AttributionTooLarge",
        "orderId": None,
        "possible": {"formatted": "7.00 EUR"},
        "code": "ATTRIBUTION_TOO_LARGE",
    }
    given = await execute(fresh_container, ATTRIBUTE, await the_input(lossy, 500, 200), actor=lossy.admin)
    settled = given["attributeLoss"]["moderationCase"]
    assert (settled["status"], settled["note"]) == ("SETTLED", "as agreed")
    assert {each["refunded"]["amountMinor"] for each in settled["loss"]["orders"]} == {500, 200}
    assert await listed(fresh_container, lossy.admin) == []
    again = await execute(fresh_container, ATTRIBUTE, await the_input(lossy, 500, 200), actor=lossy.admin)
    assert again["attributeLoss"]["code"] == "ILLEGAL_TRANSITION"


async def test_a_moderator_sees_the_loss_without_orders_and_gives_it_to_none(fresh_container: Container) -> None:
    lossy, moderator = await a_lossy_sale(fresh_container), await a_moderator(fresh_container)
    await lossy.lose_a_chargeback()
    [case] = await listed(fresh_container, moderator)
    assert (case["loss"]["kind"], case["loss"]["orders"]) == ("CHARGEBACK", None)
    assert await refused(fresh_container, ATTRIBUTE, await the_input(lossy, 100), actor=moderator) == "NOT_PERMITTED"


async def test_all_faults_of_an_input_come_at_once(container: Container) -> None:
    lossy = await a_lossy_sale(container)
    await lossy.give_back(700)
    for given in (await the_input(lossy, 0, 200, note=""), await the_input(lossy, parts=[], note="")):
        data = await execute(container, ATTRIBUTE, given, actor=lossy.admin)
        paths = [issue["path"][1] for issue in data["attributeLoss"]["issues"]]
        assert paths == ["parts", "note"]


async def test_a_page_of_cases_costs_the_same_however_many_there_are(fresh_container: Container) -> None:
    counted = []
    for _ in range(2):
        lossy = await a_lossy_sale(fresh_container)
        await lossy.give_back(700)
        counting = CountingReads(fresh_container.reads)
        viewer, ports = Viewer(lossy.admin), fresh_container.ports
        context = Context(viewer=viewer, ports=ports, reads=counting, loaders=LoaderScope(counting))
        result = await SCHEMA.execute(CASES, context_value=context)
        assert result.errors is None
        # The page, and one batch each for orders and their money.
        counted.append(len(counting.statements))
    assert counted == [3, 3]
