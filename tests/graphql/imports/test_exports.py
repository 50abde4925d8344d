"""Exports over GraphQL: asked for, written by a job, fetched from an address that ends, taken away after a day."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.container import Container
from app.files import file_routes
from app.jobs import HANDLERS
from domain.imports.events import ExportRequested
from domain.imports.export_files import DOWNLOAD_SECONDS, KEPT, KEPT_MAX, WRITING_MAX, tidy_exports
from domain.shared.actor import Actor
from domain.shared.ids import decode_id
from tests.conftest import FakeClock
from tests.graphql.execution import execute
from tests.makers import a_seller, on_sale

EXPORT = "id status format downloadUrl createdAt completedAt expiresAt"
CREATE = f"""mutation ($format: ImportFormat!) {{ outcome: createExport(input: {{format: $format}}) {{ __typename
  ... on CreateExportSuccess {{ export {{ {EXPORT} }} }} ... on UserError {{ code }} }} }}"""
READ = f"query ($id: ID!) {{ seller {{ export(id: $id) {{ {EXPORT} }} exports {{ id status }} }} }}"


@pytest.fixture
async def http(fresh_container: Container) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=file_routes(lambda: fresh_container))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000") as client:
        yield client


async def create(container: Container, seller: Actor, form: str = "CSV") -> Any:
    return (await execute(container, CREATE, {"format": form}, actor=seller))["outcome"]["export"]


async def shown(container: Container, seller: Actor, export_id: str) -> Any:
    return (await execute(container, READ, {"id": export_id}, actor=seller))["seller"]["export"]


async def work(container: Container, export_id: str) -> None:
    """What a worker does with the job."""
    [handler] = [each for each in HANDLERS if each.event is ExportRequested]
    event = ExportRequested(at=container.ports.clock.now(), export_id=decode_id("export", export_id))
    await handler.handle(event, container)


async def tidy(container: Container) -> int:
    return await tidy_exports(db=container.ports.db, storage=container.ports.storage)


async def test_the_file_is_fetched_from_an_address_that_needs_no_token_and_ends(
    fresh_container: Container, http: httpx.AsyncClient, clock: FakeClock
) -> None:
    seller = await a_seller(fresh_container)
    await on_sale(fresh_container, seller.seller(), title="Brass lamp")
    made = await create(fresh_container, seller)
    assert (made["status"], made["downloadUrl"]) == ("QUEUED", None)
    assert (await create(fresh_container, seller))["id"] == made["id"], "one that waits is enough"
    for _ in range(2):
        await work(fresh_container, made["id"])
    export = await shown(fresh_container, seller, made["id"])
    assert export["status"] == "COMPLETED"
    answer = await http.get(export["downloadUrl"])
    assert answer.status_code == 200
    assert "Brass lamp" in answer.text
    assert "listings.csv" in answer.headers["content-disposition"]
    clock.advance(seconds=2 * DOWNLOAD_SECONDS)
    assert (await http.get(export["downloadUrl"])).status_code == 403
    again = await shown(fresh_container, seller, made["id"])
    assert (await http.get(again["downloadUrl"])).status_code == 200


async def test_exports_of_others_are_not_there(fresh_container: Container) -> None:
    seller, other = await a_seller(fresh_container), await a_seller(fresh_container)
    made = await create(fresh_container, seller)
    assert await shown(fresh_container, other, made["id"]) is None
    document = "query ($id: ID!) { node(id: $id) { id } }"
    for actor, found in ((seller, {"id": made["id"]}), (other, None)):
        assert (await execute(fresh_container, document, {"id": made["id"]}, actor=actor))["node"] == found


async def test_after_a_day_the_file_is_taken_away(
    fresh_container: Container, http: httpx.AsyncClient, clock: FakeClock
) -> None:
    seller = await a_seller(fresh_container)
    made = await create(fresh_container, seller, "JSONL")
    await work(fresh_container, made["id"])
    assert await tidy(fresh_container) == 0
    clock.advance(seconds=KEPT.total_seconds() + 1)
    assert (await shown(fresh_container, seller, made["id"]))["downloadUrl"] is None
    assert (await tidy(fresh_container), await tidy(fresh_container)) == (1, 0)
    assert (await shown(fresh_container, seller, made["id"]))["status"] == "EXPIRED"
    assert await fresh_container.ports.storage.head(f"exports/{decode_id('export', made['id']).hex}.jsonl") is None


async def test_what_nobody_wrote_is_given_up_and_a_late_writer_leaves_nothing(
    fresh_container: Container, clock: FakeClock
) -> None:
    seller = await a_seller(fresh_container)
    made = await create(fresh_container, seller)
    clock.advance(seconds=WRITING_MAX.total_seconds() + 1)
    assert await tidy(fresh_container) == 1
    await work(fresh_container, made["id"])
    assert (await shown(fresh_container, seller, made["id"]))["status"] == "FAILED"
    assert await fresh_container.ports.storage.head(f"exports/{decode_id('export', made['id']).hex}.csv") is None
    assert (await create(fresh_container, seller))["id"] != made["id"]


async def test_the_oldest_of_many_makes_room(fresh_container: Container, clock: FakeClock) -> None:
    seller, made = await a_seller(fresh_container), []
    for _ in range(KEPT_MAX + 1):
        made.append((await create(fresh_container, seller))["id"])
        await work(fresh_container, made[-1])
    clock.advance(seconds=1)
    assert await tidy(fresh_container) == 1
    assert (await shown(fresh_container, seller, made[0]))["status"] == "EXPIRED"
    listed = (await execute(fresh_container, READ, {"id": made[0]}, actor=seller))["seller"]["exports"]
    assert [each["id"] for each in listed] == made[:0:-1]
