"""What giving a loss to orders refuses, in the schema."""

import strawberry

from domain.checkout import errors
from resolvers.shared.errors import UserError, failure
from resolvers.shared.scalars import MoneyType, money, public_id


@failure(errors.NothingLost, "The case is not about money that was lost, so there is nothing to be given to an order.")
class NothingLost(UserError):
    pass


@failure(
    errors.LossInOtherCurrency,
    "The provider took another currency than the order was paid in: the loss stays the marketplace's.",
)
class LossInOtherCurrency(UserError):
    pass


@failure(
    errors.AttributionTooLarge,
    "More than was lost, or more than is left of what was paid for an order. Nothing was changed.",
)
class AttributionTooLarge(UserError):
    order_id: strawberry.ID | None = strawberry.field(
        description="The order of which less is left; null when it is more than was lost."
    )
    possible: MoneyType = strawberry.field(description="How much it could be at the most.")

    @classmethod
    def of(cls, error: errors.AttributionTooLarge) -> "AttributionTooLarge":
        return cls(
            code=error.code,
            message=error.message,
            order_id=public_id("order", error.order_id) if error.order_id is not None else None,
            possible=money(error.possible.amount_minor, error.possible.currency),
        )
