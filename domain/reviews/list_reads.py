"""Lists of reviews, page by page: of a listing, of a shop, of a buyer, of those who look after all.

Invariant: every list has one condition that says whose it is and what of it may be read, and an index for it.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, text, true

from domain.reviews.model import FOR_SHOP, OF_LISTING, OF_SHOP, REPORTED, Review, ReviewKind, ReviewStatus
from domain.reviews.reads import REVIEW, ReviewView
from domain.shared.database import Query, Reads, table
from domain.shared.errors import InvalidInput
from domain.shared.paging import COUNT_MAX, CursorMismatch, Keyset, Page, PageRequest

_reviews = table(Review)


class ReviewSort(StrEnum):
    NEWEST = "newest"
    HIGHEST = "highest"
    LOWEST = "lowest"


class Scope(StrEnum):
    """Whose list it is, and what of it its readers may see."""

    LISTING = "listing"
    """Published ones of a listing, for everybody."""
    SHOP = "shop"
    """Published ones of a shop, for everybody."""
    SHOP_DESK = "shop_desk"
    """Published ones of a shop and its listings, for its members."""
    SHOP_WROTE = "shop_wrote"
    """What a shop wrote of its buyers, in any status."""
    BUYER_WROTE = "buyer_wrote"
    """What a buyer wrote, in any status."""
    ABOUT_BUYER = "about_buyer"
    """What shops say of a buyer, for the buyer."""
    ALL = "all"
    """For moderators."""


_CONDITIONS: Final[dict[Scope, tuple[Any, Any]]] = {
    Scope.LISTING: (text(OF_LISTING), _reviews.c.listing_id),
    Scope.SHOP: (text(OF_SHOP), _reviews.c.seller_id),
    Scope.SHOP_DESK: (text(FOR_SHOP), _reviews.c.seller_id),
    Scope.SHOP_WROTE: (text("review.kind = 'buyer'"), _reviews.c.seller_id),
    Scope.BUYER_WROTE: (text("review.kind <> 'buyer'"), _reviews.c.buyer_id),
    Scope.ABOUT_BUYER: (text("review.kind = 'buyer' AND review.status = 'published'"), _reviews.c.buyer_id),
    Scope.ALL: (true(), None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewList:
    """Which reviews, and in which order. `subject_id` is the listing, shop or buyer of the scope."""

    scope: Scope
    subject_id: UUID | None = None
    sort: ReviewSort = ReviewSort.NEWEST
    rating: int | None = None
    kind: ReviewKind | None = None
    status: ReviewStatus | None = None
    unanswered: bool = False
    reported: bool = False

    def keyset(self) -> Keyset:
        wanted = self.rating, self.kind and self.kind.value, self.status and self.status.value
        return Keyset.of(self.sort.value, self.scope.value, self.subject_id, *wanted, self.unanswered, self.reported)

    def parameters(self) -> dict[str, Any]:
        """Raises InvalidInput for a rating that is none."""
        if self.rating is not None and not 1 <= self.rating <= 5:
            raise InvalidInput.at("rating", "OUT_OF_RANGE", "Ratings are 1 to 5 stars.")
        given = {
            "subject_id": self.subject_id,
            "rating": self.rating,
            "kind": self.kind and self.kind.value,
            "status": self.status and self.status.value,
        }
        return {name: value for name, value in given.items() if value is not None}


async def reviews_page(reads: Reads, wanted: ReviewList, request: PageRequest) -> Page[ReviewView]:
    """Of equal rating the newest first. Raises CursorMismatch, InvalidInput."""
    parameters = wanted.parameters() | {"limit": request.first + 1}
    if request.key is not None:
        parameters |= _place(wanted.sort, request)
    shape = (wanted.scope, tuple(sorted(wanted.parameters())), wanted.unanswered, wanted.reported)
    query = _page(*shape, wanted.sort, request.key is not None, request.backwards)
    rows = await reads.all(query, **parameters)
    by_rating = wanted.sort is not ReviewSort.NEWEST
    return wanted.keyset().page(request, rows, lambda view: (view.rating, view.id) if by_rating else (view.id,))


async def count_reviews(reads: Reads, wanted: ReviewList) -> int:
    """At most COUNT_MAX + 1."""
    parameters = wanted.parameters()
    query = _count(wanted.scope, tuple(sorted(parameters)), wanted.unanswered, wanted.reported)
    return int(await reads.scalar(query.statement, **parameters))


def _place(sort: ReviewSort, request: PageRequest) -> dict[str, Any]:
    place: dict[str, Any] = {"after_id": request.key_id()}
    if sort is ReviewSort.NEWEST:
        return place
    try:
        rating, _ = request.key or ()
        return place | {"after_rating": int(str(rating))}
    except ValueError as fault:
        raise CursorMismatch() from fault


def _filtered(
    statement: Select[Any], scope: Scope, given: tuple[str, ...], unanswered: bool, reported: bool
) -> Select[Any]:
    condition, subject = _CONDITIONS[scope]
    statement = statement.where(condition)
    if subject is not None:
        statement = statement.where(subject == bindparam("subject_id"))
    for name in given:
        if name != "subject_id":
            statement = statement.where(_reviews.c[name] == bindparam(name))
    if unanswered:
        statement = statement.where(_reviews.c.reply == "", _reviews.c.reply_removed_at.is_(None))
    return statement.where(text(REPORTED)) if reported else statement


@cache
def _page(
    scope: Scope,
    given: tuple[str, ...],
    unanswered: bool,
    reported: bool,
    sort: ReviewSort,
    keyed: bool,
    backwards: bool,
) -> Query[ReviewView]:
    statement = _filtered(REVIEW, scope, given, unanswered, reported).limit(bindparam("limit"))
    rating, id_ = _reviews.c.rating, _reviews.c.id
    if keyed:
        statement = statement.where(_beyond(sort, backwards))
    by_id = id_ if backwards else id_.desc()
    if sort is ReviewSort.NEWEST:
        return Query(statement.order_by(by_id), ReviewView)
    rises = (sort is ReviewSort.LOWEST) is not backwards
    return Query(statement.order_by(rating if rises else rating.desc(), by_id), ReviewView)


def _beyond(sort: ReviewSort, backwards: bool) -> ColumnElement[bool]:
    """What comes after the key: of equal rating by id, the newest first whatever the ratings do."""
    rating, id_ = _reviews.c.rating, _reviews.c.id
    after_id = bindparam("after_id", type_=id_.type)
    next_id = id_ > after_id if backwards else id_ < after_id
    if sort is ReviewSort.NEWEST:
        return next_id
    after_rating = bindparam("after_rating", type_=rating.type)
    rises = (sort is ReviewSort.LOWEST) is not backwards
    next_rating = rating > after_rating if rises else rating < after_rating
    # The first condition follows from the second; it is what an index can begin at.
    begin = rating >= after_rating if rises else rating <= after_rating
    return and_(begin, or_(next_rating, and_(rating == after_rating, next_id)))


@cache
def _count(scope: Scope, given: tuple[str, ...], unanswered: bool, reported: bool) -> Query[int]:
    inner = _filtered(select(_reviews.c.id), scope, given, unanswered, reported).limit(COUNT_MAX + 1)
    return Query(select(func.count()).select_from(inner.subquery()), int)
