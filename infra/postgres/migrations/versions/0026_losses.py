"""A case about money that was lost names the loss, so that an administrator can give it to orders."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

_KNOWN = ("open", "approved", "rejected")
_KINDS = ("unattributed_refund", "released_refund", "chargeback")


def upgrade() -> None:
    kinds = sa.Enum(*_KINDS, name="losskind", native_enum=False, create_constraint=False, length=40)
    op.add_column("moderation_case", sa.Column("loss_kind", kinds, nullable=True))
    op.add_column("moderation_case", sa.Column("payment_id", sa.Uuid(), nullable=True))
    op.add_column("moderation_case", sa.Column("provider_ref", sa.String(length=100), nullable=True))
    op.add_column("moderation_case", sa.Column("loss_minor", sa.BigInteger(), nullable=True))
    op.add_column("moderation_case", sa.Column("loss_currency", sa.String(length=3), nullable=True))
    op.create_foreign_key(op.f("fk_moderation_case_payment_id"), "moderation_case", "payment", ["payment_id"], ["id"])
    for name, condition in {
        "losskind": _among("loss_kind", _KINDS),
        "loss": "num_nonnulls(loss_kind, payment_id, provider_ref, loss_minor, loss_currency) IN (0, 5)",
        "amount": "loss_minor > 0",
    }.items():
        op.create_check_constraint(op.f(f"ck_moderation_case_{name}"), "moderation_case", condition)
    _allow((*_KNOWN, "settled"))
    op.create_index(
        "ix_moderation_case_loss", "moderation_case", ["payment_id"], postgresql_where=sa.text("payment_id IS NOT NULL")
    )


def downgrade() -> None:
    """Refused by the database once a case is settled: what was decided stays."""
    _allow(_KNOWN)
    op.drop_index("ix_moderation_case_loss", "moderation_case")
    for column in ("loss_currency", "loss_minor", "provider_ref", "payment_id", "loss_kind"):
        op.drop_column("moderation_case", column)


def _allow(states: tuple[str, ...]) -> None:
    name = op.f("ck_moderation_case_casestatus")
    op.drop_constraint(name, "moderation_case")
    op.create_check_constraint(name, "moderation_case", _among("status", states))


def _among(column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
