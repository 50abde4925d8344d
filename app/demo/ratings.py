"""Demo ratings: how many reviews of how many stars make about the average that was drawn.

Invariant: the average shown is that of the counts, so that the next real review goes on from there.
"""

from datetime import datetime
from math import comb
from typing import Final
from uuid import UUID

from app.demo.copying import Row
from domain.reviews.counting import average_millis
from domain.reviews.model import STARS, ReviewKind
from domain.shared.money import split

_SHARES: Final = 1_000_000


def star_counts(millis: int, count: int) -> dict[int, int]:
    """`count` reviews spread over one to five stars around an average of `millis` thousandths of a star."""
    above = (millis - 1_000) / 4_000
    shares = [int(_SHARES * comb(4, stars - 1) * above ** (stars - 1) * (1 - above) ** (5 - stars)) for stars in STARS]
    return dict(zip(STARS, split(count, shares), strict=True))


def shown(counts: dict[int, int]) -> Row:
    """The columns of a listing or shop with these reviews."""
    return {"rating_millis": average_millis(counts), "rating_count": sum(counts.values())}


def tally(kind: ReviewKind, subject_id: UUID, counts: dict[int, int], now: datetime) -> Row:
    columns = {f"stars_{stars}": number for stars, number in counts.items()}
    return {"kind": kind, "subject_id": subject_id, **columns, "updated_at": now}
