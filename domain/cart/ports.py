"""What carts need from outside: a fast copy, and what pricing needs."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.cart.reads import CartContent
from domain.pricing.ports import ShippingRates, TaxRules
from domain.shared.clock import Clock
from domain.shared.database import Database
from domain.shared.policy import Policy


class CartCache(Protocol):
    """Copies of contents for seven days. Neither call raises or takes more than 100 ms; a copy may be lost or old.

    So a copy counts only while its stamp is the one that PostgreSQL tells.
    """

    async def get(self, cart_id: UUID) -> CartContent | None: ...

    async def put(self, content: CartContent) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CartPorts:
    db: Database
    clock: Clock
    cache: CartCache
    shipping: ShippingRates
    tax: TaxRules
    policy: Policy
