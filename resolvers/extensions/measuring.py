"""Counts and times operations by name.

Invariant: only an operation that got as far as running gives its name to a series; otherwise senders of nonsense could
use the names up.
"""

import time
from collections.abc import Callable, Iterator

from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from domain.shared.measures import Measures


class Measuring(SchemaExtension):
    """Goes first in the list, so that its time is the whole operation's. A subscription is counted when it ends."""

    def __init__(self, measures: Measures) -> None:
        super().__init__()
        self._measures = measures

    def on_operation(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        context = self.execution_context
        if context.graphql_document is None or context.pre_execution_errors:
            self._measures.operation("", "refused", seconds)
            return
        name = context.operation_name or ""
        if context.operation_type is OperationType.SUBSCRIPTION:
            self._measures.subscription(name)
            return
        errors = getattr(context.result, "errors", None)
        self._measures.operation(name, "failed" if errors else "ok", seconds)


def measuring(measures: Measures) -> Callable[[], SchemaExtension]:
    """A factory for `Schema(extensions=...)`."""
    return lambda: Measuring(measures)
