"""Customers of erased users that the payment provider still has."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_index(
        "ix_user_customer_to_forget",
        "user",
        ["id"],
        postgresql_where=sa.text("status = 'erased' AND customer_ref IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_user_customer_to_forget", "user")
