"""What inventory refuses.

DomainError
├── StockBelowReserved (a seller would take away what buyers were promised)
└── ReservationsGone (a fault of ours: goods were to leave that nothing holds)
"""

from uuid import UUID

from domain.shared.errors import DomainError


class StockBelowReserved(DomainError):
    code = "STOCK_BELOW_RESERVED"

    def __init__(self, on_hand: int, reserved: int, wanted: int) -> None:
        super().__init__(f"{reserved} of {on_hand} are promised to buyers; the stock cannot become {wanted}.")
        self.on_hand, self.reserved, self.wanted = on_hand, reserved, wanted


class ReservationsGone(DomainError):
    """Raised instead of shipping what was never held. The saga proves its reservations first, so nobody meets it."""

    code = "RESERVATIONS_GONE"

    def __init__(self, checkout_id: UUID) -> None:
        super().__init__("Nothing is reserved for this purchase any more.")
        self.checkout_id = checkout_id
