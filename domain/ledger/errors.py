"""What the ledger refuses.

DomainError
└── BelowFloor (more would leave an account than it holds)
"""

from uuid import UUID

from domain.shared.errors import DomainError


class BelowFloor(DomainError):
    """The escrow of an order holds less than was to be taken from it. Nothing was booked."""

    code = "BELOW_FLOOR"

    def __init__(self, kind: str, order_id: UUID | None, held_minor: int, wanted_minor: int) -> None:
        super().__init__(f"{kind} holds {held_minor}, {wanted_minor} cannot be taken from it.")
        self.kind, self.order_id = kind, order_id
        self.held_minor, self.wanted_minor = held_minor, wanted_minor
