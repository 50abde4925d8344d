"""Imports over GraphQL: a place for the file, the word to start, how far it is, and the export beside it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.container import Container
from app.exporting import export_routes
from app.files import file_routes
from app.jobs import HANDLERS
from app.schedule import SWEEPS
from domain.imports.events import ImportDue
from domain.imports.model import OPEN_MAX, ListingImport
from domain.media.ports import upload_key
from domain.shared.actor import Actor
from domain.shared.database import Tx
from domain.shared.ids import decode_id, new_id
from domain.users.model import UserSession
from resolvers.transport.occupancy import Occupancy
from tests.domain.imports.files import begin, csv_of, import_of, shop_has
from tests.domain.imports.test_importing import a_path, lamps
from tests.graphql.execution import execute, refused
from tests.makers import a_buyer, a_seller, change

IMPORT = """id status progress rowsCreated rowsUpdated rowsUnchanged rowsFaulty failure { code message } allowedActions
  faults(first: 10) { nodes { line column code message } totalCount { value } }"""
CREATE = f"""mutation ($input: CreateImportInput!) {{ outcome: createImport(input: $input) {{ __typename
  ... on CreateImportSuccess {{ ticket {{ url method headers {{ name value }} }} import {{ {IMPORT} }} }}
  ... on InvalidInput {{ issues {{ path code }} }} ... on UserError {{ code }} }} }}"""
READ = f"query ($id: ID!) {{ seller {{ import(id: $id) {{ {IMPORT} }} }} }}"


@pytest.fixture
async def http(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[*file_routes(lambda: container), *export_routes(lambda: container)])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


async def create(container: Container, seller: Actor, **input: Any) -> Any:
    return (await execute(container, CREATE, {"input": {"format": "CSV", **input}}, actor=seller))["outcome"]


async def call(container: Container, mutation: str, seller: Actor, import_id: str) -> Any:
    name = f"{mutation[0].upper()}{mutation[1:]}"
    document = f"""mutation ($input: ImportInput!) {{ outcome: {mutation}(input: $input) {{ __typename
      ... on {name}Success {{ import {{ {IMPORT} }} }} ... on UserError {{ code }} }} }}"""
    return (await execute(container, document, {"input": {"importId": import_id}}, actor=seller))["outcome"]


async def send(http: httpx.AsyncClient, made: Any, content: str) -> None:
    ticket = made["ticket"]
    headers = {each["name"]: each["value"] for each in ticket["headers"]}
    answer = await http.request(ticket["method"], ticket["url"], headers=headers, content=content.encode())
    assert answer.is_success, answer.text


async def signed_in(container: Container, actor: Actor) -> dict[str, str]:
    """The header of a session of theirs."""
    session_id, now = new_id(), container.ports.clock.now()
    soon = now + timedelta(minutes=1)

    async def step(tx: Tx) -> None:
        times: dict[str, Any] = {"created_at": now, "last_used_at": now, "expires_at": soon}
        await tx.add(UserSession(id=session_id, user_id=actor.user(), seller_id=actor.seller_id, **times))

    await container.ports.db.run(step)
    token = container.ports.tokens.sign(replace(actor, session_id=session_id), soon)
    return {"authorization": f"Bearer {token}"}


async def work(container: Container, import_id: str) -> None:
    """What a worker does with the job."""
    [handler] = [each for each in HANDLERS if each.event is ImportDue]
    event = ImportDue(at=container.ports.clock.now(), import_id=decode_id("import", import_id))
    await handler.handle(event, container)


async def test_a_file_is_uploaded_started_taken_and_exported(container: Container, http: httpx.AsyncClient) -> None:
    seller, path = await a_seller(container), await a_path(container)
    made = await create(container, seller, fileName="lamps.csv", options={"ignored": ["Note"]})
    import_id = made["import"]["id"]
    assert (made["import"]["status"], made["import"]["allowedActions"]) == ("CREATED", ["START", "CANCEL"])
    assert (await call(container, "startImport", seller, import_id))["code"] == "UPLOAD_NOT_ARRIVED"
    await send(http, made, lamps(path) + f",L3,,{path},,,1,\n")
    for _ in range(2):
        started = await call(container, "startImport", seller, import_id)
        assert started["import"]["status"] == "QUEUED"
    await work(container, import_id)
    shown = (await execute(container, READ, {"id": import_id}, actor=seller))["seller"]["import"]
    assert shown | {"faults": None} == {
        "id": import_id,
        "status": "COMPLETED",
        "progress": 1.0,
        "rowsCreated": 3,
        "rowsUpdated": 0,
        "rowsUnchanged": 0,
        "rowsFaulty": 1,
        "failure": None,
        "allowedActions": [],
        "faults": None,
    }
    assert shown["faults"] == {
        "nodes": [{"line": 5, "column": "title", "code": "REQUIRED", "message": "A new listing needs a title."}],
        "totalCount": {"value": 1},
    }
    exported = await http.get("/exports/listings.csv", headers=await signed_in(container, seller))
    assert exported.headers["content-disposition"] == 'attachment; filename="listings.csv"'
    assert len(exported.text.splitlines()) == 4


async def test_an_export_is_for_members_of_the_shop(container: Container, http: httpx.AsyncClient) -> None:
    buyer, former = await signed_in(container, await a_buyer(container)), await a_seller(container)
    stranger = replace(await a_buyer(container), seller_id=former.seller())
    answers = [
        await http.get("/exports/listings.csv"),
        await http.get("/exports/listings.csv", headers={"authorization": "Bearer nonsense"}),
        await http.get("/exports/listings.jsonl", headers=buyer),
        await http.get("/exports/listings.jsonl", headers=await signed_in(container, stranger)),
        await http.get("/exports/listings.xml", headers=buyer),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 403, 401, 404]


async def test_one_shop_exports_twice_at_once_and_no_more(container: Container) -> None:
    running, seller, other = Occupancy("exports", 2), await a_seller(container), await a_seller(container)
    app = Starlette(routes=export_routes(lambda: container, running))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:

        async def asked(actor: Actor) -> int:
            answer = await client.get("/exports/listings.csv", headers=await signed_in(container, actor))
            return answer.status_code

        with running.one(str(seller.seller())), running.one(str(seller.seller())):
            assert (await asked(seller), await asked(other)) == (429, 200)
        assert await asked(seller) == 200
    assert running.clients == 0, "an export that is over counts no more"


async def test_an_import_is_its_shops_alone(container: Container) -> None:
    seller, stranger = await a_seller(container), await a_seller(container)
    import_id = (await create(container, seller))["import"]["id"]
    assert (await execute(container, READ, {"id": import_id}, actor=stranger))["seller"]["import"] is None
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await execute(container, node, {"id": import_id}, actor=stranger))["node"] is None
    assert (await execute(container, node, {"id": import_id}, actor=seller))["node"] == {"id": import_id}
    for mutation in ("startImport", "cancelImport"):
        assert (await call(container, mutation, stranger, import_id))["code"] == "NOT_FOUND"
    assert await refused(container, READ, {"id": import_id}, actor=await a_buyer(container)) == "NOT_PERMITTED"


async def test_a_cancelled_import_takes_no_further_row(container: Container) -> None:
    seller, path = await a_seller(container), await a_path(container)
    import_id = await begin(container, seller, lamps(path).encode())
    public = (await execute(container, "{ seller { imports { nodes { id } } } }", actor=seller))["seller"]["imports"]
    [node] = public["nodes"]
    assert (await call(container, "cancelImport", seller, node["id"]))["import"]["status"] == "CANCELLED"
    await work(container, node["id"])
    assert await shop_has(container, seller) == {}
    view = await import_of(container, import_id)
    assert (view.rows_created, view.rows_updated, view.rows_unchanged) == (0, 0, 0)
    assert (await call(container, "cancelImport", seller, node["id"]))["code"] == "ILLEGAL_TRANSITION"


async def test_options_that_name_no_column_are_refused_at_once(container: Container) -> None:
    seller = await a_seller(container)
    outcome = await create(container, seller, options={"renames": [{"column": "colour", "source": "Colour"}]})
    assert outcome["issues"] == [{"path": ["input", "options"], "code": "UNKNOWN_COLUMN"}]


async def test_a_shop_has_a_few_imports_open_at_once(container: Container) -> None:
    seller = await a_seller(container)
    made = [await create(container, seller) for _ in range(OPEN_MAX + 1)]
    assert [each["__typename"] for each in made] == ["CreateImportSuccess"] * OPEN_MAX + ["TooManyImports"]
    await call(container, "cancelImport", seller, made[0]["import"]["id"])
    assert (await create(container, seller))["__typename"] == "CreateImportSuccess"


async def test_files_of_ended_imports_and_unused_places_go_away(container: Container, http: httpx.AsyncClient) -> None:
    seller = await a_seller(container)
    [sweep] = [each for each in SWEEPS if each.name == "files of ended imports"]
    ended, unused, open_ = [await create(container, seller) for _ in range(3)]
    ids = [decode_id("import", each["import"]["id"]) for each in (ended, unused, open_)]
    for each in (ended, open_):
        await send(http, each, csv_of("sku", "1"))
    await call(container, "cancelImport", seller, ended["import"]["id"])
    old = container.ports.clock.now() - timedelta(days=2)
    await change(container, ListingImport, ids[1], created_at=old)
    await sweep.run(container)
    storage = container.ports.storage
    assert await storage.head(upload_key("import", ids[0])) is None
    assert await storage.head(upload_key("import", ids[2])) is not None
    assert [(await import_of(container, id_)).status for id_ in ids] == ["cancelled", "cancelled", "created"]
