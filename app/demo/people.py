"""Demo people: an administrator, a moderator, buyers with addresses, the shops' owners with terms and rates."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from app.demo.copying import Row
from app.demo.ids import demo_id, draws
from app.demo.shops import SHOPS, Shop
from domain.pricing.ports import Rate
from domain.sellers.model import MemberRole, SellerStatus
from domain.shared.actor import Role

ADMIN: Final = "admin@example.com"
MODERATOR: Final = "moderator@example.com"
BUYERS: Final = 240

_CITIES: Final = (
    ("DE", "Berlin", "10115"), ("AT", "Vienna", "1010"), ("FR", "Lyon", "69002"), ("NL", "Delft", "2611"),
    ("IT", "Bologna", "40121"), ("ES", "Seville", "41001"), ("GB", "Leeds", "LS1 4DY"), ("US", "Boston", "02108"),
    ("IE", "Cork", "T12 W8KP"), ("FI", "Tampere", "33100"),
)  # fmt: skip
_NAMES: Final = (
    "Ada Fuchs", "Bruno Keller", "Chloé Martin", "Daan Visser", "Elena Conti", "Felipe Ortiz", "Grace Hill",
    "Henry Stone", "Isolde Byrne", "Jussi Laine",
)  # fmt: skip
_FIRST: Final = (
    "Anna", "Ben", "Clara", "David", "Emma", "Finn", "Giulia", "Hugo", "Ines", "Jonas", "Kaisa", "Luca", "Marta",
    "Noah", "Olga", "Pablo", "Rosa", "Simon", "Teresa", "Willem",
)  # fmt: skip
_LAST: Final = (
    "Adler", "Bakker", "Costa", "Dubois", "Egger", "Ferrari", "Garcia", "Heikkinen", "Jansen", "Kelly", "Lopez",
    "Moreau", "Nowak", "O'Brien", "Peeters", "Rossi", "Schmidt", "Taylor", "Virtanen", "Weber", "Young",
)  # fmt: skip
_REACH: Final = ("DE", "AT", "FR", "NL", "IT", "ES", "BE", "FI", "IE", "PL", "GB", "US")


def buyer_id(number: int) -> UUID:
    return demo_id("buyer", number)


def buyer_name(number: int) -> str:
    """The first ten have names of their own, the others combine."""
    if number <= len(_NAMES):
        return _NAMES[number - 1]
    return f"{_FIRST[number % len(_FIRST)]} {_LAST[(number // len(_FIRST) * 5 + number) % len(_LAST)]}"


@cache
def address_of(number: int) -> Row:
    """Where a buyer lives, without the columns of the row."""
    country, city, postal_code = _CITIES[(number - 1) % len(_CITIES)]
    return {
        "name": buyer_name(number),
        "line1": f"Market Street {number * 7}",
        "city": city,
        "postal_code": postal_code,
        "country": country,
    }


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
        yield user(buyer_id(number), f"buyer{number}@example.com", buyer_name(number))


def addresses(now: datetime) -> Iterator[Row]:
    """One default address for each buyer."""
    for number in range(1, BUYERS + 1):
        yield {
            "id": demo_id("address", number),
            "user_id": buyer_id(number),
            **address_of(number),
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
            "handling_days": handling_days(shop),
            "returns_days": draw.choice((14, 30)),
            "policy": "Returns are free within the period shown. We answer within one working day.",
            "applied_at": opened,
            "approved_at": opened + timedelta(days=1),
            "updated_at": now,
        }


def handling_days(shop: Shop) -> int:
    return 1 + shop.number % 3


def members(now: datetime) -> Iterator[Row]:
    for shop in SHOPS:
        yield {"seller_id": shop.id, "user_id": shop.owner_id, "role": MemberRole.OWNER, "added_at": now}


def shipping_rates(now: datetime) -> Iterator[Row]:
    for shop in SHOPS:
        for rate in rates_of(shop):
            yield {**{name: getattr(rate, name) for name in Rate.__dataclass_fields__}, "created_at": now}


@cache
def rates_of(shop: Shop) -> tuple[Rate, ...]:
    """Standard to a dozen countries and the rest of the world, express at home."""
    rates = []
    for place, country in enumerate((*_REACH, "*")):
        home, everywhere = country == shop.country, country == "*"
        base = 390 if home else 1_990 if everywhere else 890
        days = (1, 3) if home else (7, 21) if everywhere else (3, 7)
        rates.append(_rate(shop, place, "Standard", country, base, days, 5_000 if home else None))
    return (*rates, _rate(shop, len(_REACH) + 1, "Express", shop.country, 1_290, (1, 1), None))


def _rate(
    shop: Shop, place: int, name: str, country: str, base_minor: int, days: tuple[int, int], free_over_minor: int | None
) -> Rate:
    return Rate(
        id=demo_id("shipping-rate", shop.number, place),
        seller_id=shop.id,
        name=name,
        country=country,
        currency=shop.currency,
        base_minor=base_minor,
        per_item_minor=base_minor // 4,
        free_over_minor=free_over_minor,
        days_min=days[0],
        days_max=days[1],
    )
