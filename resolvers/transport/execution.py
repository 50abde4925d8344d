"""Running operation requests against the schema: once for an answer, or as a stream of them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any, Final

from graphql import GraphQLError
from strawberry.schema import BaseSchema
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from resolvers.extensions.arrival import Arrival
from resolvers.extensions.refusals import (
    METHOD_NOT_ALLOWED,
    OPERATION_RESOLUTION_FAILED,
    SUBSCRIPTION_NOT_STREAMED,
    refused,
)
from resolvers.transport.bodies import OperationRequest
from resolvers.transport.persisted import PersistedDocuments
from resolvers.transport.refusals import TokenRejected

READING: Final = frozenset({OperationType.QUERY})
ANSWERED: Final = READING | {OperationType.MUTATION}
WATCHING: Final = frozenset({OperationType.SUBSCRIPTION})
ANY: Final = ANSWERED | WATCHING


class Execution:
    """Finds the text, executes it, and stores a new persisted text once it has proved valid."""

    def __init__(
        self,
        schema: BaseSchema,
        documents: PersistedDocuments[Any],
        is_current: Callable[[Any], Awaitable[bool]],
        current_seconds: float,
    ) -> None:
        self._schema = schema
        self._documents = documents
        self._is_current = is_current
        self._current_seconds = current_seconds

    async def answer(
        self, request: OperationRequest, context: Any, arrival: Arrival, allowed: Iterable[OperationType]
    ) -> ExecutionResult:
        """One query or mutation. What keeps it from running is an answer too, never an exception of this
        method.
        """
        try:
            resolved = await self._documents.resolve(request, context)
            result = await self._schema.execute(
                resolved.text,
                variable_values=request.variables,
                context_value=context,
                root_value=arrival,
                operation_name=request.operation_name,
                allowed_operation_types=allowed,
                operation_extensions=request.extensions,
            )
        except GraphQLError as refusal:
            return PreExecutionError(data=None, errors=[refusal])
        except (CannotGetOperationTypeError, InvalidOperationTypeError) as fault:
            return PreExecutionError(data=None, errors=[_not_runnable(fault)])
        # `@defer` and `@stream` were taken out of the document, so there are no pieces.
        assert isinstance(result, ExecutionResult)
        if resolved.registers is not None and not isinstance(result, PreExecutionError):
            await self._documents.register(resolved.registers, resolved.text)
        return result

    async def stream(
        self,
        request: OperationRequest,
        context: Any,
        arrival: Arrival,
        allowed: Iterable[OperationType] = ANY,
    ) -> AsyncGenerator[Any, None]:
        """Any operation as a stream: the events of a subscription, or the one result of another one.

        Raises `TokenRejected` once the context is no longer current.
        """
        await self._check_current(context)
        now = asyncio.get_running_loop().time
        checked_at = now()
        try:
            resolved = await self._documents.resolve(request, context)
        except GraphQLError as refusal:
            yield PreExecutionError(data=None, errors=[refusal])
            return
        results = await self._schema.stream(
            resolved.text,
            variable_values=request.variables,
            context_value=context,
            root_value=arrival,
            operation_name=request.operation_name,
            operation_extensions=request.extensions,
            allowed_operation_types=allowed,
        )
        registers = resolved.registers
        async with aclosing(results):
            try:
                async for result in results:
                    if registers is not None and not isinstance(result, PreExecutionError):
                        await self._documents.register(registers, resolved.text)
                        registers = None
                    if getattr(result, "errors", None) or now() - checked_at >= self._current_seconds:
                        await self._check_current(context)
                        checked_at = now()
                    yield _with_our_codes(result)
            except GraphQLError as refusal:  # raised by an extension before anything ran
                yield PreExecutionError(data=None, errors=[refusal])

    async def _check_current(self, context: Any) -> None:
        if not await self._is_current(context):
            raise TokenRejected("This session is over or was changed; refresh it or sign in again.")


def _not_runnable(fault: CannotGetOperationTypeError | InvalidOperationTypeError) -> GraphQLError:
    if isinstance(fault, CannotGetOperationTypeError):
        return refused(OPERATION_RESOLUTION_FAILED, fault.as_http_error_reason())
    if fault.operation_type is OperationType.SUBSCRIPTION:
        return refused(
            SUBSCRIPTION_NOT_STREAMED,
            "A subscription needs a stream: ask with Accept: text/event-stream, or open a WebSocket.",
        )
    return refused(METHOD_NOT_ALLOWED, f"A {fault.operation_type.value} is not allowed here.")


def _with_our_codes(result: Any) -> Any:
    """Strawberry's stream turns the two exceptions above into errors of its own."""
    if isinstance(result, PreExecutionError):
        result.errors = [
            _not_runnable(error.original_error)
            if isinstance(error.original_error, CannotGetOperationTypeError | InvalidOperationTypeError)
            else error
            for error in result.errors or []
        ]
    return result
