"""Schema directives that say what a field costs.

They are read by the price list of the cost rule (`resolvers/extensions/costs.py`) and printed with the
schema, so what a client reads in the schema is what it is charged.
"""

from typing import Final

import strawberry
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    name="cost",
    description="What this field (or any field of this type) costs before its selection is added.",
)
class Cost:
    weight: int = strawberry.directive_field(name="weight")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description=(
        "How many items a list holds, for the cost of an operation: the largest of the slicing arguments "
        "that are given, else the assumed size. On a connection it applies to the lists directly below."
    ),
)
class ListSize:
    assumed_size: int | None = strawberry.directive_field(name="assumedSize", default=None)
    slicing_arguments: list[str] | None = strawberry.directive_field(name="slicingArguments", default=None)


APART: Final = Cost(weight=25)
"""For a page below a thing: of a list of things it is read for each of them apart, with a statement or two."""


def paged(size: int, *arguments: str) -> ListSize:
    """The usual list size: `size` items unless `first`, `last` (or the named arguments) say otherwise.

    An argument inside an input is written with a dot: `input.first`.
    """
    return ListSize(assumed_size=size, slicing_arguments=list(arguments or ("first", "last")))
