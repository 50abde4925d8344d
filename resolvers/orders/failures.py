"""What orders refuse, in the schema."""

from domain.orders import errors
from resolvers.shared.errors import UserError, failure


@failure(errors.OrderOnHold, "The order is on hold until a dispute about it is settled. Nothing was changed.")
class OrderOnHold(UserError):
    pass


@failure(
    errors.OrderPartlyShipped,
    "A parcel of the order has left; the rest can be cancelled three days after `shipByAt`.",
)
class OrderPartlyShipped(UserError):
    pass


@failure(errors.NothingHeld, "The marketplace holds no money for the order, so there is nothing to hold back.")
class NothingHeld(UserError):
    pass


@failure(errors.WrongFulfilment, "Parcels are shipped; what is picked up, downloaded or done on site is handed over.")
class WrongFulfilment(UserError):
    pass


@failure(errors.WrongPickupCode, "This is not the code that the buyer of the order shows. Nothing was changed.")
class WrongPickupCode(UserError):
    pass
