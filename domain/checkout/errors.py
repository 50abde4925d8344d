"""What a checkout refuses.

DomainError
├── ItemsUnavailable (lines cannot be bought as they stand; every one with its reason)
├── AddressRequired (nothing tells where to send it, or which country's tax it bears)
├── QuoteNotFirm (shipping or tax could not be confirmed just now)
├── PaymentUnavailable (the provider is away; the reservation stays, the same key goes on)
├── NothingLost (a case that names no loss: there is nothing to be given to an order)
├── LossInOtherCurrency (the provider took another currency than the order was paid in)
└── AttributionTooLarge (more than was lost, or more than is left of an order)
"""

from collections.abc import Sequence
from uuid import UUID

from domain.pricing.quote import Problem
from domain.shared.errors import DomainError
from domain.shared.money import Money


class ItemsUnavailable(DomainError):
    code = "ITEMS_UNAVAILABLE"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("Some of this cannot be bought as it stands in the cart.")
        self.problems = tuple(problems)


class AddressRequired(DomainError):
    code = "ADDRESS_REQUIRED"

    def __init__(self) -> None:
        super().__init__("Say where you are: shipping and tax depend on it.")


class QuoteNotFirm(DomainError):
    """An estimate may be shown, but nobody is charged by one."""

    code = "QUOTE_NOT_FIRM"

    def __init__(self) -> None:
        super().__init__("Shipping or tax cannot be confirmed at the moment; try again shortly.")


class PaymentUnavailable(DomainError):
    """Nothing is lost: the stock stays reserved until it expires, and the same idempotency key goes on."""

    code = "PAYMENT_UNAVAILABLE"

    def __init__(self, checkout_id: UUID) -> None:
        super().__init__("The payment provider does not answer. Repeat this with the same idempotency key.")
        self.checkout_id = checkout_id


class NothingLost(DomainError):
    """The case is about a purchase that waits for a decision, not about money that was lost."""

    code = "NOTHING_LOST"

    def __init__(self, case_id: UUID) -> None:
        super().__init__("This case is not about money that was lost.")
        self.case_id = case_id


class LossInOtherCurrency(DomainError):
    """The loss stays the marketplace's: no rate says what it is in the order's currency."""

    code = "LOSS_IN_OTHER_CURRENCY"

    def __init__(self, loss_currency: str, order_currency: str) -> None:
        super().__init__(f"The loss is in {loss_currency}, the order was paid in {order_currency}.")
        self.loss_currency, self.order_currency = loss_currency, order_currency


class AttributionTooLarge(DomainError):
    """Of a loss no more is given than was lost, and to an order no more than is left of what was paid for it."""

    code = "ATTRIBUTION_TOO_LARGE"

    def __init__(self, order_id: UUID | None, *, possible: Money) -> None:
        limit = "was lost" if order_id is None else "is left of what was paid for the order"
        super().__init__(f"This is more than {limit}: {possible.formatted()}.")
        self.order_id, self.possible = order_id, possible
