"""The provider's fee may be in another currency than the payment."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("payment", sa.Column("fee_currency", sa.String(length=3), nullable=True))
    op.create_check_constraint(
        op.f("ck_payment_fee"),
        "payment",
        "fee_currency IS NULL OR fee_minor IS NOT NULL AND fee_currency <> currency",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_payment_fee"), "payment")
    op.drop_column("payment", "fee_currency")
