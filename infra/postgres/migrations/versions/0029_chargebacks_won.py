"""An order's timeline says that a chargeback was won."""

from alembic import op

revision = "0029"
down_revision = "0028"

_KNOWN = (
    "placed",
    "awaiting_seller",
    "paid",
    "late",
    "ready_for_pickup",
    "shipment_created",
    "shipped",
    "tracking",
    "delivered",
    "completed",
    "cancelled",
    "rest_cancelled",
    "refund_started",
    "refunded",
    "refund_failed",
    "hold_opened",
    "hold_closed",
    "released",
)


def upgrade() -> None:
    _allow((*_KNOWN, "chargeback_won"))


def downgrade() -> None:
    """Refused by the database once a timeline says so: what happened stays."""
    _allow(_KNOWN)


def _allow(kinds: tuple[str, ...]) -> None:
    name = op.f("ck_order_event_ordereventkind")
    op.drop_constraint(name, "order_event")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(name, "order_event", f"kind IN ({listed})")
