"""What people are told: notifications, their mails, and which mails they want."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

KINDS = (
    "order_placed", "order_paid", "order_shipped", "order_delivered", "order_ready", "order_late", "order_cancelled",
    "order_rest_cancelled", "order_refunded", "new_order", "sale_late", "sale_cancelled", "sale_rest_cancelled",
    "payment_received", "listing_approved", "listing_rejected", "listing_suspended", "shop_decided",
    "password_changed", "session_stolen",
)  # fmt: skip
STATES = ("waiting", "sending", "sent", "refused", "dead", "skipped")


class Xid8(sa.types.UserDefinedType[Any]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", one_of(KINDS, "notificationkind"), nullable=False),
        sa.Column("occasion_id", sa.Uuid(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=True),
        sa.Column("seller_id", sa.Uuid(), nullable=True),
        sa.Column("checkout_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("listing_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_notification_{column}"))
            for column, target in (
                ("recipient_id", "user.id"),
                ("seller_id", "seller.id"),
                ("checkout_id", "checkout.id"),
                ("order_id", "order.id"),
                ("listing_id", "listing.id"),
            )
        ),
    )
    op.create_index("ix_notification_recipient", "notification", ["recipient_id", "id"])
    op.create_index(
        "ix_notification_unread",
        "notification",
        ["recipient_id", "id"],
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index("ix_notification_feed", "notification", ["recipient_id", "xid", "id"])
    op.create_table(
        "mail_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", one_of(STATES, "deliverystate"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=300), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_mail_delivery_attempts")),
        sa.ForeignKeyConstraint(["id"], ["notification.id"], name=op.f("fk_mail_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_delivery")),
    )
    op.create_index(
        "ix_mail_delivery_due",
        "mail_delivery",
        ["next_try_at"],
        postgresql_where=sa.text("state IN ('waiting', 'sending')"),
    )
    op.create_index("ix_mail_delivery_state", "mail_delivery", ["state", "id"])
    op.create_table(
        "mail_preference",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", one_of(KINDS, "notificationkind"), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_mail_preference_user_id")),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_mail_preference")),
    )


def downgrade() -> None:
    for name in ("mail_preference", "mail_delivery", "notification"):
        op.drop_table(name)
