"""Pictures: uploads, what they belong to, and the content that they share."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        "media_content",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("state", one_of("contentstate", "making", "ready", "deleting"), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("widths", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("unused_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_media_content")),
    )
    op.create_index(
        "ix_media_content_unused",
        "media_content",
        ["unused_since", "key"],
        postgresql_where=sa.text("unused_since IS NOT NULL"),
    )
    op.create_table(
        "media_asset",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uploader_id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", one_of("ownerkind", "listing", "review", "seller", "return"), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("slot", one_of("slot", "gallery", "logo", "banner"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("alt_text", sa.String(length=200), nullable=False),
        sa.Column(
            "state", one_of("assetstate", "uploading", "processing", "ready", "refused", "expired"), nullable=False
        ),
        sa.Column(
            "refusal",
            one_of(
                "refusalreason",
                "not_an_image",
                "unsupported_format",
                "file_too_large",
                "too_many_pixels",
                "damaged",
                "never_arrived",
                "processing_failed",
            ),
            nullable=True,
        ),
        sa.Column("source_key", sa.String(length=200), nullable=True),
        sa.Column("source_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_key", sa.String(length=64), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("widths", sa.ARRAY(sa.Integer()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(owner_kind IS NULL) = (owner_id IS NULL)", name=op.f("ck_media_asset_owner")),
        sa.CheckConstraint("state <> 'refused' OR refusal IS NOT NULL", name=op.f("ck_media_asset_refusal")),
        sa.CheckConstraint(
            "state <> 'ready' OR (content_key IS NOT NULL AND width > 0 AND height > 0 AND cardinality(widths) > 0)",
            name=op.f("ck_media_asset_ready"),
        ),
        sa.ForeignKeyConstraint(["uploader_id"], ["user.id"], name=op.f("fk_media_asset_uploader_id")),
        sa.ForeignKeyConstraint(["content_key"], ["media_content.key"], name=op.f("fk_media_asset_content_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_asset")),
    )
    op.create_index("ix_media_asset_owner", "media_asset", ["owner_kind", "owner_id", "slot", "position", "id"])
    op.create_index("ix_media_asset_uploader", "media_asset", ["uploader_id", "state", "created_at"])
    op.create_index(
        "ix_media_asset_open", "media_asset", ["state", "touched_at"], postgresql_where=sa.text("state <> 'ready'")
    )
    op.create_index(
        "ix_media_asset_let_go", "media_asset", ["touched_at"], postgresql_where=sa.text("owner_id IS NULL")
    )
    op.create_index(
        "ix_media_asset_source",
        "media_asset",
        ["source_expires_at"],
        postgresql_where=sa.text("source_key IS NOT NULL"),
    )
    op.create_index("ix_media_asset_content_key", "media_asset", ["content_key"])


def downgrade() -> None:
    op.drop_table("media_asset")
    op.drop_table("media_content")
