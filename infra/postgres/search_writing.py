"""Documents into the tables of the embedded search.

Invariant: a document is replaced or removed only by a reading that is not older than its own.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.search.ports import FacetKind, SearchDocument
from domain.search.words import deletions, normalised, terms_of
from infra.postgres.search_facets import price_value
from infra.postgres.search_text import Connection
from infra.postgres.search_values import Value, Values

DESCRIPTION_WORDS_MAX: Final = 1_000
WHOLE_SECONDS_MAX: Final = 600
"""For a statement that looks at every document: some seconds for a million, more than others are given."""

_COLUMNS: Final = (
    "listing_id", "seller_id", "currency", "price_min_minor", "stock_status", "rating_millis", "rating_count",
    "popularity", "published_at", "facet_ids", "title_words", "quality", "signals", "latitude", "longitude", "as_of",
    "terms",
)  # fmt: skip
_TEXTS: Final = len(_COLUMNS) + 1
_VECTOR: Final = " || ".join(
    f"setweight(to_tsvector('english', ${_TEXTS + place}), '{weight}')" for place, weight in enumerate("ABCD")
)
_WRITE: Final = f"""
INSERT INTO search_document ({", ".join(_COLUMNS)}, vector)
VALUES ({", ".join(f"${place}" for place in range(1, _TEXTS))}, {_VECTOR})
ON CONFLICT (listing_id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS[1:], "vector"))}
WHERE search_document.as_of <= excluded.as_of
"""  # noqa: S608  # our own words and $n only
_REMOVE: Final = "DELETE FROM search_document WHERE listing_id = ANY($1::uuid[]) AND as_of <= $2"
_ABSENT_TERMS: Final = """
SELECT term FROM unnest($1::text[]) asked(term)
WHERE NOT EXISTS (SELECT FROM search_term known WHERE known.term = asked.term AND known.documents > 0)
"""
_ADD_TERM: Final = """
INSERT INTO search_term (term, documents, keys) VALUES ($1, 1, $2)
ON CONFLICT (term) DO UPDATE SET documents = 1 WHERE search_term.documents = 0
"""
_COUNT_TERMS: Final = """
WITH counted AS (SELECT term, count(*)::int AS documents FROM search_document, unnest(terms) term GROUP BY term)
UPDATE search_term SET documents = coalesce(counted.documents, 0)
FROM search_term known LEFT JOIN counted ON counted.term = known.term
WHERE search_term.term = known.term AND search_term.documents <> coalesce(counted.documents, 0)
"""


async def write_documents(connection: Connection, documents: Sequence[SearchDocument], values: Values) -> None:
    """All or none. Rows are taken in one order, so two writers cannot block each other for good."""
    ordered = sorted(documents, key=lambda document: document.listing_id)
    facets = [list(_facets(document)) for document in ordered]
    async with connection.transaction():
        ids = await values.numbered(connection, (value for each in facets for value in each))
        rows = [_row(document, [ids[value] for value in each]) for document, each in zip(ordered, facets, strict=True)]
        terms = sorted({term for row in rows for term in row[_COLUMNS.index("terms")]})
        await connection.executemany(_WRITE, rows)
        absent = [record["term"] for record in await connection.fetch(_ABSENT_TERMS, terms)]
        await connection.executemany(_ADD_TERM, [(term, sorted(deletions(term))) for term in sorted(absent)])


def _row(document: SearchDocument, facet_ids: list[int]) -> tuple[Any, ...]:
    title = normalised(document.title)
    labels = (document.brand, *document.category_names)
    return (
        document.listing_id,
        document.seller_id,
        document.currency,
        document.price_min_minor,
        document.stock_status.value,
        document.rating_millis or 0,
        document.rating_count,
        document.popularity,
        document.published_at,
        facet_ids,
        len(title.split()),
        document.quality,
        dict(document.signals),
        document.latitude,
        document.longitude,
        document.as_of,
        terms_of(document.title, *labels),
        title,
        normalised(" ".join(labels)),
        " ".join(normalised(document.description).split()[:DESCRIPTION_WORDS_MAX]),
        normalised(" ".join(value for _, value in document.attributes)),
    )


def _facets(document: SearchDocument) -> Iterator[Value]:
    """Every facet value that the document counts under, each once."""
    yield from (Value(FacetKind.CATEGORY, "", path) for path in document.category_paths)
    yield price_value(document.currency, document.price_min_minor)
    yield Value(FacetKind.CONDITION, "", document.condition.value)
    yield from (Value(FacetKind.FULFILMENT, "", each.value) for each in document.fulfilments)
    if document.brand:
        yield Value(FacetKind.BRAND, "", document.brand)
    yield from (Value(FacetKind.ATTRIBUTE, name, value) for name, value in dict.fromkeys(document.facets))


async def remove_documents(connection: Connection, listing_ids: Sequence[UUID], as_of: datetime) -> None:
    await connection.execute(_REMOVE, list(listing_ids), as_of)


async def remove_older(connection: Connection, as_of: datetime) -> None:
    """What a rebuild that began then did not write again."""
    await connection.execute("DELETE FROM search_document WHERE as_of < $1", as_of, timeout=WHOLE_SECONDS_MAX)


async def tidy_terms(connection: Connection) -> None:
    """Count the documents of each word, and forget words that two counts in a row found nowhere."""
    await connection.execute("DELETE FROM search_term WHERE documents = 0")
    await connection.execute(_COUNT_TERMS, timeout=WHOLE_SECONDS_MAX)
