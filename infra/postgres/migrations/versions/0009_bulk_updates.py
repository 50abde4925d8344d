"""Bulk updates of variants: what became of each item, and finding variants by article number."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("ix_variant_sku", "variant", ["sku"])
    op.create_table(
        "variant_updates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("outcomes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_variant_updates_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variant_updates")),
    )


def downgrade() -> None:
    op.drop_table("variant_updates")
    op.drop_index("ix_variant_sku", "variant")
