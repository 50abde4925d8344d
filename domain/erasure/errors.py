"""What keeps an account from being erased.

DomainError
└── MoneyStillHeld (or owed; every reason at once)
"""

from collections.abc import Sequence
from enum import StrEnum

from domain.shared.errors import DomainError


class ErasureObstacle(StrEnum):
    OPEN_PURCHASES = "open_purchases"
    """An order of theirs is neither completed nor cancelled, its money is held, or somebody quarrels about it; or a
    purchase is still being called off at the payment provider."""
    OPEN_SALES = "open_sales"
    """The same of a shop that has no other owner."""
    SHOP_BALANCE = "shop_balance"
    """A shop that has no other owner is owed money, or owes some."""


class MoneyStillHeld(DomainError):
    code = "MONEY_STILL_HELD"

    def __init__(self, obstacles: Sequence[ErasureObstacle]) -> None:
        super().__init__("Money is held or owed: an account goes once its orders and balances are settled.")
        self.obstacles = tuple(obstacles)
