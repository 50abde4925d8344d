"""Mutations of a shop's shipping rates."""

from typing import Annotated, Self
from uuid import UUID

import strawberry

from domain.sellers.reads import rates_by_ids
from domain.sellers.shipping import (
    AddShippingRate,
    RemoveShippingRate,
    UpdateShippingRate,
    add_shipping_rate,
    remove_shipping_rate,
    update_shipping_rate,
)
from resolvers.context import Context, Info
from resolvers.sellers.inputs import AddShippingRateInput, RemoveShippingRateInput, UpdateShippingRateInput
from resolvers.sellers.types import ShippingRate, ShippingRateNameTaken, TooMany
from resolvers.shared.errors import InvalidInput, NotFound, NotPermitted
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.shared.scalars import public_id


@strawberry.interface(description="A shipping rate after something was done to it.")
class ShippingRateChange:
    shipping_rate: ShippingRate = strawberry.field(description="The rate as it is now.")

    @classmethod
    async def of(cls, rate_id: UUID, context: Context) -> Self:
        return cls(shipping_rate=ShippingRate.of((await rates_by_ids(context.ports.db.primary, [rate_id]))[rate_id]))


@strawberry.type(description="The rate is there.")
class AddShippingRateSuccess(ShippingRateChange):
    pass


@strawberry.type(description="The rate is changed. Carts that chose it are told.")
class UpdateShippingRateSuccess(ShippingRateChange):
    pass


@strawberry.type(description="The rate is gone. Orders made with it keep it.")
class RemoveShippingRateSuccess:
    shipping_rate_id: strawberry.ID = strawberry.field(description="The rate that was removed.")


AddShippingRateResult = Annotated[
    AddShippingRateSuccess | ShippingRateNameTaken | TooMany | NotPermitted | InvalidInput,
    strawberry.union("AddShippingRateResult", description="What became of a new shipping rate."),
]
UpdateShippingRateResult = Annotated[
    UpdateShippingRateSuccess | NotFound | ShippingRateNameTaken | NotPermitted | InvalidInput,
    strawberry.union("UpdateShippingRateResult", description="What became of changing a shipping rate."),
]
RemoveShippingRateResult = Annotated[
    RemoveShippingRateSuccess | NotFound | NotPermitted,
    strawberry.union("RemoveShippingRateResult", description="What became of removing a shipping rate."),
]


@strawberry.type
class ShippingMutations:
    @mutation(AccessLevel.SELLER, "Add a shipping rate; a shop has at most 50.")
    async def add_shipping_rate(self, info: Info, input: AddShippingRateInput) -> AddShippingRateResult:
        command = parse(AddShippingRate, input)
        made = await add_shipping_rate(command, actor=info.context.actor, db=info.context.ports.db)
        return await AddShippingRateSuccess.of(made, info.context)

    @mutation(AccessLevel.SELLER, "Change a shipping rate.")
    async def update_shipping_rate(self, info: Info, input: UpdateShippingRateInput) -> UpdateShippingRateResult:
        command = parse(UpdateShippingRate, input)
        changed = await update_shipping_rate(command, actor=info.context.actor, db=info.context.ports.db)
        return await UpdateShippingRateSuccess.of(changed, info.context)

    @mutation(AccessLevel.SELLER, "Remove a shipping rate.")
    async def remove_shipping_rate(self, info: Info, input: RemoveShippingRateInput) -> RemoveShippingRateResult:
        command = parse(RemoveShippingRate, input)
        removed = await remove_shipping_rate(command, actor=info.context.actor, db=info.context.ports.db)
        return RemoveShippingRateSuccess(shipping_rate_id=public_id("shipping_rate", removed))
