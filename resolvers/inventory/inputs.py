"""Inputs about stock. The idempotency key makes a repeated request harmless."""

import strawberry


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
