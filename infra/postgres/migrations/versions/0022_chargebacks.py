"""What a buyer's bank takes back, and gives back, is booked."""

from alembic import op

revision = "0022"
down_revision = "0021"

_KNOWN = ("capture", "provider_fee", "refund", "release", "reversal")
_NEW = ("chargeback",)


def upgrade() -> None:
    _allow((*_KNOWN, *_NEW))


def downgrade() -> None:
    """Refused by the database once a chargeback is booked: what is booked stays."""
    _allow(_KNOWN)


def _allow(kinds: tuple[str, ...]) -> None:
    name = op.f("ck_ledger_transaction_transactionkind")
    op.drop_constraint(name, "ledger_transaction")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(name, "ledger_transaction", f"kind IN ({listed})")
