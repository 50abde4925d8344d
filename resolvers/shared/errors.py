"""Expected failures as members of a mutation's union: one type per failure that a client acts on.

Each type registers the domain error that it stands for; a mutation shows a failure only if its union lists the type.
"""

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import strawberry

from domain.shared import errors
from resolvers.shared.error_codes import ErrorCode, describe

T = TypeVar("T")
_presenters: dict[type[errors.DomainError], Callable[[Any], object]] = {}
_members: dict[type[errors.DomainError], type] = {}


@strawberry.interface(description="A failure that a client can act on. New kinds may come: keep a default branch.")
class UserError:
    code: str = strawberry.field(graphql_type=ErrorCode, description="The stable word for this failure.")
    message: str = strawberry.field(description="What to tell a person, in English.")
    path: list[str] | None = strawberry.field(
        default=None, description="The part of the input it is about, from `input` down."
    )


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def failure(error: type[errors.DomainError], description: str) -> Callable[[type[T]], type[T]]:
    """Declares a union member for a domain error: a type with a classmethod `of(error)`, or without data of its own."""

    def declare(cls: type[T]) -> type[T]:
        made = strawberry.type(cls, description=description)
        _members[error] = made
        describe(error, description)
        build = getattr(made, "of", None)
        _presenters[error] = build if build is not None else lambda fault: made(code=fault.code, message=fault.message)  # type: ignore[call-arg]  # a UserError
        return made

    return declare


def present(error: errors.DomainError) -> object | None:
    """The union member for an error, or for the nearest ancestor of its class that has one."""
    for ancestor in type(error).__mro__:
        presenter = _presenters.get(ancestor)
        if presenter is not None:
            return presenter(error)
    return None


def member_of(error: type[errors.DomainError]) -> type | None:
    """The type that shows this very error in a union; None for one that never is a member."""
    return _members.get(error)


@strawberry.type(description="One fault of an input.")
class InputIssue:
    path: list[str] = strawberry.field(description="Where, from `input` down, in the schema's spelling.")
    code: str = strawberry.field(description="Which fault, as `TOO_LONG`.")
    message: str = strawberry.field(description="What to tell a person.")


@failure(errors.InvalidInput, "Something in the input is wrong: everything that is, at once. Nothing was changed.")
class InvalidInput(UserError):
    issues: list[InputIssue] = strawberry.field(description="All faults found.")

    @classmethod
    def of(cls, error: errors.InvalidInput) -> "InvalidInput":
        issues = [
            InputIssue(path=["input", *map(camel, issue.path)], code=issue.code, message=issue.message)
            for issue in error.issues
        ]
        path = issues[0].path if len(issues) == 1 else ["input"]
        return cls(code=error.code, message=error.message, path=path, issues=issues)


@failure(errors.NotFound, "There is none, or it is not yours.")
class NotFound(UserError):
    pass


@failure(errors.NotPermitted, "You may not do this.")
class NotPermitted(UserError):
    pass


@failure(errors.IllegalTransition, "It is not in a state in which this can be done.")
class IllegalTransition(UserError):
    current: str = strawberry.field(description="The state in which it is.")

    @classmethod
    def of(cls, error: errors.IllegalTransition) -> "IllegalTransition":
        return cls(code=error.code, message=error.message, current=error.current.upper())


@failure(errors.IdempotencyConflict, "The idempotency key was used before, with another command.")
class IdempotencyConflict(UserError):
    pass


@failure(errors.Busy, "Too many are at it at once. Nothing was changed; send the same again in a moment.")
class Busy(UserError):
    pass


def camel(name: str) -> str:
    """`price_minor` -> `priceMinor`, as the schema spells it."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
