"""The accounts that the demo catalogue is seeded with; light, so that the launcher can print them at once."""

from dataclasses import dataclass
from typing import Final

DEMO_PASSWORD: Final = "market-demo-2026"  # noqa: S105 - printed on screen; seeding is refused in production


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Somebody to sign in as; `role` says what they may do."""

    email: str
    name: str
    role: str


DEMO_ACCOUNTS: Final = (
    DemoAccount("buyer@market.example", "Bea Buyer", "buyer"),
    DemoAccount("seller@market.example", "Sam Seller", "owner of the shop Nordlicht"),
    DemoAccount("second.seller@market.example", "Sol Seller", "owner of the shop Terra"),
    DemoAccount("admin@market.example", "Ada Admin", "administrator"),
)
