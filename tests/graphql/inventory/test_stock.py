"""Stock over GraphQL: what its seller reads and changes."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from app.container import Container
from domain.inventory.reservations import reserve
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.ids import encode_id
from tests.graphql.execution import execute, refused
from tests.makers import a_buyer, a_checkout, a_seller, on_sale

STOCK = """query ($id: ID!) { seller { stock(variantId: $id) { onHand reserved available
  movements(first: 10) { nodes { kind onHandDelta reservedDelta reason by } totalCount { value } } } } }"""


async def call(container: Container, mutation: str, actor: Actor, **input: Any) -> dict[str, Any]:
    name = f"{mutation[0].upper()}{mutation[1:]}"
    document = f"""mutation ($input: {name}Input!) {{ outcome: {mutation}(input: $input) {{ __typename
      ... on {name}Success {{ stock {{ onHand reserved available }} }}
      ... on StockBelowReserved {{ onHand reserved wanted }}
      ... on UserError {{ code }} }} }}"""
    values = {"idempotencyKey": uuid4().hex, **input}
    # A union that lacks a type cannot be asked for it.
    document = (
        document
        if mutation != "restockVariant"
        else document.replace("... on StockBelowReserved { onHand reserved wanted }", "")
    )
    outcome: dict[str, Any] = (await execute(container, document, {"input": values}, actor=actor))["outcome"]
    return outcome


async def promise(container: Container, buyer: Actor, variant_id: UUID, quantity: int) -> None:
    checkout_id = await a_checkout(container, buyer)

    async def step(tx: Tx) -> None:
        lines = [(variant_id, quantity)]
        assert not await reserve(tx, checkout_id=checkout_id, lines=lines, expires_at=None, actor=buyer.name)

    await container.ports.db.run(step)


async def test_a_seller_changes_stock_and_reads_its_history(container: Container) -> None:
    offered = await on_sale(container, stock=None)
    owner = replace(await a_buyer(container), seller_id=offered.seller_id)
    id_ = encode_id("variant", offered.variant_id)
    before = (await execute(container, STOCK, {"id": id_}, actor=owner))["seller"]["stock"]
    assert before == {
        "onHand": 0,
        "reserved": 0,
        "available": 0,
        "movements": {"nodes": [], "totalCount": {"value": 0}},
    }
    await call(container, "restockVariant", owner, variantId=id_, quantity=10)
    buyer = await a_buyer(container)
    await promise(container, buyer, offered.variant_id, 4)
    below = await call(container, "adjustStock", owner, variantId=id_, delta=-7, reason="broken")
    assert below == {
        "__typename": "StockBelowReserved",
        "code": "STOCK_BELOW_RESERVED",
        "onHand": 10,
        "reserved": 4,
        "wanted": 3,
    }
    counted = await call(container, "setStock", owner, variantId=id_, onHand=6, reason="counted")
    assert counted["stock"] == {"onHand": 6, "reserved": 4, "available": 2}
    after = (await execute(container, STOCK, {"id": id_}, actor=owner))["seller"]["stock"]["movements"]
    who = encode_id("user", owner.user())
    assert after["totalCount"] == {"value": 3}
    assert after["nodes"] == [
        {"kind": "ADJUSTMENT", "onHandDelta": -4, "reservedDelta": 0, "reason": "counted", "by": who},
        {"kind": "RESERVE", "onHandDelta": 0, "reservedDelta": 4, "reason": "", "by": "buyer"},
        {"kind": "RESTOCK", "onHandDelta": 10, "reservedDelta": 0, "reason": "restocked", "by": who},
    ]


async def test_the_same_key_restocks_once(container: Container) -> None:
    offered = await on_sale(container, stock=1)
    owner = replace(await a_buyer(container), seller_id=offered.seller_id)
    id_, key = encode_id("variant", offered.variant_id), uuid4().hex
    for _ in range(2):
        outcome = await call(container, "restockVariant", owner, variantId=id_, quantity=5, idempotencyKey=key)
        assert outcome["stock"]["onHand"] == 6
    outcome = await call(container, "restockVariant", owner, variantId=id_, quantity=6, idempotencyKey=key)
    assert outcome["code"] == "IDEMPOTENCY_CONFLICT"


async def test_stock_is_its_sellers_alone(container: Container) -> None:
    offered = await on_sale(container)
    id_ = encode_id("variant", offered.variant_id)
    stranger = await a_seller(container)
    assert (await execute(container, STOCK, {"id": id_}, actor=stranger))["seller"]["stock"] is None
    assert (await call(container, "restockVariant", stranger, variantId=id_, quantity=5))["code"] == "NOT_FOUND"
    assert await refused(container, STOCK, {"id": id_}, actor=await a_buyer(container)) == "NOT_PERMITTED"


async def test_a_correction_by_nothing_is_refused(container: Container) -> None:
    offered = await on_sale(container)
    owner = replace(await a_buyer(container), seller_id=offered.seller_id)
    id_ = encode_id("variant", offered.variant_id)
    outcome = await call(container, "adjustStock", owner, variantId=id_, delta=0, reason="nothing")
    assert outcome["code"] == "INVALID_INPUT"
