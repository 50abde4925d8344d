"""A scope of its own for every operation and every event, also where many of them share one connection.

Loaders remember what they loaded. Without this, a socket that stays open for a day would answer from the rows
of its first minute, and would show one operation what another one loaded.

It also says where the scope reads. A query may be answered by a replica, which lags; whoever has just written, or is
told of an event, has to see it in all that is answered, down to the last field.
"""

from collections.abc import Iterator
from typing import Protocol, Self, runtime_checkable

from strawberry.extensions import SchemaExtension
from strawberry.types.execution import StreamExecutionResult
from strawberry.types.graphql import OperationType

from resolvers.extensions.arrival import arrival_of


@runtime_checkable
class Forkable(Protocol):
    def fork(self, *, on_primary: bool) -> Self:
        """The same viewer and ports with loaders that have loaded nothing yet; every read on the primary, or not."""
        ...


@runtime_checkable
class Refreshable(Protocol):
    def refresh(self) -> None:
        """Forget what the loaders have loaded."""
        ...


class FreshScope(SchemaExtension):
    def on_execute(self) -> Iterator[None]:
        context = self.execution_context
        on_primary = context.operation_type is not OperationType.QUERY
        if (on_primary or arrival_of(context).shares_context) and isinstance(context.context, Forkable):
            context.context = context.context.fork(on_primary=on_primary)
        yield

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        yield  # the result is on its way; the next event is resolved only after this
        if isinstance(self.execution_context.context, Refreshable):
            self.execution_context.context.refresh()
