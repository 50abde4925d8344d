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

from app.demo import review_texts
from app.demo.copying import Row
from app.demo.ids import draws
from app.demo.rows import Rows
from app.demo.sales import DemoSale
from domain.reviews.counting import average_millis
from domain.reviews.model import STARS, Review, ReviewKey, ReviewKind

Tallies = dict[tuple[ReviewKind, UUID], Counter[int]]

_WEIGHTS: Final = (2, 3, 8, 30, 57)
"""How often one to five stars are given."""
LISTING_SHARE: Final = 0.65
SELLER_SHARE: Final = 0.5
BUYER_SHARE: Final = 0.15
REPLY_SHARE: Final = 0.2
CRITICAL_REPLY_SHARE: Final = 0.6


def add_reviews(rows: Rows, sale: DemoSale, tallies: Tallies) -> None:
    """Written within four weeks of the completion, but never after it would have been too late or is now."""
    draw, words = draws("reviews", sale.number), draws("review words", sale.number)
    mood = draw.choices(STARS, weights=_WEIGHTS)[0]
    if draw.random() < LISTING_SHARE:
        leaf, noun = sale.listing.product.leaf, sale.listing.product.noun
        said = {"noun": noun, "use": words.choice(leaf.uses), "feature": words.choice(leaf.features)}
        about = {"order_line_id": sale.id("order-line", 0), "listing_id": sale.listing.id}
        text = _text(review_texts.of_listing(mood, said, words))
        _add(rows, sale, ReviewKind.LISTING, mood, {**text, **about, **_reply(sale, mood, words)}, tallies)
    if draw.random() < SELLER_SHARE:
        stars = min(5, max(1, mood + draw.choice((0, 0, 1))))
        text = _text(review_texts.of_shop(stars, words))
        _add(rows, sale, ReviewKind.SELLER, stars, {**text, **_reply(sale, stars, words)}, tallies)
    if draw.random() < BUYER_SHARE:
        _add(rows, sale, ReviewKind.BUYER, 5, _text(review_texts.of_buyer(words)), tallies)


def _text(written: tuple[str, str]) -> Row:
    title, body = written
    return {"title": title, "body": body}


def _reply(sale: DemoSale, stars: int, draw: random.Random) -> Row:
    """Shops answer what is critical more often."""
    if draw.random() >= (REPLY_SHARE if stars >= 4 else CRITICAL_REPLY_SHARE):
        return {}
    text = review_texts.reply(stars, sale.listing.shop.city, draw)
    return {"reply": text, "replied_at": _written_at(sale) + timedelta(hours=5)}


def _written_at(sale: DemoSale) -> datetime:
    return sale.completed_at + timedelta(hours=1 + sale.number % 17)


def _add(rows: Rows, sale: DemoSale, kind: ReviewKind, stars: int, more: Row, tallies: Tallies) -> None:
    review_id = sale.id(f"review-{kind}", at=_written_at(sale))
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
