"""What a client is told about errors: expected ones with a code, unexpected ones as an id that is in the log.

No text of an unexpected exception reaches a client: it may hold a statement, a path or a connection string.
"""

import uuid
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from graphql import GraphQLError, GraphQLSyntaxError

from resolvers.extensions.refusals import BAD_USER_INPUT, INTERNAL_ERROR, PARSE_FAILED, refused

# A page of a hundred broken items is one fault a hundred times.
REPORTED_PER_ANSWER_MAX: Final = 10


class Report(Protocol):
    def __call__(self, fault_id: str, error: BaseException) -> None:
        """Log a fault under the id that the client was given."""
        ...


Translate = Callable[[Exception], GraphQLError | None]


def untranslated(_: Exception) -> GraphQLError | None:
    return None


class FaultMask:
    """Makes errors fit to be sent. All faults of one answer share an id.

    `translate` turns exceptions that are known but not part of any union (the database is busy) into an error
    with a code of its own, which is then neither masked nor reported.
    """

    def __init__(self, report: Report, translate: Translate = untranslated) -> None:
        self._report = report
        self._translate = translate

    def mask(self, errors: Iterable[GraphQLError]) -> list[GraphQLError]:
        masked: list[GraphQLError] = []
        fault_id = ""
        reported = 0
        for error in errors:
            presented = self._expected(error)
            if presented is None:
                fault_id = fault_id or _new_fault_id()
                if reported < REPORTED_PER_ANSWER_MAX:
                    self._report(fault_id, error.original_error or error)
                    reported += 1
                presented = _placed(_fault(fault_id), error)
            masked.append(presented)
        return masked

    def fault(self, error: Exception) -> GraphQLError:
        """The error for an exception from outside any resolver."""
        translated = self._translate(error)
        if translated is not None:
            return translated
        fault_id = _new_fault_id()
        self._report(fault_id, error)
        return _fault(fault_id)

    def _expected(self, error: GraphQLError) -> GraphQLError | None:
        """The error as the client may see it, or None for a fault."""
        if error.extensions and "code" in error.extensions:
            return error  # whoever gives a code means the message for the client
        original = error.original_error
        if original is not None and not isinstance(original, GraphQLError):
            translated = self._translate(original)
            return None if translated is None else _placed(translated, error)
        code = PARSE_FAILED if isinstance(error, GraphQLSyntaxError) else BAD_USER_INPUT
        error.extensions = {"code": code, **(error.extensions or {})}
        return error


def _new_fault_id() -> str:
    return uuid.uuid4().hex[:16]


def _fault(fault_id: str) -> GraphQLError:
    return refused(INTERNAL_ERROR, f"Something went wrong on our side (fault {fault_id}).", faultId=fault_id)


def _placed(error: GraphQLError, where: GraphQLError) -> GraphQLError:
    return GraphQLError(
        error.message,
        nodes=where.nodes,
        source=where.source,
        positions=where.positions,
        path=where.path,
        extensions=error.extensions,
    )
