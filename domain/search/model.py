"""What the embedded search looks into: one document per listing that can be found, and the words they consist of.

Invariant: both tables are projections. They hold nothing that cannot be built again from the catalogue, and nobody
decides anything by them but what a search shows.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Float, Index, Text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlmodel import Field, SQLModel

from domain.catalog.model import Condition
from domain.inventory.model import StockStatus
from domain.shared.columns import AMOUNT, TIME, one_of


class SearchRow(SQLModel, table=True):
    """A listing as search sees it. No foreign keys: a document may outlive its listing by a second."""

    __tablename__ = "search_document"

    listing_id: UUID = Field(primary_key=True)
    seller_id: UUID = Field()
    category_paths: list[str] = Field(sa_type=ARRAY(Text()))
    """The listing's category and all above it, the root first."""
    brand: str = Field(max_length=200)
    condition: Condition = Field(sa_type=one_of(Condition))
    currency: str = Field(max_length=3)
    price_min_minor: int = Field(sa_type=AMOUNT)
    price_max_minor: int = Field(sa_type=AMOUNT)
    stock_status: StockStatus = Field(sa_type=one_of(StockStatus))
    rating_millis: int = Field()
    """0 without reviews, so that sorting needs no third case."""
    rating_count: int = Field()
    popularity: int = Field()
    published_at: datetime = Field(sa_type=TIME)
    facet_values: list[str] = Field(sa_type=ARRAY(Text()))
    """`name`, unit separator, `value`."""
    title_words: int = Field()
    quality: float = Field(sa_type=Float(53))
    """The weighted sum of the signals that do not depend on what is searched for."""
    signals: dict[str, Any] = Field(sa_type=JSONB)
    as_of: datetime = Field(sa_type=TIME)
    """When the state was read: an older reading never replaces a newer one."""
    terms: list[str] = Field(sa_type=ARRAY(Text()))
    """Words worth correcting towards and suggesting."""
    vector: Any = Field(sa_type=TSVECTOR)

    __table_args__ = (
        Index("ix_search_document_vector", "vector", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index("ix_search_document_facets", "facet_values", postgresql_using="gin"),
        Index("ix_search_document_categories", "category_paths", postgresql_using="gin"),
        Index("ix_search_document_terms", "terms", postgresql_using="gin"),
        Index("ix_search_document_quality", "quality", "listing_id"),
        Index("ix_search_document_newest", "published_at", "listing_id"),
        Index("ix_search_document_price", "currency", "price_min_minor", "listing_id"),
        Index("ix_search_document_seller", "seller_id"),
        Index("ix_search_document_as_of", "as_of"),
    )


class SearchTerm(SQLModel, table=True):
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
