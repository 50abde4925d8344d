"""Subscriptions about stock."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from domain.inventory.following import follow_stock
from domain.inventory.model import StockStatus
from domain.shared.errors import NotFound
from domain.shared.ids import decode_id
from resolvers.catalog.queries import visible_variant
from resolvers.catalog.types import Variant
from resolvers.context import Info
from resolvers.shared.permission import AccessLevel, subscription


@strawberry.type(description="How much of a variant is there, in words: at first as it is, then each time it changes.")
class StockUpdate:
    sequence: int = strawberry.field(description="The value for `after` when you come back.")
    status: StockStatus = strawberry.field(description="How much is there now.")
    variant: Variant = strawberry.field(description="Of which variant.")


@strawberry.type
class StockSubscriptions:
    @subscription(AccessLevel.PUBLIC, "The stock status of a variant that the viewer may see, while they may see it.")
    async def stock_changed(
        self,
        info: Info,
        variant_id: Annotated[strawberry.ID, strawberry.argument(description="The variant's id.")],
        after: Annotated[
            int | None,
            strawberry.argument(description="The last `sequence` you have; else the present comes first."),
        ] = None,
    ) -> AsyncGenerator[StockUpdate, None]:
        context, id_ = info.context, decode_id("variant", variant_id)
        if await visible_variant(context, id_) is None:
            raise NotFound("variant")
        ports = context.ports
        async with aclosing(follow_stock(id_, after=after, primary=ports.db.primary, hints=ports.hints)) as changes:
            async for shown in changes:
                context.loaders.forget()
                variant = await visible_variant(context, id_)
                if variant is None:
                    return
                yield StockUpdate(sequence=shown.revision, status=shown.status, variant=variant)
