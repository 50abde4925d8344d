"""GraphiQL's tabs: each operation is valid, and sent in their order they are one whole purchase."""

import json
import re
import shutil
import subprocess
from itertools import accumulate
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from graphql import parse, validate

from app.graphiql.operations import DIRECTORY, VIEWERS, ReadyOperation, parsed, ready_operations
from app.graphiql.page import ACCOUNTS, HERE, graphiql_page, ready
from tests.graphql.edge.demo_market import DemoClient, demo_market
from tests.graphql.execution import SCHEMA
from tests.servers import Urls

NODE = shutil.which("node")
JOURNEY = HERE / "journey.js"
CHECKS = Path(__file__).parent / "graphiql_journey.mjs"


@pytest.mark.parametrize("operation", ready_operations(), ids=lambda operation: operation.name)
def test_every_operation_is_valid(operation: ReadyOperation) -> None:
    assert validate(SCHEMA._schema, parse(operation.text)) == []
    assert operation.text.startswith(f"# {operation.title}\n")
    assert re.match(r"\d+ \w", operation.title)


def test_names_are_not_given_twice_and_files_stand_in_order() -> None:
    operations = ready_operations()
    assert len({operation.name for operation in operations}) == len(operations) == len(list(DIRECTORY.iterdir()))
    assert [int(operation.title.split()[0]) for operation in operations] == list(range(1, len(operations) + 1))


@pytest.mark.parametrize("text", ["# 1 A\n# as: nobody\nquery A { __typename }", "# 1 A\n# as: buyer\n{ __typename }"])
def test_a_file_without_a_viewer_or_a_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1 A"):
        parsed(text)


def test_the_page_holds_a_tab_for_each_operation_and_nothing_ends_its_script() -> None:
    page = graphiql_page()
    found = re.search(r'<script type="application/json" id="ready">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert data == ready()
    assert [tab["query"] for tab in data["tabs"]] == [operation.text for operation in ready_operations()]
    assert all(isinstance(text, str) for tab in data["tabs"] for text in tab.values())
    assert json.loads(data["tabs"][4]["headers"]) == {"authorization": "Bearer {buyer}"}
    assert "{{" not in page
    assert all('integrity="sha384-' in script for script in re.findall(r"<script\s[^>]*src=[^>]*>", page))


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_the_pages_script_fills_in_keeps_and_signs_in() -> None:
    assert NODE is not None
    ran = subprocess.run([NODE, CHECKS, JOURNEY], capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "all is well"


def walked(value: Any, path: str) -> Any:
    """What the page's `pick` finds, in Python."""
    while path and value is not None:
        name = re.match(r"\w+", path)
        assert name is not None
        value = value[int(name[0])] if isinstance(value, list) else value.get(name[0])
        path = path[name.end() :]
        if path.startswith("["):
            place = closing(path)
            condition, path = path[1:place], path[place + 1 :]
            value = next((each for each in value if holds(each, condition)), None)
        path = path.removeprefix(".")
    return value


def closing(path: str) -> int:
    """Where the bracket that opens the path closes."""
    depths = accumulate((sign == "[") - (sign == "]") for sign in path)
    return next(place for place, depth in enumerate(depths) if depth == 0)


def holds(value: Any, condition: str) -> bool:
    plain = re.fullmatch(r"([\w.]+)=(\w+)", condition)
    return str(walked(value, plain[1])) == plain[2] if plain else walked(value, condition) is not None


def filled(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, known) for each in value]
    if isinstance(value, str) and (found := re.fullmatch(r"\{(\w+)\}", value)):
        return uuid4().hex if found[1] == "new" else known[found[1]]
    return value.replace("{new}", uuid4().hex) if isinstance(value, str) else value


async def test_the_tabs_in_their_order_are_one_whole_purchase(urls: Urls, redis_url: str, tmp_path: Path) -> None:
    known: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    async with demo_market(urls, redis_url, tmp_path) as market, httpx.AsyncClient(timeout=30) as http:
        clients = {viewer: DemoClient(http, market.address) for viewer in VIEWERS}
        for viewer in ACCOUNTS:
            await clients[viewer].sign_in(viewer)
        for operation in ready_operations():
            if operation.viewer == "colleague":
                clients["colleague"].headers = {"authorization": f"Bearer {known['colleague']}"}
                known["tokenOfTheMail"] = market.mailed_token(known["invitationId"])
            variables, client = filled(operation.variables, known), clients[operation.viewer]
            ask = client.first_event if "\nsubscription " in operation.text else client.ask
            data = answers[operation.name] = await ask(operation.text, variables, operation.name)
            for name, path in operation.keep.items():
                known[name] = walked(data, path)
                assert known[name] is not None, (operation.title, name, data)
    failures = {
        name: result["code"]
        for name, data in answers.items()
        for result in data.values()
        if isinstance(result, dict) and "code" in result
    }
    assert failures == {"RefusedInput": "INVALID_INPUT"}
    sent_or_fetched = answers["SentOrFetched"].values()
    ways = [each["cart"]["groups"][0]["fulfilment"] for each in sent_or_fetched]
    assert ways == ["PICKUP", "SHIP"]
    (picture,) = answers["ReviewListing"]["reviewListing"]["review"]["imageUploads"]
    assert picture == {"id": known["uploadId"], "status": "PROCESSING"}
    assert answers["AcceptInvitation"]["acceptInvitation"]["shop"]["id"] == known["shopId"]
    assert answers["WatchOrder"]["orderUpdated"]["kind"] == "PLACED"
    assert answers["ConfirmDelivery"]["confirmDelivery"]["order"]["status"] == "COMPLETED"
    assert answers["ConfirmDelivery"]["confirmDelivery"]["order"]["escrow"] == "RELEASED"
    assert answers["ReplyToReview"]["replyToReview"]["review"]["reply"]["text"]
    assert answers["Search"]["search"]["nodes"]
    assert answers["Earnings"]["seller"]["balance"]
