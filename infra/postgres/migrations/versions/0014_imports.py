"""Imports: files on their way into the catalogue, why rows were not taken, and sellers' names of listings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    states = ("created", "queued", "running", "completed", "failed", "cancelled")
    op.create_table(
        "listing_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column(
            "format",
            sa.Enum("csv", "jsonl", name="importformat", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "status",
            sa.Enum(*states, name="importstatus", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("position_bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows_created", sa.Integer(), nullable=False),
        sa.Column("rows_updated", sa.Integer(), nullable=False),
        sa.Column("rows_unchanged", sa.Integer(), nullable=False),
        sa.Column("rows_faulty", sa.Integer(), nullable=False),
        sa.Column("failure_code", sa.String(length=40), nullable=False),
        sa.Column("failure_message", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "0 <= position_bytes AND position_bytes <= size_bytes", name=op.f("ck_listing_import_position")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_listing_import_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_import")),
    )
    op.create_index("ix_listing_import_seller", "listing_import", ["seller_id", "id"])
    op.create_index(
        "ix_listing_import_uploaded",
        "listing_import",
        ["created_at"],
        postgresql_where=sa.text("starts_with(source, 'uploads/')"),
    )
    op.create_table(
        "import_fault",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["listing_import.id"], name=op.f("fk_import_fault_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_fault")),
    )
    op.create_index("ix_import_fault_import", "import_fault", ["import_id", "id"])
    op.create_table(
        "listing_reference",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_listing_reference_seller_id")),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_listing_reference_listing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seller_id", "reference", name=op.f("pk_listing_reference")),
    )
    op.create_index(op.f("ix_listing_reference_listing_id"), "listing_reference", ["listing_id"])


def downgrade() -> None:
    op.drop_table("listing_reference")
    op.drop_table("import_fault")
    op.drop_table("listing_import")
