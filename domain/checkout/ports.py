"""What a checkout touches besides the database."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from domain.checkout.model import CheckoutState
from domain.payments.ports import PaymentGateway
from domain.pricing.ports import ShippingRates, TaxRules
from domain.shared.clock import Clock
from domain.shared.database import Database
from domain.shared.measures import Measures, NoMeasures
from domain.shared.policy import Policy


@dataclass(frozen=True, slots=True)
class Rest:
    """Where the saga came to rest.

    `unavailable`: the provider did not answer, a later run goes on. `busy`: another process is at it just now.
    """

    state: CheckoutState
    unavailable: bool = False
    busy: bool = False


class SagaRunner(Protocol):
    """Runs sagas in tasks that the process owns and drains when it stops."""

    async def run(self, checkout_id: UUID, work: Callable[[], Awaitable[Rest]], wait_seconds: float) -> Rest | None:
        """Starts `work` and waits for it at most that long; None when it goes on without us.

        A caller that is cancelled, or gives up waiting, does not end the work.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutPorts:
    db: Database
    clock: Clock
    policy: Policy
    gateway: PaymentGateway
    shipping: ShippingRates
    tax: TaxRules
    runner: SagaRunner
    measures: Measures = field(default_factory=NoMeasures)
