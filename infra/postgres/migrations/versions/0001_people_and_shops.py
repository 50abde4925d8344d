"""People, sessions, shops, the inbox and idempotency keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "idempotency_record",
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.String(length=50), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("outcome_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor_id", "operation", "key", name=op.f("pk_idempotency_record")),
    )
    op.create_table(
        "inbox_message",
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("object_ref", sa.String(length=200), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sweeps", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source", "external_id", name=op.f("pk_inbox_message")),
        sa.UniqueConstraint("id", name=op.f("uq_inbox_message_id")),
    )
    op.create_index(
        "ix_inbox_message_due",
        "inbox_message",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("worked_at IS NULL AND due_at IS NOT NULL"),
    )
    op.create_table(
        "seller",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=10000), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax_id", sa.String(length=50), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "applied",
                "active",
                "restricted",
                "suspended",
                "rejected",
                name="sellerstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("status_reason", sa.String(length=500), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("commission_ppm", sa.Integer(), nullable=True),
        sa.Column("handling_days", sa.Integer(), nullable=False),
        sa.Column("returns_days", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(length=10000), nullable=False),
        sa.Column("rating_millis", sa.Integer(), nullable=True),
        sa.Column("rating_count", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("commission_ppm BETWEEN 0 AND 1000000", name=op.f("ck_seller_commission")),
        sa.CheckConstraint("handling_days BETWEEN 0 AND 60", name=op.f("ck_seller_handling")),
        sa.CheckConstraint("returns_days BETWEEN 0 AND 365", name=op.f("ck_seller_returns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller")),
        sa.UniqueConstraint("slug", name=op.f("uq_seller_slug")),
    )
    op.create_index("ix_seller_status", "seller", ["status", "id"], unique=False)
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "active", "blocked", "erased", name="userstatus", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("status_reason", sa.String(length=500), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("customer_ref", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
    )
    op.create_index("uq_user_email_folded", "user", [sa.literal_column("lower(email)")], unique=True)
    op.execute('CREATE INDEX ix_user_email_prefix ON "user" (lower(email) text_pattern_ops)')
    op.create_table(
        "address",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("line1", sa.String(length=200), nullable=False),
        sa.Column("line2", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_address_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address")),
    )
    op.create_index(op.f("ix_address_user_id"), "address", ["user_id"], unique=False)
    op.create_index(
        "uq_address_default",
        "address",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("is_default AND deleted_at IS NULL"),
    )
    op.create_table(
        "client_signal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "registered",
                "signed_in",
                "checked_out",
                "reviewed",
                name="signalkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("cause_id", sa.Uuid(), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("device_id", sa.String(length=100), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_client_signal_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_signal")),
    )
    op.create_index(op.f("ix_client_signal_expires_at"), "client_signal", ["expires_at"], unique=False)
    op.create_index(op.f("ix_client_signal_user_id"), "client_signal", ["user_id"], unique=False)
    op.create_table(
        "payment_account",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("account_ref", sa.String(length=100), nullable=False),
        sa.Column("requirements_due", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("charges_enabled", sa.Boolean(), nullable=False),
        sa.Column("payouts_enabled", sa.Boolean(), nullable=False),
        sa.Column("details_submitted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_payment_account_seller_id")),
        sa.PrimaryKeyConstraint("seller_id", "provider", name=op.f("pk_payment_account")),
        sa.UniqueConstraint("account_ref", name=op.f("uq_payment_account_account_ref")),
    )
    op.create_table(
        "seller_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "applied",
                "active",
                "restricted",
                "suspended",
                "rejected",
                name="sellerstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_seller_decision_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller_decision")),
    )
    op.create_index(op.f("ix_seller_decision_seller_id"), "seller_decision", ["seller_id"], unique=False)
    op.create_table(
        "seller_member",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("owner", "staff", name="memberrole", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_seller_member_seller_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_seller_member_user_id")),
        sa.PrimaryKeyConstraint("seller_id", "user_id", name=op.f("pk_seller_member")),
    )
    op.create_index(op.f("ix_seller_member_user_id"), "seller_member", ["user_id"], unique=False)
    op.create_table(
        "shipping_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("per_item_minor", sa.BigInteger(), nullable=False),
        sa.Column("free_over_minor", sa.BigInteger(), nullable=True),
        sa.Column("days_min", sa.Integer(), nullable=False),
        sa.Column("days_max", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "base_minor BETWEEN 0 AND 9007199254740991 AND per_item_minor BETWEEN 0 AND 9007199254740991",
            name=op.f("ck_shipping_rate_amounts"),
        ),
        sa.CheckConstraint("days_min BETWEEN 0 AND days_max AND days_max <= 90", name=op.f("ck_shipping_rate_days")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_shipping_rate_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_rate")),
    )
    op.create_index(op.f("ix_shipping_rate_seller_id"), "shipping_rate", ["seller_id"], unique=False)
    op.create_index(
        "uq_shipping_rate_name",
        "shipping_rate",
        ["seller_id", "country", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=True),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended_because",
            sa.Enum(
                "signed_out",
                "signed_out_everywhere",
                "token_reused",
                "password_changed",
                "blocked",
                "roles_changed",
                "displaced",
                name="sessionend",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_user_session_seller_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
    )
    op.create_index(op.f("ix_user_session_expires_at"), "user_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "refresh_token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["user_session.id"], name=op.f("fk_refresh_token_session_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_refresh_token")),
    )
    op.create_index(op.f("ix_refresh_token_issued_at"), "refresh_token", ["issued_at"], unique=False)
    op.create_index(op.f("ix_refresh_token_session_id"), "refresh_token", ["session_id"], unique=False)
    op.create_table(
        "attempt_window",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempt_window")),
    )
    op.create_index(op.f("ix_attempt_window_began_at"), "attempt_window", ["began_at"], unique=False)


def downgrade() -> None:
    op.drop_table("attempt_window")
    op.drop_table("refresh_token")
    op.drop_table("user_session")
    op.drop_table("shipping_rate")
    op.drop_table("seller_member")
    op.drop_table("seller_decision")
    op.drop_table("payment_account")
    op.drop_table("client_signal")
    op.drop_table("address")
    op.drop_table("user")
    op.drop_table("seller")
    op.drop_table("inbox_message")
    op.drop_table("idempotency_record")
