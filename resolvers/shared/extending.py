"""Fields that a noun adds to the type of another that does not know it: `Listing.reviews`, `Shop.listings`.

Invariant: the noun that knows both brings the field, so that types never import each other in a circle. It is done
where modules are imported, before the schema is built.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

from resolvers.shared.directives import APART, ListSize

R = TypeVar("R", bound=Callable[..., Any])


def extends(
    type_: type, description: str, *, name: str | None = None, size: ListSize | None = None
) -> Callable[[R], R]:
    """`@extends(Shop, "...")` on a function of `root`, `info` and the arguments; its name is the field's, or `name`.

    A `size` with slicing arguments is a page, which is read apart for each thing of a list and priced so.
    """
    directives: list[object] = [] if size is None else [size, APART] if size.slicing_arguments else [size]

    def add(resolver: R) -> R:
        definition = type_.__strawberry_definition__  # type: ignore[attr-defined]  # set by strawberry
        field_name = name or resolver.__name__
        taken = {field.python_name for field in definition.fields}
        assert field_name not in taken, f"{type_.__name__} has a field {field_name}"
        made: Any = strawberry.field(resolver, description=description, directives=directives)
        made.python_name, made.origin = field_name, type_
        definition.fields.append(made)
        return resolver

    return add
