"""A thousand buyers for a hundred units: exactly a hundred are sold, everybody gets an answer, the books are right."""

import time
from collections import Counter
from typing import Final

import asyncpg
import orjson
from rich.console import Console

from tests.bench.load import measure, request
from tests.bench.scenarios import CHECKOUT, checkout_input
from tests.journeys.books import MOVING, NOTHING_FOUND
from tests.journeys.running import until
from tests.journeys.shoppers import goods_to_buy, set_stock, shoppers

UNITS: Final = 100
CONNECTIONS: Final = 200
SECONDS_MAX: Final = 300.0
RECOVERY_SECONDS_MAX: Final = 90.0

_SOLD: Final = """
SELECT (SELECT count(*) FROM "order" o JOIN order_line l ON l.order_id = o.id
        WHERE l.variant_id = $1 AND o.paid_at IS NOT NULL) AS orders,
       (SELECT on_hand FROM stock_item WHERE variant_id = $1) AS on_hand,
       (SELECT reserved FROM stock_item WHERE variant_id = $1) AS reserved,
       (SELECT coalesce(sum(quantity), 0) FROM reservation WHERE variant_id = $1 AND status = 'committed') AS committed,
       (SELECT sum(m.on_hand_delta) FROM stock_movement m JOIN stock_item i ON i.id = m.stock_item_id
        WHERE i.variant_id = $1) AS moved"""


async def crowd(port: int, url: str, buyers: int, console: Console) -> bool:
    """Whether it came out right. Each buyer has one unit in the cart and asks once; nobody asks again."""
    goods = (await goods_to_buy(url, 1))[0]
    connection = await asyncpg.connect(url)
    try:
        await set_stock(connection, goods.variant_id, UNITS)
        sold_before = await connection.fetchrow(_SOLD, goods.variant_id)
        people = await shoppers(url, [[goods]] * buyers)
        requests = [
            request(
                "/graphql",
                {"query": CHECKOUT, "variables": {"input": checkout_input(each, each.user_id.hex)}},
                token=each.token,
            )
            for each in people
        ]
        measured = await measure(port, iter(requests), connections=CONNECTIONS, seconds=SECONDS_MAX)
        waited = await until_nothing_moves(connection)
        sold = await connection.fetchrow(_SOLD, goods.variant_id)
        faults = [sentence for sentence, query in NOTHING_FOUND.items() if await connection.fetch(f"{query} LIMIT 1")]
    finally:
        await connection.close()
    assert sold is not None
    assert sold_before is not None
    orders = sold["orders"] - sold_before["orders"]
    checks = {
        "every buyer was answered": len(measured.latencies) == buyers,
        "every answer was 200, none 5xx": set(measured.statuses) == {200},
        f"exactly {UNITS} were sold": orders == UNITS,
        "nothing is left or promised": (sold["on_hand"], sold["reserved"]) == (0, 0),
        "the movements say the same": sold["moved"] == 0,
        "the reservations say the same": sold["committed"] - sold_before["committed"] == UNITS,
        **{sentence: sentence not in faults for sentence in NOTHING_FOUND},
    }
    console.print(
        f"\n{buyers} buyers for {UNITS} units over {CONNECTIONS} connections: {measured.seconds:.1f} s,"
        f" {measured.per_second:,.0f} answers/s, p50 {measured.percentile(0.5):,.0f} ms,"
        f" p99 {measured.percentile(0.99):,.0f} ms; {orders} sold, the last of them {waited:.0f} s after its answer",
        highlight=False,
    )
    console.print(f"refusals: {dict(Counter(map(code_of, measured.bad)))}", highlight=False)
    for sentence, holds in checks.items():
        if not holds:
            console.print(f"[red]not so: {sentence}")
    return all(checks.values())


async def until_nothing_moves(connection: asyncpg.Connection) -> float:
    """Seconds until every purchase has come to its end: what was interrupted waits for its lease."""
    began = time.monotonic()

    async def rests() -> bool:
        return bool(await connection.fetchval(MOVING) == 0)

    await until(rests, "every purchase comes to its end", RECOVERY_SECONDS_MAX)
    return time.monotonic() - began


def code_of(body: bytes) -> str:
    """What a refusal says, as short as it comes."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body[:80].decode(errors="replace")
    if answer.get("errors"):
        return str(answer["errors"][0].get("extensions", {}).get("code"))
    return str(next(iter(answer["data"].values())).get("__typename"))
