"""What happens to a checkout."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutMoved(Event):
    """Its state changed, or something about it that the buyer should see (a decline)."""

    kind: ClassVar[str] = "checkout.moved"
    checkout_id: UUID
    state: str

    def topics(self) -> tuple[str, ...]:
        return (f"checkout:{self.checkout_id}",)
