"""What pricing refuses.

DomainError
└── AmountTooLarge
"""

from domain.shared.errors import DomainError


class AmountTooLarge(DomainError):
    """An amount that a JSON number would not carry exactly. Nothing is rounded or cut to make it fit."""

    code = "AMOUNT_TOO_LARGE"

    def __init__(self) -> None:
        super().__init__("This is more money than one purchase can hold; buy less of it at once.")
