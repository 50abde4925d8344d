"""Mutations by which sellers change their stock."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.inventory.reads import stock_of_seller
from domain.inventory.stock import AdjustStock, RestockVariant, SetStock, adjust_stock, restock_variant, set_stock
from resolvers.context import Info
from resolvers.inventory.inputs import AdjustStockInput, RestockVariantInput, SetStockInput
from resolvers.inventory.types import Stock, StockBelowReserved
from resolvers.shared.errors import IdempotencyConflict, InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="The goods are in stock.")
class RestockVariantSuccess:
    stock: Stock = strawberry.field(description="As it is now.")


@strawberry.type(description="The stock is corrected.")
class AdjustStockSuccess:
    stock: Stock = strawberry.field(description="As it is now.")


@strawberry.type(description="The stock is what was counted.")
class SetStockSuccess:
    stock: Stock = strawberry.field(description="As it is now.")


RestockVariantResult = Annotated[
    RestockVariantSuccess | NotFound | IdempotencyConflict | InvalidInput,
    strawberry.union("RestockVariantResult", description="What became of goods that came in."),
]
AdjustStockResult = Annotated[
    AdjustStockSuccess | NotFound | StockBelowReserved | IdempotencyConflict | InvalidInput,
    strawberry.union("AdjustStockResult", description="What became of a correction."),
]
SetStockResult = Annotated[
    SetStockSuccess | NotFound | StockBelowReserved | IdempotencyConflict | InvalidInput,
    strawberry.union("SetStockResult", description="What became of a count."),
]


@strawberry.type
class SellerInventoryMutations:
    @mutation(AccessLevel.SELLER, "Goods came in: add them to the stock.")
    async def restock_variant(self, info: Info, input: RestockVariantInput) -> RestockVariantResult:
        context = info.context
        id_ = await restock_variant(parse(RestockVariant, input), actor=context.actor, db=context.ports.db)
        return RestockVariantSuccess(stock=await _shown(info, id_))

    @mutation(AccessLevel.SELLER, "Correct a stock by a difference; never below what is promised to buyers.")
    async def adjust_stock(self, info: Info, input: AdjustStockInput) -> AdjustStockResult:
        context = info.context
        id_ = await adjust_stock(parse(AdjustStock, input), actor=context.actor, db=context.ports.db)
        return AdjustStockSuccess(stock=await _shown(info, id_))

    @mutation(AccessLevel.SELLER, "Set a stock to what was counted; never below what is promised to buyers.")
    async def set_stock(self, info: Info, input: SetStockInput) -> SetStockResult:
        context = info.context
        id_ = await set_stock(parse(SetStock, input), actor=context.actor, db=context.ports.db)
        return SetStockSuccess(stock=await _shown(info, id_))


async def _shown(info: Info, variant_id: UUID) -> Stock:
    found = await stock_of_seller(info.context.ports.db.primary, [variant_id], info.context.actor.seller())
    return Stock.of(found[variant_id])
