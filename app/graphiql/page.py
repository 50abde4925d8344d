"""The GraphiQL page with a tab for each ready-made operation; for development, where demo accounts are no secret."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.demo.accounts import DEMO_PASSWORD
from app.graphiql.operations import ReadyOperation, ready_operations

HERE: Final = Path(__file__).parent
ACCOUNTS: Final = {"buyer": "buyer1@example.com", "seller": "seller1@example.com", "admin": "admin@example.com"}


@cache
def graphiql_page() -> str:
    """The whole page; its scripts come from a content delivery network, checked by their hashes."""
    page = (HERE / "page.html").read_text()
    journey = (HERE / "journey.js").read_text()
    return page.replace("{{journey}}", journey).replace("{{ready}}", in_script(ready()))


def ready() -> dict[str, Any]:
    """What the page's script is given: tabs, who signs in for them, and what to keep of the answers."""
    operations = ready_operations()
    tabs = [tab(operation) for operation in operations]
    return {
        "tabs": tabs,
        "version": hashlib.sha256(json.dumps(tabs).encode()).hexdigest()[:12],
        "keep": {operation.name: operation.keep for operation in operations if operation.keep},
        "accounts": {viewer: {"email": email, "password": DEMO_PASSWORD} for viewer, email in ACCOUNTS.items()},
    }


def tab(operation: ReadyOperation) -> dict[str, str]:
    """As GraphiQL takes it: texts only. "{buyer}" becomes a token of that viewer when the operation is sent."""
    headers = {} if operation.viewer == "guest" else {"authorization": f"Bearer {{{operation.viewer}}}"}
    return {
        "query": operation.text,
        "variables": json.dumps(operation.variables, indent=2),
        "headers": json.dumps(headers, indent=2),
    }


def in_script(value: object) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(value).replace("<", "\\u003c")
