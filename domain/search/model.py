"""What the embedded search looks into: one document per listing that can be found, and the words and
values that they consist of.

Invariant: the tables are projections. They hold nothing that cannot be built again from the catalogue, and nobody
decides anything by them but what a search shows.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Double, Float, Identity, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlmodel import Field

from domain.inventory.model import StockStatus
from domain.search.ports import FacetKind
from domain.shared.columns import AMOUNT, TIME, one_of
from domain.shared.table_row import TableRow


class SearchRow(TableRow, table=True):
    """A listing as search sees it. No foreign keys: a document may outlive its listing by a second."""

    __tablename__ = "search_document"

    listing_id: UUID = Field(primary_key=True)
    seller_id: UUID = Field()
    currency: str = Field(max_length=3)
    price_min_minor: int = Field(sa_type=AMOUNT)
    stock_status: StockStatus = Field(sa_type=one_of(StockStatus))
    rating_millis: int = Field()
    """0 without reviews, so that sorting needs no third case."""
    rating_count: int = Field()
    popularity: int = Field()
    published_at: datetime = Field(sa_type=TIME)
    facet_ids: list[int] = Field(sa_type=ARRAY(Integer()))
    """Rows of `search_value`: categories from the root down, then price range, condition, brand and attributes.

    A category's number stands at its depth, the root's first. Prices differ from category to category, so by price a
    category is read from an index of its own: the cheapest of all may hold none of the dearest category's.
    """
    title_words: int = Field()
    quality: float = Field(sa_type=Float(53))
    """The weighted sum of the signals that do not depend on what is searched for."""
    signals: dict[str, Any] = Field(sa_type=JSONB)
    latitude: float | None = Field(default=None, sa_type=Double())
    longitude: float | None = Field(default=None, sa_type=Double())
    """The place as everybody sees it, never the exact one."""
    as_of: datetime = Field(sa_type=TIME)
    """When the state was read: an older reading never replaces a newer one."""
    terms: list[str] = Field(sa_type=ARRAY(Text()))
    """Words worth correcting towards and suggesting."""
    vector: Any = Field(sa_type=TSVECTOR)

    __table_args__ = (
        Index("ix_search_document_vector", "vector", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index("ix_search_document_facets", "facet_ids", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index("ix_search_document_terms", "terms", postgresql_using="gin"),
        Index("ix_search_document_quality", "quality", "listing_id"),
        Index("ix_search_document_newest", "published_at", "listing_id"),
        Index("ix_search_document_price", "currency", "price_min_minor", "listing_id"),
        Index("ix_search_document_root_price", text("(facet_ids[1])"), "currency", "price_min_minor", "listing_id"),
        Index("ix_search_document_branch_price", text("(facet_ids[2])"), "currency", "price_min_minor", "listing_id"),
        Index("ix_search_document_seller", "seller_id"),
        Index("ix_search_document_place", "latitude", "longitude", postgresql_where=text("latitude IS NOT NULL")),
        Index("ix_search_document_as_of", "as_of"),
        # An order that has nothing to do with what the documents are: the first of it are a fair sample. Without words
        # it is counted from the index alone, which needs `listing_id` itself for that.
        Index(
            "ix_search_document_sample",
            text("uuid_hash(listing_id)"),
            postgresql_include=["listing_id", "facet_ids"],
        ),
    )


class SearchValue(TableRow, table=True):
    """A value to filter and count by. It keeps its number for ever: processes remember it."""

    __tablename__ = "search_value"

    id: int | None = Field(default=None, sa_type=Integer, primary_key=True, sa_column_args=[Identity(always=True)])
    kind: FacetKind = Field(sa_type=one_of(FacetKind))
    name: str = Field(max_length=200)
    value: str = Field(max_length=500)

    __table_args__ = (UniqueConstraint("kind", "name", "value"),)


class SearchTerm(TableRow, table=True):
    """A word of a title, brand or category. `keys`: what is left of it when one or two letters are deleted.

    Two words within that distance of each other share a key, so misspelt words are found through an index.
    """

    __tablename__ = "search_term"

    term: str = Field(primary_key=True, max_length=40)
    documents: int = Field(default=1)
    """How many have it; counted now and then, so it may lag."""
    keys: list[str] = Field(sa_type=ARRAY(Text()))

    __table_args__ = (
        Index("ix_search_term_keys", "keys", postgresql_using="gin"),
        Index("ix_search_term_prefix", "term", postgresql_ops={"term": "text_pattern_ops"}),
    )
