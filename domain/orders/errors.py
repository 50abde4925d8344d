"""What orders refuse.

DomainError
├── OrderOnHold (somebody quarrels: no money moves, nothing is cancelled or completed)
├── OrderPartlyShipped (a parcel has left: what has not can be cancelled once it is late)
├── NothingHeld (a hold would block nothing: the money is not in escrow)
├── WrongFulfilment (parcels are shipped, everything else is handed over)
├── WrongPickupCode (not the code that the buyer of this order shows)
└── ReportRefused (a carrier's message that is not signed by it, or makes no sense)
"""

from uuid import UUID

from domain.shared.errors import DomainError


class OrderOnHold(DomainError):
    code = "ORDER_ON_HOLD"

    def __init__(self, order_id: UUID) -> None:
        super().__init__("This order is on hold until a dispute about it is settled.")
        self.order_id = order_id


class OrderPartlyShipped(DomainError):
    code = "ORDER_PARTLY_SHIPPED"

    def __init__(self, order_id: UUID) -> None:
        super().__init__("A part of this order is on its way; the rest can be cancelled only when it is late.")
        self.order_id = order_id


class NothingHeld(DomainError):
    code = "NOTHING_HELD"

    def __init__(self, order_id: UUID) -> None:
        super().__init__("The marketplace holds no money for this order.")
        self.order_id = order_id


class WrongFulfilment(DomainError):
    code = "WRONG_FULFILMENT"

    def __init__(self, fulfilment: str) -> None:
        super().__init__(f"This order is fulfilled by {fulfilment}: parcels are shipped, all else is handed over.")
        self.fulfilment = fulfilment


class WrongPickupCode(DomainError):
    code = "WRONG_PICKUP_CODE"

    def __init__(self, order_id: UUID) -> None:
        super().__init__("This is not the code of this order; the buyer finds it with the order.")
        self.order_id = order_id


class ReportRefused(DomainError):
    code = "REPORT_REFUSED"

    def __init__(self, why: str) -> None:
        super().__init__(f"This report is refused: {why}.")
