"""Pages of hits: order by one sort, go on after a position.

Invariant: every sort ends with the listing's id and runs in one direction, so a position is a row comparison and no
listing that stays as it is comes twice or not at all while others come and go.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.search.ports import Hit, Match, Reading, SearchQuery, SearchSort
from domain.search.ranking import ATTRIBUTES, BRAND, COMPLETE, DESCRIPTION, TEXT, TITLE, WEIGHTS
from domain.shared.paging import CursorMismatch, KeyValue
from infra.postgres.search_filters import Filters, where
from infra.postgres.search_parameters import Parameters
from infra.postgres.search_places import distance
from infra.postgres.search_text import text_query

TEXT_WEIGHTS: Final = f"'{{{ATTRIBUTES},{DESCRIPTION},{BRAND},{TITLE}}}'::float4[]"
"""As `ts_rank` takes them: D, C, B, A."""


@dataclass(frozen=True, slots=True)
class _Key:
    column: str
    type: str
    parse: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Order:
    keys: tuple[_Key, ...]
    descending: bool = True


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CursorMismatch()
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise CursorMismatch()
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise CursorMismatch()
    return value


def _time(value: Any) -> datetime:
    return datetime.fromisoformat(_text(value))


_PRICE: Final = (_Key("currency", "text", _text), _Key("price_min_minor", "bigint", _whole))
ORDERS: Final = {
    SearchSort.RELEVANCE: _Order((_Key("score", "float8", _number),)),
    SearchSort.NEWEST: _Order((_Key("published_at", "timestamptz", _time),)),
    SearchSort.POPULARITY: _Order((_Key("popularity", "bigint", _whole),)),
    SearchSort.PRICE_ASC: _Order(_PRICE, descending=False),
    SearchSort.PRICE_DESC: _Order(_PRICE),
    SearchSort.DISTANCE: _Order((_Key("distance", "bigint", _whole),), descending=False),
    SearchSort.RATING: _Order((_Key("rating_millis", "bigint", _whole), _Key("rating_count", "bigint", _whole))),
}


def reading_of(position: Sequence[KeyValue]) -> Reading:
    """A position carries how its text was read, so that later pages read it the same way."""
    try:
        return Reading(_text(position[1]), Match(_text(position[0])))
    except (ValueError, IndexError) as fault:
        raise CursorMismatch() from fault


def page_statement(filters: Filters, rows_max: int) -> tuple[str, list[Any]]:
    """The rows after the query's position, or those of its page."""
    parameters = Parameters()
    query, reading = filters.query, filters.reading
    order = ORDERS[query.sort]
    columns = [key.column for key in order.keys]
    complete, text = _text_signals(reading, parameters)
    conditions = filters.where(parameters)
    score = f"{WEIGHTS[COMPLETE]} * {complete} + {WEIGHTS[TEXT]} * {text} + quality"
    if reading.match is Match.EVERYTHING:
        score = "quality"
    direction = "DESC" if order.descending else "ASC"
    ordered = ", ".join(f"{column} {direction}" for column in (*columns, "listing_id"))
    after = [_after(query.after, order, parameters)] if query.after is not None else []
    keys = "".join(f", {column}" for column in columns if column not in {"score", "distance"})
    far = distance(query.near, parameters) if query.near is not None else "NULL::bigint"
    statement = (
        f"SELECT listing_id, score, complete, text, signals, distance{keys} FROM ("  # noqa: S608  # our own words and $n only
        f"SELECT listing_id, signals{keys}, {complete} AS complete, {text} AS text, {score} AS score,"
        f" {far} AS distance FROM search_document {conditions}) matched {where(after)}"
        f" ORDER BY {ordered} LIMIT {parameters.add(rows_max)}"
    )
    if query.page is not None:
        statement += f" OFFSET {parameters.add((query.page - 1) * query.first)}"
    return statement, parameters.values


def _text_signals(reading: Reading, parameters: Parameters) -> tuple[str, str]:
    """SQL for `complete` and `text`. Long titles that happen to have the word come after short ones."""
    if reading.match is Match.EVERYTHING:
        return "0::float8", "0::float8"
    asked = text_query(reading)
    matching = f"to_tsquery('english', {parameters.add(asked.matching)})"
    complete = "1::float8"
    if reading.match is Match.ANY:
        complete = f"(vector @@ to_tsquery('english', {parameters.add(asked.complete)}))::int::float8"
    return complete, f"(ts_rank({TEXT_WEIGHTS}, vector, {matching}) / ln(2 + title_words))::float8"


def _after(position: Sequence[KeyValue], order: _Order, parameters: Parameters) -> str:
    try:
        *values, id_ = position[2:]
        parsed = [key.parse(value) for key, value in zip(order.keys, values, strict=True)]
        listing_id = UUID(_text(id_))
    except ValueError as fault:
        raise CursorMismatch() from fault
    columns = ", ".join(key.column for key in order.keys)
    bounds = ", ".join(
        f"{parameters.add(value)}::{key.type}" for key, value in zip(order.keys, parsed, strict=True)
    )  # fmt: skip
    sign = "<" if order.descending else ">"
    return f"({columns}, listing_id) {sign} ({bounds}, {parameters.add(listing_id)}::uuid)"


def hit(row: asyncpg.Record, query: SearchQuery, reading: Reading) -> Hit:
    values = [row[key.column] for key in ORDERS[query.sort].keys]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    listing_id, signals = row["listing_id"], row["signals"]
    if reading.match is not Match.EVERYTHING:
        signals = {COMPLETE: row["complete"], TEXT: row["text"], **signals}
    return Hit(
        listing_id=listing_id,
        score=row["score"],
        signals=signals,
        position=(reading.match.value, reading.text, *plain, listing_id.hex),
        distance_m=row["distance"],
    )
