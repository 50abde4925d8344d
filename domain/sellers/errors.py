"""What is refused about shops.

DomainError
├── SlugTaken, ShippingRateNameTaken, AlreadyMember
├── ShopEdited (by somebody else meanwhile)
├── LastOwner
└── TooMany (shops of a person; members, rates or invitations of a shop)
"""

from domain.shared.errors import DomainError


class SlugTaken(DomainError):
    code = "SLUG_TAKEN"

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is a shop called {slug} already.")
        self.slug = slug


class ShippingRateNameTaken(DomainError):
    code = "SHIPPING_RATE_NAME_TAKEN"

    def __init__(self, name: str, country: str) -> None:
        super().__init__(f"There is a rate called {name} for {country} already.")
        self.name, self.country = name, country


class AlreadyMember(DomainError):
    code = "ALREADY_MEMBER"

    def __init__(self) -> None:
        super().__init__("This person works for the shop already.")


class ShopEdited(DomainError):
    """Somebody else edited it after it was read; nothing of this edit was kept."""

    code = "SHOP_EDITED"

    def __init__(self, version: int) -> None:
        super().__init__("The shop was edited meanwhile; read it again.")
        self.version = version


class LastOwner(DomainError):
    code = "LAST_OWNER"

    def __init__(self) -> None:
        super().__init__("A shop has at least one owner.")


class TooMany(DomainError):
    code = "TOO_MANY"

    def __init__(self, what: str, maximum: int) -> None:
        super().__init__(f"There can be at most {maximum} {what}.")
        self.maximum = maximum
