"""What a checkout refuses.

DomainError
├── ItemsUnavailable (lines cannot be bought as they stand; every one with its reason)
├── AddressRequired (nothing tells where to send it, or which country's tax it bears)
├── QuoteNotFirm (shipping or tax could not be confirmed just now)
└── PaymentUnavailable (the provider is away; the reservation stays, the same key goes on)
"""

from collections.abc import Sequence
from uuid import UUID

from domain.pricing.quote import Problem
from domain.shared.errors import DomainError


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
