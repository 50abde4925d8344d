"""The schema class and the list of extensions that an edge needs, in the order in which they protect it."""

from collections.abc import Callable
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.types import ExecutionContext

from domain.shared.budgets import CostBudget
from resolvers.extensions.deadline import Deadline
from resolvers.extensions.document_cache import DocumentCache
from resolvers.extensions.hooks import HookRunner
from resolvers.extensions.limits import Limits
from resolvers.extensions.preparation import Preparation, PreparationRules
from resolvers.extensions.scope import FreshScope


class EdgeSchema(strawberry.Schema):
    """A schema whose errors are reported by the edge, once, under the id that the client sees."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing: each mistake in a client's document would be an error with a traceback."""

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> SchemaExtensionsRunner:
        return HookRunner(execution_context, extensions)


def edge_extensions(
    *,
    budget: CostBudget,
    client_key: Callable[[Any], str],
    may_introspect: Callable[[Any], bool],
    limits: Limits | None = None,
) -> list[Callable[[], SchemaExtension]]:
    """Factories for `Schema(extensions=...)`; the application's own extensions go behind them.

    `client_key` and `may_introspect` are asked with the operation's context. The document cache is shared by
    all operations of the schema that these factories are given to.
    """
    limits = limits or Limits()
    rules = PreparationRules(
        limits=limits,
        cache=DocumentCache(entries_max=limits.cached_documents_max, characters_max=limits.cached_characters_max),
        budget=budget,
        client_key=client_key,
        may_introspect=may_introspect,
    )
    return [FreshScope, lambda: Preparation(rules), Deadline]
