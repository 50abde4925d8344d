"""`node(id:)`: any public id back into the thing it names, for whoever may see it.

Invariant: each noun registers its own loader, and the loader decides what this viewer may see: None for what is not
theirs, exactly as for what does not exist.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import strawberry

from domain.shared.ids import PREFIXES, decode_any
from resolvers.context import Context, Info
from resolvers.shared.permission import AccessLevel, query
from resolvers.shared.scalars import Node

Load = Callable[[Context, UUID], Awaitable[Node | None]]
_loaders: dict[str, Load] = {}


def register_node(noun: str, load: Load) -> None:
    """Once per noun, in the module of its queries."""
    assert noun in PREFIXES, f"{noun} has no prefix"
    assert noun not in _loaders, f"{noun} is registered twice"
    _loaders[noun] = load


@strawberry.type
class NodeQueries:
    @query(AccessLevel.PUBLIC, "Anything by its id; null when there is none or when it is not yours to see.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="A public id of any type.")]
    ) -> Node | None:
        noun, value = decode_any(id)
        load = _loaders.get(noun)
        return await load(info.context, value) if load is not None else None
