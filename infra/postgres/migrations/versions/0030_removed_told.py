"""Whoever is removed from a shop is told."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

_KNOWN = (
    "order_placed", "order_paid", "order_shipped", "order_delivered", "order_ready", "order_late", "order_cancelled",
    "order_rest_cancelled", "order_refunded", "new_order", "sale_late", "sale_cancelled", "sale_rest_cancelled",
    "payment_received", "listing_approved", "listing_rejected", "listing_suspended", "shop_decided",
    "password_changed", "session_stolen", "new_review", "review_replied", "buyer_reviewed",
    "member_joined", "member_left",
)  # fmt: skip
_NEW = ("member_removed",)
_TABLES = ("notification", "mail_preference")


def upgrade() -> None:
    for table in _TABLES:
        _allow(table, (*_KNOWN, *_NEW))


def downgrade() -> None:
    gone = sa.text("SELECT id FROM notification WHERE kind = ANY(:kinds)").bindparams(
        sa.bindparam("kinds", list(_NEW), type_=sa.ARRAY(sa.Text()))
    )
    ids = list(op.get_bind().execute(gone).scalars())
    for table, column in (("mail_delivery", "id"), ("notification", "id")):
        each = sa.table(table, sa.column(column))
        op.execute(each.delete().where(each.c[column].in_(ids)))
    chosen = sa.table("mail_preference", sa.column("kind"))
    op.execute(chosen.delete().where(chosen.c.kind.in_(_NEW)))
    for table in _TABLES:
        _allow(table, _KNOWN)


def _allow(table: str, kinds: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_notificationkind")
    op.drop_constraint(name, table)
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(name, table, f"kind IN ({listed})")
