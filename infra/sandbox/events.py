"""Events: a snapshot of an object at each change, listed under /v1/events and queued for the webhook."""

from infra.sandbox.calls import Call, page
from infra.sandbox.errors import Body
from infra.sandbox.store import PLATFORM, Tx, new_id

API_VERSION = "2026-10-28.endive"


def emit(tx: Tx, kind: str, subject: Body, account: str = PLATFORM, previous: Body | None = None) -> None:
    """Record what just happened to `subject`; it is delivered only if this transaction commits."""
    wanted = not tx.subscribed.isdisjoint({kind, "*"})
    data: Body = {"object": visible(subject)}
    if previous is not None:
        data["previous_attributes"] = previous
    event: Body = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": tx.now,
        "data": data,
        "livemode": False,
        "pending_webhooks": int(wanted),
        "request": {"id": tx.origin.request_id, "idempotency_key": tx.origin.idempotency_key},
        "type": kind,
    }
    if account != PLATFORM:
        event["account"] = account
    tx.insert(event, account)
    if wanted:
        queue(tx, event["id"])


def queue(tx: Tx, event_id: str) -> None:
    due_at = tx.wall + tx.switches.webhooks.delay_seconds
    tx.connection.execute("INSERT INTO delivery (event, due_at) VALUES (?, ?)", (event_id, due_at))


def visible(body: Body) -> Body:
    """Without the sandbox's own notes, whose names start with an underscore."""
    return {name: value for name, value in body.items() if not name.startswith("_")}


def retrieve(call: Call) -> Body:
    call.form.end()
    return call.tx.load("event", call.path["id"], call.account, param="id")


def listing(call: Call) -> Body:
    return page(call, "event", ("type",))
