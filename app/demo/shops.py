"""Demo shops: ten written by hand, whose owners sign in, and fifty more that fill the marketplace.

Invariant: every root of the category tree is sold by more shops than any product has offers.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.demo.categories import ROOTS
from app.demo.ids import demo_id

SPARE_ACCOUNT_REF: Final = "acct_demo_"
"""Stands for a payment account where no payment provider was asked for one."""

COUNTER_EVERY: Final = 4
"""The first of so many shops lets buyers in."""


@dataclass(frozen=True, slots=True)
class Shop:
    """One demo seller, of the things below `roots`. `number` counts from 1 and names the owner's address."""

    number: int
    name: str
    slug: str
    country: str
    currency: str
    city: str
    about: str
    roots: tuple[str, ...]
    postal_code: str

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
    def has_counter(self) -> bool:
        """Whatever is new there is sent, or handed over in the shop."""
        return self.number % COUNTER_EVERY == 1

    @property
    def spare_account_ref(self) -> str:
        return f"{SPARE_ACCOUNT_REF}{self.slug}"


_BY_HAND: Final = (
    ("Kontor Hafenlicht", "DE", "Hamburg", "20457", "Good things for home and desk.", ("home", "leisure")),
    ("Bergzeit Laden", "AT", "Innsbruck", "6020", "Outfitters from the mountains.", ("sports", "fashion")),
    (
        "Maison du Port",
        "FR",
        "Nantes",
        "44000",
        "A family shop at the harbour since 1974.",
        ("home", "fashion", "beauty"),
    ),
    (
        "Grachten Goods",
        "NL",
        "Utrecht",
        "3511",
        "Well made, fairly priced, sent by bike.",
        ("electronics", "sports"),
    ),
    ("Bottega Sette", "IT", "Turin", "10123", "Seven makers, one shop.", ("fashion", "home")),
    ("Casa Levante", "ES", "Valencia", "46003", "Light and colour for every room.", ("home", "garden")),
    ("Nordlys Market", "FI", "Turku", "20100", "Quiet design for loud days.", ("electronics", "home")),
    (
        "Second Spring",
        "IE",
        "Galway",
        "H91",
        "Used and refurbished, checked by hand.",
        ("electronics", "fashion", "leisure"),
    ),
    ("Thames Supply", "GB", "London", "SE1 9TG", "Supplies for town and country.", ("tools", "garden")),
    ("Redwood Trading", "US", "Portland", "97205", "Made to last, sent across the ocean.", ("music", "tools")),
)
_MORE: Final = (
    ("Alsterhaus Sieben", "DE", "Hamburg", "20095"), ("Isarwinkel", "DE", "Munich", "80331"),
    ("Werkstatt Linden", "DE", "Hanover", "30451"), ("Elbwerk", "DE", "Dresden", "01067"),
    ("Rheinlauf", "DE", "Cologne", "50667"), ("Kiezkram", "DE", "Berlin", "10997"),
    ("Pfalzkontor", "DE", "Mannheim", "68159"), ("Nordring", "DE", "Kiel", "24103"),
    ("Saalehof", "DE", "Jena", "07743"), ("Mainufer", "DE", "Frankfurt", "60311"),
    ("Schwarzwald & Sohn", "DE", "Freiburg", "79098"), ("Havelladen", "DE", "Potsdam", "14467"),
    ("Donaukanal", "AT", "Vienna", "1020"), ("Murinsel", "AT", "Graz", "8010"),
    ("Salzkammer", "AT", "Salzburg", "5020"), ("Inntaler", "AT", "Kufstein", "6330"),
    ("Atelier Garonne", "FR", "Bordeaux", "33000"), ("Chez Lucie", "FR", "Lille", "59000"),
    ("Les Halles du Sud", "FR", "Marseille", "13002"), ("Papier Bleu", "FR", "Paris", "75011"),
    ("La Petite Forge", "FR", "Lyon", "69001"), ("Rive Gauche Sports", "FR", "Paris", "75006"),
    ("Jardin d'Armor", "FR", "Rennes", "35000"), ("Comptoir Alpin", "FR", "Grenoble", "38000"),
    ("Maasstad Winkel", "NL", "Rotterdam", "3011"), ("Het Blauwe Huis", "NL", "Haarlem", "2011"),
    ("Fietsen van Vliet", "NL", "Delft", "2611"), ("Polderwerk", "NL", "Zwolle", "8011"),
    ("Zuiderlicht", "NL", "Maastricht", "6211"), ("Officina Naviglio", "IT", "Milan", "20144"),
    ("Piazza Otto", "IT", "Bologna", "40121"), ("Lago & Lago", "IT", "Como", "22100"),
    ("Bottega Arno", "IT", "Florence", "50122"), ("Vesuvio Casa", "IT", "Naples", "80134"),
    ("Trieste Mare", "IT", "Trieste", "34121"), ("Taller Sol", "ES", "Seville", "41001"),
    ("Ramblas Once", "ES", "Barcelona", "08002"), ("La Mancha Directo", "ES", "Toledo", "45001"),
    ("Bilbao Norte", "ES", "Bilbao", "48005"), ("Azulejo", "ES", "Malaga", "29015"),
    ("Meirhuis", "BE", "Antwerp", "2000"), ("Gentse Waar", "BE", "Ghent", "9000"),
    ("Les Ardennes", "BE", "Namur", "5000"), ("Kallio Kauppa", "FI", "Helsinki", "00530"),
    ("Tampereen Tori", "FI", "Tampere", "33100"), ("Liffey Lane", "IE", "Dublin", "D01"),
    ("Pennine Outfitters", "GB", "Leeds", "LS1 4DY"), ("Clyde & Co Goods", "GB", "Glasgow", "G1 1XQ"),
    ("Severn Makers", "GB", "Bristol", "BS1 4RN"), ("Hudson Hardware", "US", "New York", "10013"),
)  # fmt: skip
_ABOUTS: Final = (
    "A small team that tries everything it sells.",
    "Family-run, with a workshop in the yard.",
    "Ask us: we know each thing on our shelves.",
    "Chosen by people who use it themselves.",
    "Fair prices, quick parcels, real answers.",
)
_CURRENCIES: Final = {"GB": "GBP", "US": "USD"}


def _shop(
    number: int, name: str, country: str, city: str, postal_code: str, about: str, roots: tuple[str, ...]
) -> Shop:
    slug = "-".join("".join(sign if sign.isalnum() else " " for sign in name.lower()).split())
    return Shop(number, name, slug, country, _CURRENCIES.get(country, "EUR"), city, about, roots, postal_code)


def _roots(number: int) -> tuple[str, ...]:
    """Two neighbouring roots and one farther off, round and round, so that all have about as many shops."""
    slugs = [root.slug for root in ROOTS]
    return tuple(dict.fromkeys(slugs[(number + step) % len(slugs)] for step in (0, 1, 4 + number % 3)))


SHOPS: Final[tuple[Shop, ...]] = (
    *(_shop(number, *written) for number, written in enumerate(_BY_HAND, 1)),
    *(
        _shop(number, *named, _ABOUTS[number % len(_ABOUTS)], _roots(number))
        for number, named in enumerate(_MORE, len(_BY_HAND) + 1)
    ),
)
_SELLING: Final = {root.slug: tuple(shop for shop in SHOPS if root.slug in shop.roots) for root in ROOTS}


def shop_for(root: str, product_number: int, place: int) -> Shop:
    """Who makes the offer number `place` of a product: another shop for each place up to OFFERS_MAX."""
    candidates = _SELLING[root]
    return candidates[(product_number * 7 + place) % len(candidates)]
