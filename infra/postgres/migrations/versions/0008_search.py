"""Search: documents and the words they consist of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "search_document",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("price_min_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "stock_status",
            sa.Enum(
                "in_stock",
                "low_stock",
                "out_of_stock",
                name="stockstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rating_millis", sa.Integer(), nullable=False),
        sa.Column("rating_count", sa.Integer(), nullable=False),
        sa.Column("popularity", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facet_ids", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("title_words", sa.Integer(), nullable=False),
        sa.Column("quality", sa.Float(precision=53), nullable=False),
        sa.Column("signals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("terms", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("vector", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_search_document")),
    )
    for name, column in (("vector", "vector"), ("facets", "facet_ids")):
        op.create_index(
            f"ix_search_document_{name}",
            "search_document",
            [column],
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        )
    op.create_index("ix_search_document_terms", "search_document", ["terms"], postgresql_using="gin")
    op.create_index("ix_search_document_quality", "search_document", ["quality", "listing_id"])
    op.create_index("ix_search_document_newest", "search_document", ["published_at", "listing_id"])
    op.create_index("ix_search_document_price", "search_document", ["currency", "price_min_minor", "listing_id"])
    op.create_index("ix_search_document_seller", "search_document", ["seller_id"])
    op.create_index(
        "ix_search_document_place",
        "search_document",
        ["latitude", "longitude"],
        postgresql_where=sa.text("latitude IS NOT NULL"),
    )
    op.create_index("ix_search_document_as_of", "search_document", ["as_of"])
    op.create_table(
        "search_value",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "category",
                "price",
                "brand",
                "condition",
                "attribute",
                name="facetkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_value")),
        sa.UniqueConstraint("kind", "name", "value", name=op.f("uq_search_value_kind_name_value")),
    )
    op.create_table(
        "search_term",
        sa.Column("term", sa.String(length=40), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("keys", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_search_term")),
    )
    op.create_index("ix_search_term_keys", "search_term", ["keys"], postgresql_using="gin")
    op.create_index("ix_search_term_prefix", "search_term", ["term"], postgresql_ops={"term": "text_pattern_ops"})


def downgrade() -> None:
    op.drop_table("search_term")
    op.drop_table("search_value")
    op.drop_table("search_document")
