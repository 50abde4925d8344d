"""The accounts to sign in with on demo data; light, so that the launcher can print them at once."""

from dataclasses import dataclass
from typing import Final

DEMO_PASSWORD: Final = "demo password"  # noqa: S105  # printed on screen; seeding is refused in production


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Somebody to sign in as; `role` says what they may do."""

    email: str
    role: str


DEMO_ACCOUNTS: Final = (
    DemoAccount("buyer1@example.com", "buyer (up to buyer240)"),
    DemoAccount("seller1@example.com", "owner of the shop Kontor Hafenlicht (up to seller60)"),
    DemoAccount("moderator@example.com", "moderator"),
    DemoAccount("admin@example.com", "administrator"),
)
