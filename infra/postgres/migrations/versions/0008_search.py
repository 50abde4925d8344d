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
        sa.Column("category_paths", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("brand", sa.String(length=200), nullable=False),
        sa.Column(
            "condition",
            sa.Enum(
                "new", "refurbished", "used", name="condition", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("price_min_minor", sa.BigInteger(), nullable=False),
        sa.Column("price_max_minor", sa.BigInteger(), nullable=False),
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
        sa.Column("facet_values", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("title_words", sa.Integer(), nullable=False),
        sa.Column("quality", sa.Float(precision=53), nullable=False),
        sa.Column("signals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("terms", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("vector", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_search_document")),
    )
    indexes = {
        "facets": ("facet_values",),
        "categories": ("category_paths",),
        "terms": ("terms",),
    }
    op.create_index(
        "ix_search_document_vector",
        "search_document",
        ["vector"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    for name, columns in indexes.items():
        op.create_index(f"ix_search_document_{name}", "search_document", list(columns), postgresql_using="gin")
    op.create_index("ix_search_document_quality", "search_document", ["quality", "listing_id"])
    op.create_index("ix_search_document_newest", "search_document", ["published_at", "listing_id"])
    op.create_index("ix_search_document_price", "search_document", ["currency", "price_min_minor", "listing_id"])
    op.create_index("ix_search_document_seller", "search_document", ["seller_id"])
    op.create_index("ix_search_document_as_of", "search_document", ["as_of"])
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
    op.drop_table("search_document")
