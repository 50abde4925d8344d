"""What came from outside and was never worked, for whoever asks."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_index("ix_inbox_message_unworked", "inbox_message", ["received_at"], postgresql_where="worked_at IS NULL")


def downgrade() -> None:
    op.drop_index("ix_inbox_message_unworked", "inbox_message")
