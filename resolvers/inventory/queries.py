"""Queries about stock: the seller's own."""

from typing import Annotated

import strawberry

from domain.inventory.reads import stock_of_seller
from domain.shared.ids import decode_id
from resolvers.context import Info
from resolvers.inventory.types import Stock
from resolvers.shared.permission import AccessLevel, query


@strawberry.type
class SellerInventoryQueries:
    @query(AccessLevel.SELLER, "The stock of one of the shop's variants; null when it is not.")
    async def stock(
        self,
        info: Info,
        variant_id: Annotated[strawberry.ID, strawberry.argument(description="The variant's id.")],
    ) -> Stock | None:
        id_ = decode_id("variant", variant_id)
        # The primary: a seller corrects stock by what they read here.
        primary = info.context.ports.db.primary
        found = (await stock_of_seller(primary, [id_], info.context.actor.seller())).get(id_)
        return Stock.of(found) if found is not None else None
