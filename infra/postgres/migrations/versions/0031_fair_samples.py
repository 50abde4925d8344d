"""Search: documents in an order of chance, to count some for all."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_index(
        "ix_search_document_sample",
        "search_document",
        [sa.text("uuid_hash(listing_id)")],
        postgresql_include=["listing_id", "facet_ids"],
    )


def downgrade() -> None:
    op.drop_index("ix_search_document_sample", "search_document")
