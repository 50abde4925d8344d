"""What happens to carts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CartUpdated(Event):
    """Also when it was bought, given back, merged or swept. A user's feed outlives their cart: it has a topic too."""

    kind: ClassVar[str] = "cart.updated"
    cart_id: UUID
    user_id: UUID | None = None

    def topics(self) -> tuple[str, ...]:
        return tuple(cart_topic(each) for each in (self.cart_id, self.user_id) if each is not None)


def cart_topic(id_: UUID) -> str:
    """Of a cart, or of whatever cart a user has."""
    return f"cart:{id_}"
