"""Inputs of decisions about moderation cases."""

from typing import Final

import strawberry

from resolvers.shared.scalars import MinorUnits

KEY: Final = (
    "Made by the client once for this decision, 8 to 100 characters: sent again it has no effect and the same answer."
)


@strawberry.input(description="Let a checkout in review go on.")
class ApproveModerationCaseInput:
    case_id: strawberry.ID = strawberry.field(description="The moderation case.")
    idempotency_key: str = strawberry.field(description=KEY)
    note: str = strawberry.field(default="", description="Why; kept with the case, at most 500 characters.")


@strawberry.input(description="End a checkout in review. Nothing is taken.")
class RejectModerationCaseInput:
    case_id: strawberry.ID = strawberry.field(description="The moderation case.")
    idempotency_key: str = strawberry.field(description=KEY)
    note: str = strawberry.field(default="", description="Why; kept with the case, at most 500 characters.")


@strawberry.input(description="How much of a loss is one order's.")
class AttributedPartInput:
    order_id: strawberry.ID = strawberry.field(description="An order of the purchase; each is named once.")
    amount_minor: MinorUnits = strawberry.field(
        description="At least 1, and no more than what is left of the order, in minor units of the loss's currency."
    )


@strawberry.input(description="Give a loss to the orders whose money it was.")
class AttributeLossInput:
    case_id: strawberry.ID = strawberry.field(description="The moderation case that names the loss.")
    parts: list[AttributedPartInput] = strawberry.field(
        description="1 to 100 orders, together no more than the loss. What they leave of it stays the marketplace's."
    )
    note: str = strawberry.field(description="Why; kept with the case, 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=KEY)
