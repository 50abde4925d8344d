"""Demo people and shops: an administrator, buyers with addresses, sellers with members, rates and payment accounts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.demo.copying import Row
from app.demo.ids import demo_id, draws
from app.demo.ratings import shown, star_counts, tally
from domain.reviews.model import ReviewKind
from domain.sellers.model import MemberRole, SellerStatus
from domain.shared.actor import Role

ADMIN: Final = "admin@example.com"
MODERATOR: Final = "moderator@example.com"
BUYERS: Final = 10
SPARE_ACCOUNT_REF: Final = "acct_demo_"
"""Stands for a payment account where no payment provider was asked for one."""


@dataclass(frozen=True, slots=True)
class Shop:
    """One demo seller. `number` counts from 1 and names its owner, `seller<number>@example.com`."""

    number: int
    name: str
    slug: str
    country: str
    currency: str
    city: str
    about: str

    @property
    def id(self) -> UUID:
        return demo_id("seller", self.number)

    @property
    def owner_id(self) -> UUID:
        return demo_id("seller-owner", self.number)

    @property
    def owner_email(self) -> str:
        return f"seller{self.number}@example.com"

    @property
    def spare_account_ref(self) -> str:
        return f"{SPARE_ACCOUNT_REF}{self.slug}"


SHOPS: Final = (
    Shop(1, "Kontor Hafenlicht", "kontor-hafenlicht", "DE", "EUR", "Hamburg", "Good things for home and desk."),
    Shop(2, "Bergzeit Laden", "bergzeit-laden", "AT", "EUR", "Innsbruck", "Outfitters from the mountains."),
    Shop(3, "Maison du Port", "maison-du-port", "FR", "EUR", "Nantes", "A family shop at the harbour since 1974."),
    Shop(4, "Grachten Goods", "grachten-goods", "NL", "EUR", "Utrecht", "Well made, fairly priced, sent by bicycle."),
    Shop(5, "Bottega Sette", "bottega-sette", "IT", "EUR", "Turin", "Seven makers, one shop."),
    Shop(6, "Casa Levante", "casa-levante", "ES", "EUR", "Valencia", "Light and colour for every room."),
    Shop(7, "Nordlys Market", "nordlys-market", "FI", "EUR", "Turku", "Quiet design for loud days."),
    Shop(8, "Second Spring", "second-spring", "IE", "EUR", "Galway", "Used and refurbished, checked by hand."),
    Shop(9, "Thames Supply", "thames-supply", "GB", "GBP", "London", "Supplies for town and country."),
    Shop(10, "Redwood Trading", "redwood-trading", "US", "USD", "Portland", "Made to last, sent across the ocean."),
)

_CITIES: Final = (
    ("DE", "Berlin", "10115"), ("AT", "Vienna", "1010"), ("FR", "Lyon", "69002"), ("NL", "Delft", "2611"),
    ("IT", "Bologna", "40121"), ("ES", "Seville", "41001"), ("GB", "Leeds", "LS1 4DY"), ("US", "Boston", "02108"),
    ("IE", "Cork", "T12 W8KP"), ("FI", "Tampere", "33100"),
)  # fmt: skip
_NAMES: Final = (
    "Ada Fuchs", "Bruno Keller", "Chloé Martin", "Daan Visser", "Elena Conti", "Felipe Ortiz", "Grace Hill",
    "Henry Stone", "Isolde Byrne", "Jussi Laine",
)  # fmt: skip
_REACH: Final = ("DE", "AT", "FR", "NL", "IT", "ES", "BE", "FI", "IE", "PL", "GB", "US")


def users(password_hash: str, now: datetime) -> Iterator[Row]:
    """Everyone who can sign in."""

    def user(id_: UUID, email: str, name: str, *roles: Role) -> Row:
        return {
            "id": id_,
            "email": email,
            "password_hash": password_hash,
            "display_name": name,
            "roles": [role.value for role in roles],
            "created_at": now,
            "updated_at": now,
        }

    yield user(demo_id("admin", 1), ADMIN, "Marketplace Admin", Role.ADMIN)
    yield user(demo_id("moderator", 1), MODERATOR, "Marketplace Moderator", Role.MODERATOR)
    for shop in SHOPS:
        yield user(shop.owner_id, shop.owner_email, f"{shop.name} (owner)")
    for number in range(1, BUYERS + 1):
        yield user(demo_id("buyer", number), f"buyer{number}@example.com", _NAMES[number - 1])


def addresses(now: datetime) -> Iterator[Row]:
    """One default address for each buyer."""
    for number in range(1, BUYERS + 1):
        country, city, postal_code = _CITIES[number - 1]
        yield {
            "id": demo_id("address", number),
            "user_id": demo_id("buyer", number),
            "name": _NAMES[number - 1],
            "line1": f"Market Street {number * 7}",
            "city": city,
            "postal_code": postal_code,
            "country": country,
            "is_default": True,
            "created_at": now,
        }


def sellers(now: datetime) -> Iterator[Row]:
    for shop in SHOPS:
        draw = draws("seller", shop.number)
        opened = now - timedelta(days=draw.randrange(200, 1_200))
        yield {
            "id": shop.id,
            "name": shop.name,
            "slug": shop.slug,
            "description": f"{shop.about} We are at home in {shop.city}.",
            "country": shop.country,
            "currency": shop.currency,
            "tax_id": f"{shop.country}DEMO{shop.number:06d}",
            "status": SellerStatus.ACTIVE,
            "trusted": shop.number % 3 != 0,
            "handling_days": draw.randrange(1, 4),
            "returns_days": draw.choice((14, 30)),
            "policy": "Returns are free within the period shown. We answer within one working day.",
            **shown(shop_stars(shop)),
            "applied_at": opened,
            "approved_at": opened + timedelta(days=1),
            "updated_at": now,
        }


def shop_stars(shop: Shop) -> dict[int, int]:
    draw = draws("seller-rating", shop.number)
    return star_counts(draw.randrange(3_900, 5_000, 10), draw.randrange(20, 900))


def tallies(now: datetime) -> Iterator[Row]:
    for shop in SHOPS:
        yield tally(ReviewKind.SELLER, shop.id, shop_stars(shop), now)


def members(now: datetime) -> Iterator[Row]:
    for shop in SHOPS:
        yield {"seller_id": shop.id, "user_id": shop.owner_id, "role": MemberRole.OWNER, "added_at": now}


def shipping_rates(now: datetime) -> Iterator[Row]:
    """Standard to a dozen countries and the rest of the world, express at home."""
    for shop in SHOPS:
        for place, country in enumerate((*_REACH, "*")):
            home, everywhere = country == shop.country, country == "*"
            base = 390 if home else 1_990 if everywhere else 890
            days = (1, 3) if home else (7, 21) if everywhere else (3, 7)
            yield _rate(shop, place, "Standard", country, base, days, 5_000 if home else None, now)
        yield _rate(shop, len(_REACH) + 1, "Express", shop.country, 1_290, (1, 1), None, now)


def _rate(
    shop: Shop,
    place: int,
    name: str,
    country: str,
    base_minor: int,
    days: tuple[int, int],
    free_over_minor: int | None,
    now: datetime,
) -> Row:
    return {
        "id": demo_id("shipping-rate", shop.number, place),
        "seller_id": shop.id,
        "name": name,
        "country": country,
        "currency": shop.currency,
        "base_minor": base_minor,
        "per_item_minor": base_minor // 4,
        "free_over_minor": free_over_minor,
        "days_min": days[0],
        "days_max": days[1],
        "created_at": now,
    }
