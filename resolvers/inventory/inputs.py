"""Inputs about stock. The idempotency key makes a repeated request harmless."""

import strawberry

from resolvers.shared.scalars import MinorUnits


@strawberry.input(description="Goods that came in.")
class RestockVariantInput:
    variant_id: strawberry.ID = strawberry.field(description="Of which variant.")
    quantity: int = strawberry.field(description="How many more are there now.")
    reason: str = strawberry.field(default="restocked", description="For the record, at most 200 characters.")
    idempotency_key: str = strawberry.field(description="Made by the client, one for each intention.")


@strawberry.input(description="A correction by a difference.")
class AdjustStockInput:
    variant_id: strawberry.ID = strawberry.field(description="Of which variant.")
    delta: int = strawberry.field(description="By how many, as `-2` for two broken ones.")
    reason: str = strawberry.field(description="For the record, at most 200 characters.")
    idempotency_key: str = strawberry.field(description="Made by the client, one for each intention.")


@strawberry.input(description="A count.")
class SetStockInput:
    variant_id: strawberry.ID = strawberry.field(description="Of which variant.")
    on_hand: int = strawberry.field(description="How many are there, the promised ones among them.")
    reason: str = strawberry.field(description="For the record, at most 200 characters.")
    idempotency_key: str = strawberry.field(description="Made by the client, one for each intention.")


@strawberry.input(description="What one variant shall be like from now on. What is left out stays as it is.")
class VariantUpdateInput:
    variant_id: strawberry.ID | None = strawberry.field(default=None, description="Which variant; or `sku`.")
    sku: str | None = strawberry.field(default=None, description="Its article number, if only one listing has it.")
    price_minor: MinorUnits | None = strawberry.field(
        default=None, description="What one costs, in minor units of the listing's currency."
    )
    on_hand: int | None = strawberry.field(
        default=None, description="How many are there, the promised ones among them."
    )


@strawberry.input(description="Prices and stock of many variants.")
class UpdateVariantsInput:
    items: list[VariantUpdateInput] = strawberry.field(description="1 to 100 of them, each variant once.")
    reason: str = strawberry.field(default="synchronised", description="For the record, at most 200 characters.")
    idempotency_key: str = strawberry.field(description="Made by the client, one for each intention.")
