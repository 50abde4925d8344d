"""A seller's file over HTTP: uploaded, taken by a worker that is killed meanwhile and started again, exported."""

import asyncio
import json
from typing import Any

import pytest

from tests.journeys.market import Market, Person
from tests.journeys.running import until

pytestmark = pytest.mark.timeout(240)

ROWS = 2_000
READ = """query ($id: ID!) { seller { import(id: $id) {
  status rowsCreated rowsFaulty faults { nodes { line code } } } } }"""

CATEGORY = "query ($id: ID!) { node(id: $id) { ... on Category { path } } }"


async def test_a_file_is_taken_by_workers_whatever_happens_to_them(market: Market) -> None:
    shop = await market.shop()
    category_id = await market.category()
    category = (await market.guest().ask(CATEGORY, id=category_id))["node"]["path"]
    lines = [
        json.dumps({"sku": f"S{number}", "title": f"Lamp {number}", "category": category, "price": 9.5})
        for number in range(ROWS)
    ]
    lines[100] = "{"
    import_id = await uploaded(market, shop.owner, "\n".join(lines))
    await shop.owner.did("startImport", "import { status }", importId=import_id)

    async def some() -> Any:
        found = await shown(shop.owner, import_id)
        return found if found["rowsCreated"] else None

    assert (await until(some, "the first rows are taken", seconds=60))["status"] == "RUNNING"
    await asyncio.to_thread(market.product.workers[0].kill)
    market.product.workers[0].start()

    async def all_() -> Any:
        found = await shown(shop.owner, import_id)
        return found if found["status"] == "COMPLETED" else None

    done = await until(all_, "the file is taken", seconds=90)
    assert done | {"status": ""} == {
        "status": "",
        "rowsCreated": ROWS - 1,
        "rowsFaulty": 1,
        "faults": {"nodes": [{"line": 101, "code": "NOT_JSON"}]},
    }
    answer = await market.http.get(
        f"{shop.owner.url}/exports/listings.jsonl", headers={"authorization": f"Bearer {shop.owner.token}"}
    )
    exported = [json.loads(line)["sku"] for line in answer.text.splitlines()]
    assert exported == [f"S{number}" for number in range(ROWS) if number != 100]


async def uploaded(market: Market, owner: Person, content: str) -> str:
    """The id of an import whose file is in its place."""
    selection = "import { id } ticket { url method headers { name value } }"
    made = await owner.did("createImport", selection, format="JSONL", fileName="lamps.jsonl", options={"submit": True})
    ticket = made["ticket"]
    headers = {each["name"]: each["value"] for each in ticket["headers"]}
    sent = await market.http.request(ticket["method"], ticket["url"], headers=headers, content=content.encode())
    assert sent.is_success, sent.text
    return str(made["import"]["id"])


async def shown(owner: Person, import_id: str) -> Any:
    return (await owner.ask(READ, id=import_id))["seller"]["import"]
