"""Reviews as their readers see them, one by one and by order, and the counts of stars.

Invariant: who wrote a review is shown as a first name and an initial; whoever may not read a review gets none from
`reviews_for`, and lists (`list_reads.py`) have the same rule in their WHERE.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.orders.model import PARTS_MAX
from domain.reviews.access import may_read, writes_for
from domain.reviews.eligibility import edit_until
from domain.reviews.model import REVIEW_TRANSITIONS, STARS, Review, ReviewKind, ReviewStatus, ReviewTally
from domain.shared.actor import Actor
from domain.shared.database import Query, Reads, table
from domain.shared.transitions import Party
from domain.users.model import User, UserStatus

NAME_MAX: Final = 30
NAMELESS: Final = "A customer"
FORMER: Final = "A former customer"

_reviews, _users, _tallies = table(Review), table(User), table(ReviewTally)


@dataclass(frozen=True, slots=True)
class ReviewView:
    id: UUID
    kind: ReviewKind
    order_id: UUID
    order_line_id: UUID | None
    listing_id: UUID | None
    seller_id: UUID
    buyer_id: UUID
    author_id: UUID
    author_display_name: str
    author_status: UserStatus
    rating: int
    title: str
    body: str
    status: ReviewStatus
    status_reason: str
    reply: str
    replied_at: datetime | None
    reply_removed_at: datetime | None
    open_reports: int
    created_at: datetime
    edited_at: datetime | None

    @property
    def author_name(self) -> str:
        """What others read of a buyer who wrote it."""
        return FORMER if self.author_status is UserStatus.ERASED else shown_name(self.author_display_name)

    def actions(self, actor: Actor, now: datetime) -> tuple[str, ...]:
        """What the actor may do to it now, as use cases would allow it."""
        published = self.status is ReviewStatus.PUBLISHED
        mine = writes_for(actor, self)
        answered = self.kind is not ReviewKind.BUYER and actor.seller_id == self.seller_id
        may = {
            "EDIT": mine and self.status is not ReviewStatus.REMOVED and now < edit_until(self.created_at),
            "REPLY": answered and published and self.reply_removed_at is None and actor.user_id is not None,
            "REPORT": actor.user_id is not None and not mine and may_read(actor, self),
        }
        actions = [action for action, allowed in may.items() if allowed]
        if actor.is_moderator:
            actions += REVIEW_TRANSITIONS.actions(self.status, Party.ADMIN)
            actions += ["REMOVE_REPLY"] if self.reply else []
        return tuple(actions)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many published reviews there are of each number of stars."""

    subject_id: UUID
    stars_5: int
    stars_4: int
    stars_3: int
    stars_2: int
    stars_1: int

    def counts(self) -> dict[int, int]:
        """Five stars first."""
        return {stars: getattr(self, f"stars_{stars}") for stars in STARS}


def shown_name(display_name: str) -> str:
    """`Anna Maria Schmidt` -> `Anna S.`; of a name that is an address, or has no letters, nothing."""
    words = [word for word in display_name.split() if word[0].isalpha() and "@" not in word]
    if not words:
        return NAMELESS
    initial = f" {words[-1][0].upper()}." if len(words) > 1 else ""
    return words[0][:NAME_MAX] + initial


_COMPUTED: Final = {"author_display_name": _users.c.display_name, "author_status": _users.c.status}
REVIEW: Final[Any] = select(
    *(_COMPUTED[name] if name in _COMPUTED else _reviews.c[name] for name in ReviewView.__dataclass_fields__)
).join(_users, _users.c.id == _reviews.c.author_id)
"""The columns of a view; lists narrow it down."""

_BY_IDS = Query(REVIEW.where(_reviews.c.id == func.any(bindparam("ids"))), ReviewView)
_OF_ORDERS = Query(
    REVIEW.where(_reviews.c.order_id == func.any(bindparam("ids")))
    .order_by(_reviews.c.order_id, _reviews.c.id)
    .limit(bindparam("rows")),
    ReviewView,
)
_TALLIES = Query(
    select(_tallies.c.subject_id, *(_tallies.c[f"stars_{stars}"] for stars in STARS)).where(
        _tallies.c.kind == bindparam("kind"), _tallies.c.subject_id == func.any(bindparam("ids"))
    ),
    Tally,
)


async def reviews_for(reads: Reads, ids: Sequence[UUID], actor: Actor) -> Mapping[UUID, ReviewView]:
    """Those of the reviews that the actor may read."""
    return {review.id: review for review in await reads.all(_BY_IDS, ids=list(ids)) if may_read(actor, review)}


async def reviews_by_orders(reads: Reads, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[ReviewView]]:
    """All that was written about each order, by either side and in any status, oldest first.

    It tells what may still be written; who shows them asks `may_read` of each.
    """
    found: dict[UUID, list[ReviewView]] = defaultdict(list)
    for review in await reads.all(_OF_ORDERS, ids=list(order_ids), rows=PARTS_MAX * len(order_ids)):
        found[review.order_id].append(review)
    return found


async def tallies_of_listings(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, Tally]:
    """Those without a review yet are left out, here and below."""
    return await _tallies_of(reads, ReviewKind.LISTING, ids)


async def tallies_of_sellers(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, Tally]:
    return await _tallies_of(reads, ReviewKind.SELLER, ids)


async def tallies_of_buyers(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, Tally]:
    return await _tallies_of(reads, ReviewKind.BUYER, ids)


async def _tallies_of(reads: Reads, kind: ReviewKind, ids: Sequence[UUID]) -> Mapping[UUID, Tally]:
    return {tally.subject_id: tally for tally in await reads.all(_TALLIES, kind=kind.value, ids=list(ids))}
