"""The end of an operation's patience: what has not been resolved by then is given up and said so.

Work that must not stop half-way (a saga's step) runs in a task of the process; this ends only the wait for
it. Of a subscription it bounds the start, not the events.
"""

import asyncio
from collections.abc import AsyncIterator

from strawberry.extensions import SchemaExtension

from resolvers.extensions.arrival import arrival_of
from resolvers.extensions.refusals import DEADLINE_EXCEEDED, refused


class Deadline(SchemaExtension):
    async def on_execute(self) -> AsyncIterator[None]:
        at = arrival_of(self.execution_context).deadline_at
        limit = asyncio.timeout_at(at)
        try:
            async with limit:
                yield
        except TimeoutError as fault:
            if not limit.expired():
                raise
            raise refused(DEADLINE_EXCEEDED, "The operation took too long and was given up.") from fault
