"""Where demo listings are: second-hand things stand somewhere in their shop's town, new ones on a shop's counter.

Invariant: whatever is fetched has a place, and buyers see it rounded as sellers' own places are.
"""

from typing import Final

from app.demo.ids import draws
from app.demo.listings import DemoListing
from app.demo.rows import Rows
from domain.catalog.model import Fulfilment, ListingPlace, ways_of
from domain.catalog.places import rounded

TOWNS: Final = {
    "Antwerp": (51.2194, 4.4025), "Barcelona": (41.3874, 2.1686), "Berlin": (52.5200, 13.4050),
    "Bilbao": (43.2630, -2.9350), "Bologna": (44.4949, 11.3426), "Bordeaux": (44.8378, -0.5792),
    "Bristol": (51.4545, -2.5879), "Cologne": (50.9375, 6.9603), "Como": (45.8081, 9.0852),
    "Delft": (52.0116, 4.3571), "Dresden": (51.0504, 13.7373), "Dublin": (53.3498, -6.2603),
    "Florence": (43.7696, 11.2558), "Frankfurt": (50.1109, 8.6821), "Freiburg": (47.9990, 7.8421),
    "Galway": (53.2707, -9.0568), "Ghent": (51.0543, 3.7174), "Glasgow": (55.8642, -4.2518),
    "Graz": (47.0707, 15.4395), "Grenoble": (45.1885, 5.7245), "Haarlem": (52.3874, 4.6462),
    "Hamburg": (53.5511, 9.9937), "Hanover": (52.3759, 9.7320), "Helsinki": (60.1699, 24.9384),
    "Innsbruck": (47.2692, 11.4041), "Jena": (50.9271, 11.5892), "Kiel": (54.3233, 10.1228),
    "Kufstein": (47.5833, 12.1692), "Leeds": (53.8008, -1.5491), "Lille": (50.6292, 3.0573),
    "London": (51.5072, -0.1276), "Lyon": (45.7640, 4.8357), "Maastricht": (50.8514, 5.6910),
    "Malaga": (36.7213, -4.4213), "Mannheim": (49.4875, 8.4660), "Marseille": (43.2965, 5.3698),
    "Milan": (45.4642, 9.1900), "Munich": (48.1351, 11.5820), "Namur": (50.4674, 4.8720),
    "Nantes": (47.2184, -1.5536), "Naples": (40.8518, 14.2681), "New York": (40.7128, -74.0060),
    "Paris": (48.8566, 2.3522), "Portland": (45.5152, -122.6784), "Potsdam": (52.3906, 13.0645),
    "Rennes": (48.1173, -1.6778), "Rotterdam": (51.9244, 4.4777), "Salzburg": (47.8095, 13.0550),
    "Seville": (37.3891, -5.9845), "Tampere": (61.4978, 23.7610), "Toledo": (39.8628, -4.0273),
    "Trieste": (45.6495, 13.7768), "Turin": (45.0703, 7.6869), "Turku": (60.4518, 22.2666),
    "Utrecht": (52.0907, 5.1214), "Valencia": (39.4699, -0.3763), "Vienna": (48.2082, 16.3738),
    "Zwolle": (52.5168, 6.0830),
}  # fmt: skip
SPREAD_DEGREES: Final = 0.03
"""Listings of a town lie within about three kilometres of its middle."""


def add_place(rows: Rows, listing: DemoListing) -> None:
    """New things come by parcel from anywhere, unless their shop hands them over; the others are somewhere."""
    if not (listing.is_second_hand or listing.pickup_too):
        return
    shop, fetched = listing.shop, Fulfilment.PICKUP in ways_of(listing.fulfilment, listing.pickup_too)
    # A shop has one counter, its used things stand in the barns and flats that they come from.
    number = listing.number if listing.is_second_hand else shop.number
    draw = draws("place" if listing.is_second_hand else "counter", number)
    latitude, longitude = (round(at + draw.uniform(-SPREAD_DEGREES, SPREAD_DEGREES), 5) for at in TOWNS[shop.city])
    public_latitude, public_longitude = rounded(latitude, longitude)
    rows.add(
        ListingPlace,
        {
            "listing_id": listing.id,
            "latitude": latitude,
            "longitude": longitude,
            "public_latitude": public_latitude,
            "public_longitude": public_longitude,
            "locality": shop.city,
            "postal_code": shop.postal_code,
            "country": shop.country,
            "line1": f"Harbour Lane {1 + number % 90}" if fetched else "",
            "instructions": "Ring twice; weekdays from ten to six." if fetched else "",
            "updated_at": listing.published_at,
        },
    )
