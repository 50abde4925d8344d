"""Reviews of past sales: of the thing, of the shop, of the buyer, with replies.

Invariant: every rating shown is that of the reviews that there are: each review is counted once, in the tally of what
it is about.
"""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.demo.copying import Row
from app.demo.ids import draws
from app.demo.rows import Rows
from app.demo.sales import DemoSale
from domain.reviews.counting import average_millis
from domain.reviews.model import STARS, Review, ReviewKey, ReviewKind

Tallies = dict[tuple[ReviewKind, UUID], Counter[int]]

_WEIGHTS: Final = (2, 3, 8, 30, 57)
"""How often one to five stars are given."""
_TITLES: Final = {
    1: ("Broken on arrival", "Not as described", "Would not buy again"),
    2: ("Disappointing", "Expected more", "Cheaply made"),
    3: ("Does what it should", "Mixed feelings", "All right for the price"),
    4: ("Good, with a small but", "Happy with it", "Well made"),
    5: ("Exactly right", "Better than expected", "Would buy again", "Wonderful"),
}
_BODIES: Final = {
    1: ("The {noun} stopped working after two days.", "Colour and size differ from the pictures."),
    2: ("The {noun} feels flimsy and the parcel took its time.", "It works, but {feature} is hardly there."),
    3: ("Nothing special, but the {noun} does its job.", "Good for {use}, less so for anything else."),
    4: ("I use the {noun} for {use} and like {feature}. One star off for the packaging.", "Nice {noun}, fair price."),
    5: (
        "I bought the {noun} for {use}, and it is perfect. {feature} makes the difference.",
        "Arrived early, well packed. The {noun} looks even better than in the pictures.",
        "After three months of {use}: still like new.",
    ),
}
_SELLER_TITLES: Final = {1: "No answer", 2: "Slow", 3: "Fine", 4: "Friendly and quick", 5: "A pleasure"}
_REPLIES: Final = (
    "Thank you, enjoy it!",
    "We are glad that you like it.",
    "Thank you for telling us: we talked to the maker about it.",
)
LISTING_SHARE: Final = 0.65
SELLER_SHARE: Final = 0.5
BUYER_SHARE: Final = 0.15
REPLY_SHARE: Final = 0.2


def add_reviews(rows: Rows, sale: DemoSale, tallies: Tallies) -> None:
    """Written within four weeks of the completion, but never after it would have been too late or is now."""
    draw = draws("reviews", sale.number)
    mood = draw.choices(STARS, weights=_WEIGHTS)[0]
    if draw.random() < LISTING_SHARE:
        leaf = sale.listing.product.leaf
        words = {
            "noun": sale.listing.product.noun,
            "use": draw.choice(leaf.uses),
            "feature": draw.choice(leaf.features),
        }
        text = {"title": draw.choice(_TITLES[mood]), "body": _sentence(draw.choice(_BODIES[mood]).format(**words))}
        about = {"order_line_id": sale.id("order-line", 0), "listing_id": sale.listing.id}
        _add(rows, sale, ReviewKind.LISTING, mood, {**text, **about, **_reply(sale, draw)}, tallies)
    if draw.random() < SELLER_SHARE:
        stars = min(5, max(1, mood + draw.choice((0, 0, 1))))
        _add(rows, sale, ReviewKind.SELLER, stars, {"title": _SELLER_TITLES[stars]}, tallies)
    if draw.random() < BUYER_SHARE:
        _add(rows, sale, ReviewKind.BUYER, 5, {"title": "Paid at once, kind words"}, tallies)


def _sentence(text: str) -> str:
    """Features begin in lower case and may stand first."""
    return ". ".join(part[:1].upper() + part[1:] for part in text.split(". "))


def _reply(sale: DemoSale, draw: random.Random) -> Row:
    if draw.random() >= REPLY_SHARE:
        return {}
    return {"reply": draw.choice(_REPLIES), "replied_at": _written_at(sale) + timedelta(hours=5)}


def _written_at(sale: DemoSale) -> datetime:
    return sale.completed_at + timedelta(hours=1 + sale.number % 17)


def _add(rows: Rows, sale: DemoSale, kind: ReviewKind, stars: int, more: Row, tallies: Tallies) -> None:
    review_id = sale.id(f"review-{kind}")
    by_shop = kind is ReviewKind.BUYER
    rows.add(
        Review,
        {
            "id": review_id,
            "kind": kind,
            "order_id": sale.order_id,
            "seller_id": sale.listing.shop.id,
            "buyer_id": sale.buyer_id,
            "author_id": sale.listing.shop.owner_id if by_shop else sale.buyer_id,
            "rating": stars,
            "counted_rating": stars,
            "created_at": _written_at(sale),
            **more,
        },
    )
    cause_id = more["order_line_id"] if kind is ReviewKind.LISTING else sale.order_id
    rows.add(ReviewKey, {"kind": kind, "cause_id": cause_id, "review_id": review_id})
    subjects = {
        ReviewKind.LISTING: sale.listing.id,
        ReviewKind.SELLER: sale.listing.shop.id,
        ReviewKind.BUYER: sale.buyer_id,
    }
    tallies[kind, subjects[kind]][stars] += 1


def shown_rating(counts: Counter[int]) -> Row:
    """The columns of a listing or shop with these reviews."""
    return {"rating_millis": average_millis(dict(counts)), "rating_count": counts.total()}


def tally_rows(tallies: Tallies, now: datetime, kinds: Iterable[ReviewKind]) -> list[Row]:
    wanted = frozenset(kinds)
    return [
        {"kind": kind, "subject_id": subject, **{f"stars_{stars}": counts[stars] for stars in STARS}, "updated_at": now}
        for (kind, subject), counts in tallies.items()
        if kind in wanted and counts.total()
    ]
