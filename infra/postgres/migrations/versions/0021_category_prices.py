"""Search: a category in the order of prices."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_INDEXES = (("ix_search_document_root_price", 1), ("ix_search_document_branch_price", 2))


def upgrade() -> None:
    for name, depth in _INDEXES:
        columns = [sa.text(f"(facet_ids[{depth}])"), "currency", "price_min_minor", "listing_id"]
        op.create_index(name, "search_document", columns)


def downgrade() -> None:
    for name, _ in _INDEXES:
        op.drop_index(name, "search_document")
