"""How an operation came in, for the rules that depend on it.

The edge hands it to the schema as the root value, so it reaches every extension without a global and without
knowing the context's class. An operation executed without an edge (a test, a script) counts as a plain
request with no deadline.
"""

from dataclasses import dataclass
from typing import Literal

from strawberry.types import ExecutionContext

Transport = Literal["http", "sse", "multipart-subscription", "websocket"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """Facts of one operation's request.

    `wants_cost`: the client asked to be told the cost. `shares_context`: other operations run on the same context.
    `deadline_at`: on the event loop's clock, in seconds.
    """

    transport: Transport = "http"
    wants_cost: bool = False
    shares_context: bool = False
    deadline_at: float | None = None


_DIRECT = Arrival()


def arrival_of(execution_context: ExecutionContext) -> Arrival:
    root = execution_context.root_value
    return root if isinstance(root, Arrival) else _DIRECT
