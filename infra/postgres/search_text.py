"""A text as full-text queries: strict first, then looser, with misspelt words put right.

Invariant: only words that went through `query_words` stand in a query, each in quotes, so nothing typed is syntax.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from domain.search.ports import Match, Reading
from domain.search.words import SYNONYMS, deletions, distance, edits_allowed, query_words

Connection = asyncpg.Connection | PoolConnectionProxy

ENOUGH: Final = 20
"""With fewer matches of all words, those of some of them follow."""
CANDIDATES_MAX: Final = 200

_PROBE: Final = """
SELECT complete, complete = 0 AND EXISTS (SELECT FROM search_document WHERE vector @@ to_tsquery('english', $2))
FROM (SELECT count(*) AS complete
      FROM (SELECT FROM search_document WHERE vector @@ to_tsquery('english', $1) LIMIT $3) few) probed
"""
_UNKNOWN: Final = """
SELECT word FROM unnest($1::text[]) WITH ORDINALITY asked(word, place)
WHERE numnode(to_tsquery('english', quote_literal(word))) > 0
    AND NOT EXISTS (SELECT FROM search_document WHERE vector @@ to_tsquery('english', quote_literal(word)))
ORDER BY place
"""
_CANDIDATES: Final = "SELECT term, documents FROM search_term WHERE keys && $1::text[] ORDER BY documents DESC LIMIT $2"


@dataclass(frozen=True, slots=True)
class TextQuery:
    """The text of `to_tsquery`: `matching` finds, `complete` tells which of the found have all words."""

    matching: str
    complete: str


def text_query(reading: Reading) -> TextQuery:
    words = query_words(reading.text)
    every = " & ".join(_alternatives(word) for word in words)
    if reading.match is Match.ANY:
        return TextQuery(" | ".join(_alternatives(word) for word in words), every)
    if reading.match is Match.PREFIX:
        every = " & ".join([*(_alternatives(word) for word in words[:-1]), f"'{words[-1]}':*"])
    return TextQuery(every, every)


def _alternatives(word: str) -> str:
    """A word or what else it may be called: `('laptop' | 'notebook')`."""
    forms = [f"'{word}'"]
    for other in SYNONYMS.get(word, ()):
        parts = " <-> ".join(f"'{part}'" for part in other.split())
        forms.append(parts)
    return f"({' | '.join(forms)})" if len(forms) > 1 else forms[0]


async def read_text(connection: Connection, text: str) -> tuple[Reading, str | None]:
    """How to match a text, and the corrected text if it had to be corrected.

    Which filters are set makes no difference: ticking one must not turn the words into others.
    """
    words = query_words(text)
    if not words:
        return Reading("", Match.EVERYTHING), None
    reading = await _by_words(connection, " ".join(words))
    if reading is not None:
        return reading, None
    corrected = await _corrected(connection, words)
    if corrected != words:
        joined = " ".join(corrected)
        return await _by_words(connection, joined) or Reading(joined, Match.ANY), joined
    return Reading(" ".join(words), Match.ANY), None


async def _by_words(connection: Connection, text: str) -> Reading | None:
    """None when no document has all words, not even with the last as a beginning."""
    strict, loose = (text_query(Reading(text, match)).matching for match in (Match.ALL, Match.PREFIX))
    found = await connection.fetchrow(_PROBE, strict, loose, ENOUGH)
    assert found is not None
    complete, beginning = found
    if complete >= ENOUGH or (complete > 0 and " " not in text):
        return Reading(text, Match.ALL)
    if complete > 0:
        return Reading(text, Match.ANY)
    return Reading(text, Match.PREFIX) if beginning else None


async def _corrected(connection: Connection, words: Sequence[str]) -> list[str]:
    """Unknown words replaced by the nearest known ones, the more frequent first among equals."""
    unknown = {record["word"] for record in await connection.fetch(_UNKNOWN, list(words))}
    return [await _nearest(connection, word) if word in unknown else word for word in words]


async def _nearest(connection: Connection, word: str) -> str:
    allowed = edits_allowed(word)
    if allowed == 0:
        return word
    candidates = await connection.fetch(_CANDIDATES, sorted(deletions(word)), CANDIDATES_MAX)
    ranked = sorted((distance(word, each["term"]), -each["documents"], each["term"]) for each in candidates)
    return ranked[0][2] if ranked and ranked[0][0] <= allowed else word
