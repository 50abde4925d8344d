"""An erasure is confirmed by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "farewell",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_farewell_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_farewell")),
    )
    op.create_index(op.f("ix_farewell_created_at"), "farewell", ["created_at"])


def downgrade() -> None:
    op.drop_table("farewell")
