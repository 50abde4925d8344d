"""Uploads that wait for an owner are counted by an index of their own: shops have tens of thousands that have one."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_index(
        "ix_media_asset_waiting",
        "media_asset",
        ["uploader_id", "state"],
        postgresql_where=sa.text("owner_id IS NULL"),
    )
    op.drop_index("ix_media_asset_uploader", "media_asset")


def downgrade() -> None:
    op.create_index("ix_media_asset_uploader", "media_asset", ["uploader_id", "state", "created_at"])
    op.drop_index("ix_media_asset_waiting", "media_asset")
