"""Exports: a shop's listings as files that are written by a job and fetched for a day."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    states = ("queued", "completed", "failed", "expired")
    op.create_table(
        "listing_export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column(
            "format",
            sa.Enum("csv", "jsonl", name="importformat", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(*states, name="exportstatus", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('completed', 'expired')) = (expires_at IS NOT NULL)", name=op.f("ck_listing_export_expiry")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_listing_export_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_export")),
    )
    op.create_index("ix_listing_export_seller", "listing_export", ["seller_id", "id"])
    op.create_index(
        "ix_listing_export_open",
        "listing_export",
        ["created_at"],
        postgresql_where=sa.text("status IN ('queued', 'completed')"),
    )


def downgrade() -> None:
    op.drop_table("listing_export")
