"""Permission as part of the schema: every root field says who may use it, and start-up refuses one that does not.

Ownership is not decided here but where the row is read: reads take the viewer into their WHERE.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from enum import Enum
from inspect import signature
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import FieldExtension
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField
from strawberry.types.union import StrawberryUnion

from domain.sellers.switching import still_holds
from domain.shared.actor import Actor
from domain.shared.errors import DomainError, InvalidInput, NotSignedIn
from resolvers.shared.directives import Cost, ListSize, paged
from resolvers.shared.errors import camel, present


@strawberry.enum(description="Who may use a field.")
class AccessLevel(Enum):
    PUBLIC = strawberry.enum_value("PUBLIC", description="Everyone, signed in or not.")
    SIGNED_IN = strawberry.enum_value("SIGNED_IN", description="Whoever is signed in.")
    SELLER = strawberry.enum_value("SELLER", description="Members of a shop, in a session that acts for it.")
    MODERATOR = strawberry.enum_value("MODERATOR", description="Moderators and administrators.")
    ADMIN = strawberry.enum_value("ADMIN", description="Administrators.")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="access", description="Who may use this field. Enforced."
)
class AccessDirective:
    level: AccessLevel = strawberry.directive_field(name="level")


def check_access(level: AccessLevel, actor: Actor) -> None:
    """Raises NotSignedIn or NotPermitted."""
    if level is AccessLevel.PUBLIC:
        return
    actor.user()
    if level is AccessLevel.SELLER:
        actor.seller()
    elif level is AccessLevel.MODERATOR:
        actor.moderator()
    elif level is AccessLevel.ADMIN:
        actor.admin()


def refusal(error: DomainError) -> GraphQLError:
    """A domain error as a top-level error with its stable code, and with all its faults where it has several."""
    extensions: dict[str, Any] = {"code": error.code}
    if isinstance(error, InvalidInput):
        extensions["issues"] = [
            {"path": [camel(part) for part in issue.path], "code": issue.code, "message": issue.message}
            for issue in error.issues
        ]
    return GraphQLError(error.message, original_error=error, extensions=extensions)


class Guard(FieldExtension):
    """Refuses before the resolver runs, and shows what the resolver refuses as a top-level error with its code."""

    def __init__(self, level: AccessLevel) -> None:
        self.level = level

    def resolve(self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **arguments: Any) -> Any:
        try:
            check_access(self.level, info.context.actor)
            return next_(source, info, **arguments)
        except DomainError as error:
            raise refusal(error) from error

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **arguments: Any
    ) -> Any:
        try:
            check_access(self.level, info.context.actor)
            answer = next_(source, info, **arguments)
            # The resolver of a subscription gives its events at once: there is nothing to wait for.
            return _guarded(answer, info.context) if isinstance(answer, AsyncGenerator) else await answer
        except DomainError as error:
            raise refusal(error) from error


async def _guarded(events: AsyncGenerator[Any, None], context: Any) -> AsyncGenerator[Any, None]:
    """The events as long as the viewer's session holds, which may be days; what ends them as an error with its code."""
    async with aclosing(events):
        try:
            async for event in events:
                await reaffirm(context)
                yield event
        except DomainError as error:
            raise refusal(error) from error


async def reaffirm(context: Any) -> None:
    """Raises when what the viewer's token claims is no longer true, seen on the primary."""
    if not await still_holds(context.ports.db.primary, context.actor, context.ports.clock.now()):
        raise refusal(NotSignedIn("This session is over or was changed; refresh it or sign in again."))


class Reaffirmed(FieldExtension):
    """Asks the database whether what the access token claims is still true: it was signed some minutes ago."""

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **arguments: Any
    ) -> Any:
        await reaffirm(info.context)
        return await next_(source, info, **arguments)


class Outcome(FieldExtension):
    """Turns a domain error into the member of the mutation's union that stands for it; without one it goes on up."""

    def apply(self, field: StrawberryField) -> None:
        for argument in field.arguments:
            argument.description = argument.description or "Everything that it needs."

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **arguments: Any
    ) -> Any:
        try:
            return await next_(source, info, **arguments)
        except DomainError as error:
            failure = present(error)
            union = info.return_type
            if failure is not None and isinstance(union, StrawberryUnion) and type(failure) in union.types:
                return failure
            raise refusal(error) from error


def query(
    access: AccessLevel, description: str, *, size: ListSize | None = None, cost: Cost | None = None, **options: Any
) -> Callable[[Callable[..., Any]], Any]:
    """`@query(AccessLevel.PUBLIC, "...")` on a resolver: a root field, or a field of a namespace or sensitive type.

    `size` is what a page of the list that it gives holds, for the cost of an operation; of a resolver that takes
    `first` or `last` it is a page of 20 unless told otherwise. `cost` is what it costs besides, as APART.
    """

    def declare(resolver: Callable[..., Any]) -> Any:
        pages = size or page_of(resolver)
        return strawberry.field(
            resolver,
            description=description,
            directives=[AccessDirective(level=access), *(each for each in (pages, cost) if each is not None)],
            extensions=[Guard(access)],
            **options,
        )

    return declare


def page_of(resolver: Callable[..., Any]) -> ListSize | None:
    slicing = [name for name in ("first", "last") if name in signature(resolver).parameters]
    return paged(20, *slicing) if slicing else None


def mutation(
    access: AccessLevel, description: str, *, sensitive: bool = True, **options: Any
) -> Callable[[Callable[..., Any]], Any]:
    """Whatever is not for everybody is sensitive: it costs one read of the primary and refuses at once whoever was
    signed out, blocked, demoted, or removed from the shop. The token that says otherwise lives for some minutes more.
    `sensitive=False` is for what such a token may still do: end its own session.
    """
    reaffirmed = [Reaffirmed()] if sensitive and access is not AccessLevel.PUBLIC else []
    return lambda resolver: strawberry.mutation(
        resolver,
        description=description,
        directives=[AccessDirective(level=access)],
        extensions=[Outcome(), *reaffirmed, Guard(access)],
        **options,
    )


def subscription(
    access: AccessLevel, description: str, **options: Any
) -> Callable[[Callable[..., AsyncGenerator[Any, None]]], Any]:
    return lambda resolver: strawberry.subscription(
        resolver,
        description=description,
        directives=[AccessDirective(level=access)],
        extensions=[Guard(access)],
        **options,
    )
