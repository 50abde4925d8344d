"""Search as a port: what is asked, what is answered, and how documents get there.

Invariant: every adapter gives the same meaning to filters, facets, sorts and positions; one contract suite holds them
to it. Listings are found as documents; whether a viewer may see one is decided where its row is read.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from domain.catalog.model import Condition, Fulfilment
from domain.inventory.model import StockStatus
from domain.shared.paging import KeyValue

TEXT_MAX: Final = 200
"""Characters of a text that are looked at; the rest is ignored."""
DEPTH_MAX: Final = 10_000
"""Hits that can be reached by page number."""
FACET_VALUES_MAX: Final = 30
FACETS_MAX: Final = 12
EARTH_RADIUS_M: Final = 6_371_009


class SearchSort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    POPULARITY = "popularity"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"
    RATING = "rating"
    DISTANCE = "distance"
    """Only with `near`."""


class Match(StrEnum):
    """How a text was matched in the end: stricter ways are tried first."""

    EVERYTHING = "everything"
    """No text was given."""
    ALL = "all"
    PREFIX = "prefix"
    """All words, the last one as a beginning."""
    ANY = "any"
    """Some of the words; documents with all of them come first."""


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Bounds on the lowest price of a listing, in minor units, both included."""

    min_minor: int | None = None
    max_minor: int | None = None


@dataclass(frozen=True, slots=True)
class AttributeFilter:
    """One of the values; several filters must all hold."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Places whose great-circle distance from here is at most `within_m` metres, on a sphere of EARTH_RADIUS_M."""

    latitude: float
    longitude: float
    within_m: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """`after` is a hit's position, `page` a number from 1; not both.

    `currency` leaves only prices in it. Without it prices of several currencies are never compared with each other:
    sorted by price, they come one currency after the other.
    """

    text: str = ""
    category_path: str | None = None
    currency: str | None = None
    price: PriceRange | None = None
    brands: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    fulfilments: tuple[Fulfilment, ...] = ()
    """One of the ways in which it can be had."""
    attributes: tuple[AttributeFilter, ...] = ()
    seller_id: UUID | None = None
    in_stock_only: bool = False
    near: Near | None = None
    sort: SearchSort = SearchSort.RELEVANCE
    first: int = 20
    after: tuple[KeyValue, ...] | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text was taken for: its words (after correction) and the way they were matched."""

    text: str
    match: Match


@dataclass(frozen=True, slots=True)
class Hit:
    """`position` is where the next page starts after this hit; it is only good for the same query and sort.

    `signals` are the values that the score was made of, by name; `ranking.explained` tells what they counted.
    """

    listing_id: UUID
    score: float
    signals: Mapping[str, float]
    position: tuple[KeyValue, ...]
    distance_m: int | None = None
    """In metres, from the place that the query is near to."""


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """`corrected_text`: nothing was found for the words as given, so these were searched for instead."""

    hits: tuple[Hit, ...]
    has_next: bool
    reading: Reading
    corrected_text: str | None = None
    degraded: bool = False


class FacetKind(StrEnum):
    CATEGORY = "category"
    PRICE = "price"
    BRAND = "brand"
    CONDITION = "condition"
    FULFILMENT = "fulfilment"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True)
class FacetValue:
    """`value` is what a filter takes. Price ranges have bounds instead, the upper one not included."""

    value: str
    count: int
    min_minor: int | None = None
    max_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """Counts over what the other filters leave: a facet's own filter does not narrow it.

    `estimated`: so many match that only some, drawn at random, were counted, and the counts scaled to all of them.
    """

    kind: FacetKind
    name: str
    values: tuple[FacetValue, ...]
    currency: str | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """Counted to COUNT_MAX."""

    value: int
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDocument:
    """A listing as it can be found. `signals` are those of `ranking.py` that do not depend on the query."""

    listing_id: UUID
    seller_id: UUID
    title: str
    brand: str
    description: str
    category_paths: tuple[str, ...]
    category_names: tuple[str, ...]
    condition: Condition
    currency: str
    price_min_minor: int
    price_max_minor: int
    stock_status: StockStatus
    rating_millis: int | None
    rating_count: int
    popularity: int
    published_at: datetime
    attributes: tuple[tuple[str, str], ...]
    """Names and values to search for as text."""
    facets: tuple[tuple[str, str], ...]
    """Those of them that are filtered and counted by; names and values of at most 200 characters."""
    signals: Mapping[str, float]
    quality: float
    as_of: datetime
    fulfilments: tuple[Fulfilment, ...] = (Fulfilment.SHIP,)
    latitude: float | None = None
    """The public place; both or none."""
    longitude: float | None = None


class Rebuild(Protocol):
    """An index in the making."""

    async def write(self, documents: Sequence[SearchDocument]) -> None: ...


class SearchIndex(Protocol):
    """Every call ends within its adapter's time limit, or raises SearchUnavailable."""

    async def search(self, query: SearchQuery) -> SearchAnswer:
        """A page of hits. Raises CursorMismatch for a position that no hit of such a query has."""
        ...

    async def facets(self, query: SearchQuery, reading: Reading) -> tuple[Facet, ...]:
        """Counts for the same query; `reading` is that of its answer."""
        ...

    async def count(self, query: SearchQuery, reading: Reading) -> Total: ...

    async def suggest(self, prefix: str, limit: int) -> list[str]:
        """Whole words and phrases that begin so, the most frequent first."""
        ...

    async def write(self, documents: Sequence[SearchDocument]) -> None:
        """Adds or replaces documents, unless there is a newer reading of them."""
        ...

    async def remove(self, listing_ids: Sequence[UUID], as_of: datetime) -> None:
        """Takes documents away, unless there is a reading newer than `as_of`."""
        ...

    async def older_than(self, moment: datetime, limit: int) -> list[UUID]:
        """Listings whose documents were read before a moment, the oldest first."""
        ...

    def rebuild(self, started_at: datetime) -> AbstractAsyncContextManager[Rebuild]:
        """A new index from nothing, searched once the block has ended well; what it lacks is then gone.

        What `write` and `remove` bring meanwhile must be in it as well. `started_at` is a time of the database.
        """
        ...

    async def tidy(self) -> None:
        """Housekeeping of moderate size, called every few minutes."""
        ...
