"""What a cart refuses.

DomainError
├── CartFull (too many lines)
├── LineFull (too many of one)
├── NotForSale
├── CartEmpty
└── CartChanged (it is not as the caller last saw it)
"""

from uuid import UUID

from domain.cart.model import LINE_QUANTITY_MAX, LINES_MAX
from domain.shared.errors import DomainError


class CartFull(DomainError):
    code = "CART_FULL"

    def __init__(self) -> None:
        super().__init__(f"A cart holds {LINES_MAX} lines; remove one, or buy these first.")
        self.lines_max = LINES_MAX


class LineFull(DomainError):
    """With what is in the cart already it would be too many of one; `quantity` is there now."""

    code = "LINE_FULL"

    def __init__(self, quantity: int) -> None:
        super().__init__(f"At most {LINE_QUANTITY_MAX} of one, and {quantity} are in the cart already.")
        self.quantity = quantity
        self.quantity_max = LINE_QUANTITY_MAX


class NotForSale(DomainError):
    code = "NOT_FOR_SALE"

    def __init__(self, variant_id: UUID) -> None:
        super().__init__("This is not for sale at present.")
        self.variant_id = variant_id


class CartEmpty(DomainError):
    code = "CART_EMPTY"

    def __init__(self) -> None:
        super().__init__("There is nothing in the cart.")


class CartChanged(DomainError):
    """Nothing was done. The caller looks at the cart as it is now, and decides again."""

    code = "CART_CHANGED"

    def __init__(self, cart_id: UUID) -> None:
        super().__init__("The cart is not as you last saw it; look at it again.")
        self.cart_id = cart_id
