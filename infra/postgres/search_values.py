"""Facet values by number: documents hold numbers, which are counted several times faster than words.

Invariant: a value keeps its number for ever, so numbers may be remembered by every process without asking again.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import asyncpg

from domain.search.ports import FacetKind
from infra.postgres.search_text import Connection

REMEMBERED_MAX: Final = 100_000

_FIND: Final = """
SELECT id, kind, name, value FROM search_value
WHERE (kind, name, value) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))
"""
_ADD: Final = """
INSERT INTO search_value (kind, name, value)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
"""
_NAMES: Final = "SELECT id, kind, name, value FROM search_value WHERE id = ANY($1::int[])"


class Value(NamedTuple):
    """One value of a facet. `name` is that of an attribute, the currency of a price range, else empty."""

    kind: FacetKind
    name: str
    value: str


class Values:
    """The numbers known so far; what is not known is looked up once."""

    def __init__(self, remembered_max: int = REMEMBERED_MAX) -> None:
        self._remembered_max = remembered_max
        self._ids: dict[Value, int] = {}
        self._values: dict[int, Value] = {}

    async def ids(self, connection: Connection, wanted: Iterable[Value]) -> dict[Value, int]:
        """Numbers of those values that any document has or had."""
        asked = list(dict.fromkeys(wanted))
        known = {value: self._ids[value] for value in asked if value in self._ids}
        unknown = [value for value in asked if value not in known]
        if unknown:
            known |= {value: id_ for id_, value in self._remember(await connection.fetch(_FIND, *_columns(unknown)))}
        return known

    async def numbered(self, connection: Connection, wanted: Iterable[Value]) -> dict[Value, int]:
        """Numbers of all values, given to those that have none. Not remembered: the transaction may yet fail."""
        asked = sorted(set(wanted))
        await connection.execute(_ADD, *_columns(asked))
        rows = await connection.fetch(_FIND, *_columns(asked))
        return {Value(FacetKind(kind), name, value): id_ for id_, kind, name, value in rows}

    async def values(self, connection: Connection, ids: Iterable[int]) -> dict[int, Value]:
        asked = list(ids)
        known = {id_: self._values[id_] for id_ in asked if id_ in self._values}
        unknown = [id_ for id_ in asked if id_ not in known]
        if unknown:
            known |= self._remember(await connection.fetch(_NAMES, unknown))
        return known

    def _remember(self, rows: Iterable[asyncpg.Record]) -> list[tuple[int, Value]]:
        """What was read. Beyond the limit everything older is forgotten, so whoever asked has taken theirs before."""
        found = [(id_, Value(FacetKind(kind), name, value)) for id_, kind, name, value in rows]
        if len(self._values) + len(found) > self._remembered_max:
            self._ids.clear()
            self._values.clear()
        self._values.update(found)
        self._ids.update((value, id_) for id_, value in found)
        return found


def _columns(values: Sequence[Value]) -> tuple[list[str], list[str], list[str]]:
    return ([value.kind.value for value in values], [value.name for value in values], [value.value for value in values])
