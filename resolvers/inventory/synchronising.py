"""The mutation by which sellers bring prices and stock of many variants from elsewhere."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from domain.catalog.reads import variants_by_ids
from domain.inventory.reads import stock_of_seller
from domain.inventory.synchronising import ITEMS_MAX, ItemOutcome, UpdateVariants, update_variants
from resolvers.catalog.failures import ListingNotEditable
from resolvers.catalog.types import Variant
from resolvers.context import Info
from resolvers.inventory.inputs import UpdateVariantsInput
from resolvers.inventory.types import Stock, StockBelowReserved
from resolvers.shared.directives import ListSize
from resolvers.shared.errors import IdempotencyConflict, InvalidInput, NotFound, present
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="The item is done.")
class VariantUpdated:
    variant: Variant = strawberry.field(description="As it is now.")
    stock: Stock = strawberry.field(description="Its stock, as it is now.")


VariantUpdateOutcome = Annotated[
    VariantUpdated | NotFound | ListingNotEditable | StockBelowReserved | InvalidInput,
    strawberry.union("VariantUpdateOutcome", description="What became of one item; a refused one changed nothing."),
]


@strawberry.type(description="Every item was looked at: those that could be done are done.")
class UpdateVariantsSuccess:
    outcomes: list[VariantUpdateOutcome] = strawberry.field(
        description="One per item, in the order of the items.", directives=[ListSize(assumed_size=ITEMS_MAX)]
    )
    updated_count: int = strawberry.field(description="How many of them are done.")


UpdateVariantsResult = Annotated[
    UpdateVariantsSuccess | IdempotencyConflict | InvalidInput,
    strawberry.union("UpdateVariantsResult", description="What became of a bulk update."),
]


@strawberry.type
class SellerSynchronisingMutations:
    @mutation(
        AccessLevel.SELLER,
        "Set prices and stock of up to 100 variants. Items that are refused say why and stop no other.",
    )
    async def update_variants(self, info: Info, input: UpdateVariantsInput) -> UpdateVariantsResult:
        context = info.context
        outcomes = await update_variants(parse(UpdateVariants, input), actor=context.actor, db=context.ports.db)
        done = sum(outcome.error is None for outcome in outcomes)
        return UpdateVariantsSuccess(outcomes=await _shown(info, outcomes), updated_count=done)


async def _shown(info: Info, outcomes: Sequence[ItemOutcome]) -> list[VariantUpdateOutcome]:
    primary = info.context.ports.db.primary
    ids = [outcome.variant_id for outcome in outcomes if outcome.variant_id is not None]
    variants = await variants_by_ids(primary, ids)
    stocks = await stock_of_seller(primary, ids, info.context.actor.seller())
    shown: list[VariantUpdateOutcome] = []
    for outcome in outcomes:
        if outcome.error is not None:
            failed = present(outcome.error)
            if not isinstance(failed, NotFound | ListingNotEditable | StockBelowReserved | InvalidInput):
                raise outcome.error
            shown.append(failed)
        else:
            assert outcome.variant_id is not None
            variant, stock = variants[outcome.variant_id], stocks[outcome.variant_id]
            shown.append(VariantUpdated(variant=Variant.of(variant), stock=Stock.of(stock)))
    return shown
