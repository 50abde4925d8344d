"""Listings that are sent or fetched, as the buyer chooses; searches count and filter by how things can be had."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_FACETS = "category", "price", "brand", "condition", "attribute"
_WAYS = "ship", "pickup", "digital", "on_site"


def upgrade() -> None:
    op.add_column("listing", sa.Column("pickup_too", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("listing", "pickup_too", server_default=None)
    op.create_check_constraint(op.f("ck_listing_pickup_too"), "listing", "NOT pickup_too OR fulfilment = 'ship'")
    op.add_column("cart_line", sa.Column("fulfilment", sa.String(length=40), nullable=True))
    op.create_check_constraint(op.f("ck_cart_line_fulfilment"), "cart_line", _one_of("fulfilment", _WAYS))
    op.drop_constraint(op.f("ck_search_value_facetkind"), "search_value")
    op.create_check_constraint(
        op.f("ck_search_value_facetkind"), "search_value", _one_of("kind", (*_FACETS, "fulfilment"))
    )
    # Every listing is indexed anew, so that it is found by the way in which it can be had.
    op.execute("INSERT INTO listing_change (listing_id, at) SELECT id, now() FROM listing WHERE status = 'active'")


def downgrade() -> None:
    op.execute("DELETE FROM search_document")
    op.execute("DELETE FROM search_value")
    op.drop_constraint(op.f("ck_search_value_facetkind"), "search_value")
    op.create_check_constraint(op.f("ck_search_value_facetkind"), "search_value", _one_of("kind", _FACETS))
    op.drop_column("cart_line", "fulfilment")
    op.drop_column("listing", "pickup_too")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
