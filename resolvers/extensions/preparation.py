"""From an operation's text to a document that may be executed: parse, bound, validate, price, charge.

The order is the protection: the text's length is checked before it is parsed, the document is measured (in
linear time) before validation walks it, and it is charged before the first resolver runs. What depends on the
text alone is done once per text and cached; what depends on variables or on the viewer is done every time.
"""

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext
from strawberry.types.execution import ParseOptions

from domain.shared.budgets import CostBudget, RateLimited
from resolvers.extensions.arrival import arrival_of
from resolvers.extensions.costs import PriceList
from resolvers.extensions.document_cache import DocumentCache, Prepared
from resolvers.extensions.incremental import without_increments
from resolvers.extensions.limits import Limits
from resolvers.extensions.measures import excess
from resolvers.extensions.refusals import (
    COST_EXCEEDED,
    INTROSPECTION_DISABLED,
    OPERATION_RESOLUTION_FAILED,
    RATE_LIMITED,
    refused,
)
from resolvers.extensions.validation import faults_of

# A text that is not known yet costs a tenth of its length, beside what its operation costs.
CHARACTERS_PER_COST: Final = 10


@dataclass(slots=True)
class PreparationRules:
    """What all operations share: limits, cache, budget, and what to ask about a context.

    `client_key` names whose budget an operation is charged to; `may_introspect` says who may read the schema.
    """

    limits: Limits
    cache: DocumentCache
    budget: CostBudget
    client_key: Callable[[Any], str]
    may_introspect: Callable[[Any], bool]
    price_list: PriceList | None = None

    def prices(self, schema: GraphQLSchema) -> PriceList:
        if self.price_list is None or self.price_list.schema is not schema:
            self.price_list = PriceList(schema, self.limits)
        return self.price_list


class Preparation(SchemaExtension):
    """Answers every operation that may not run with errors, before anything of it has run."""

    def __init__(self, rules: PreparationRules) -> None:
        super().__init__()
        self._rules = rules
        self._prepared: Prepared | None = None
        self._cost: dict[str, int] = {}

    async def on_parse(self) -> AsyncIterator[None]:
        context = self.execution_context
        text = context.query or ""
        self._prepared = self._rules.cache.get(text)
        if self._prepared is not None:
            context.graphql_document = self._prepared.document
        else:
            # The work of parsing and validating is paid before it is done, whatever comes of it.
            await self._charge(max(1, len(text) // CHARACTERS_PER_COST))
            context.parse_options = _parse_options(self._rules.limits)
        yield
        if context.graphql_document is None:
            return  # a syntax error; it is already in the answer
        if self._prepared is None:
            context.graphql_document = without_increments(context.graphql_document, text)
        if _is_ambiguous(context):
            context.pre_execution_errors = [
                refused(
                    OPERATION_RESOLUTION_FAILED,
                    "The document has several operations: name one as operationName.",
                )
            ]

    async def on_validate(self) -> AsyncIterator[None]:
        context = self.execution_context
        if not context.pre_execution_errors:
            # Strawberry validates on its own unless this is a list.
            context.pre_execution_errors = self._faults_of_document()
        if not context.pre_execution_errors:
            try:
                await self._admit()
            except GraphQLError as refusal:
                context.pre_execution_errors = [refusal]
        yield

    def get_results(self) -> dict[str, Any]:
        return {"cost": self._cost} if self._cost else {}

    def _faults_of_document(self) -> list[GraphQLError]:
        """What is wrong with the text, whoever sends it. A sound document is cached."""
        if self._prepared is not None:
            return []
        context, rules = self.execution_context, self._rules
        document = context.graphql_document
        assert document is not None
        measures, refusal = excess(document, rules.limits)
        if refusal is not None:
            return [refusal]
        errors = faults_of(document, _core(context), context.validation_rules)
        if not errors:
            self._prepared = Prepared(document, measures)
            rules.cache.put(context.query or "", self._prepared)
        return errors

    async def _admit(self) -> None:
        """Raises GraphQLError for what this client may not do with a sound document and these variables."""
        context, rules, prepared = self.execution_context, self._rules, self._prepared
        assert prepared is not None
        if prepared.measures.introspects and not rules.may_introspect(context.context):
            raise refused(INTROSPECTION_DISABLED, "The schema is not open to introspection here.")
        cost = rules.prices(_core(context)).cost(
            prepared.document, context.operation_name, context.variables or {}, prepared.prices
        )
        maximum = rules.limits.cost_max
        if cost > maximum:
            message = f"The operation costs more than {maximum}."
            raise refused(COST_EXCEEDED, message, cost=min(cost, 2**53), maximum=maximum)
        remaining = await self._charge(cost)
        if arrival_of(context).wants_cost:
            self._cost = {"requested": cost, "maximum": maximum, "remaining": remaining}

    async def _charge(self, cost: int) -> int:
        """Raises GraphQLError when the client's budget does not cover it."""
        rules = self._rules
        try:
            return await rules.budget.spend(rules.client_key(self.execution_context.context), cost)
        except RateLimited as limited:
            seconds = max(1, math.ceil(limited.retry_after_seconds))
            message = f"Too much at once: try again in {seconds} s."
            raise refused(RATE_LIMITED, message, retryAfterSeconds=seconds) from limited


def _parse_options(limits: Limits) -> ParseOptions:
    options: dict[str, int] = {
        "max_tokens": limits.tokens_max,
        "max_comments": limits.comments_max,
        "max_source_length": limits.source_length_max,
    }
    return cast("ParseOptions", options)  # Strawberry declares only one of the parser's options


def _core(context: ExecutionContext) -> GraphQLSchema:
    return context.schema._schema  # noqa: SLF001  # Strawberry has no public name for graphql-core's schema


def _is_ambiguous(context: ExecutionContext) -> bool:
    # The public `operation_name` falls back to the first operation, which is the very thing to be refused.
    if context._provided_operation_name is not None:  # noqa: SLF001
        return False
    document = context.graphql_document
    assert document is not None
    return sum(isinstance(each, OperationDefinitionNode) for each in document.definitions) > 1
