"""Reviews with their keys, counts, reports and decisions; what somebody looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

KINDS = ("listing", "seller", "buyer")
STATUSES = ("published", "held", "removed")
OF_LISTING = "kind = 'listing' AND status = 'published'"
OF_SHOP = "kind = 'seller' AND status = 'published'"
FOR_SHOP = "kind <> 'buyer' AND status = 'published'"


def words(*values: str, name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def time(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", words(*KINDS, name="reviewkind"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=True),
        sa.Column("listing_id", sa.Uuid(), nullable=True),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.String(length=5000), nullable=False),
        sa.Column("status", words(*STATUSES, name="reviewstatus"), nullable=False),
        sa.Column("status_reason", sa.String(length=500), nullable=False),
        sa.Column("counted_rating", sa.Integer(), nullable=True),
        sa.Column("reply", sa.String(length=2000), nullable=False),
        time("replied_at", nullable=True),
        time("reply_removed_at", nullable=True),
        sa.Column("open_reports", sa.Integer(), nullable=False),
        time("created_at"),
        time("edited_at", nullable=True),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_review_rating")),
        sa.CheckConstraint("counted_rating BETWEEN 1 AND 5", name=op.f("ck_review_counted")),
        sa.CheckConstraint("open_reports >= 0", name=op.f("ck_review_reports")),
        sa.CheckConstraint(
            "(kind = 'listing') = (order_line_id IS NOT NULL AND listing_id IS NOT NULL)"
            " AND (order_line_id IS NULL) = (listing_id IS NULL)",
            name=op.f("ck_review_subject"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_review_order_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_review_order_line_id")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_review_listing_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_review_seller_id")),
        sa.ForeignKeyConstraint(["buyer_id"], ["user.id"], name=op.f("fk_review_buyer_id")),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_review_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    for name, columns, condition in (
        ("ix_review_order_id", ["order_id"], None),
        ("ix_review_listing_newest", ["listing_id", "id"], OF_LISTING),
        ("ix_review_listing_highest", ["listing_id", "rating", "id"], OF_LISTING),
        ("ix_review_listing_lowest", ["listing_id", "rating", sa.text("id DESC")], OF_LISTING),
        ("ix_review_shop_newest", ["seller_id", "id"], OF_SHOP),
        ("ix_review_shop_highest", ["seller_id", "rating", "id"], OF_SHOP),
        ("ix_review_shop_lowest", ["seller_id", "rating", sa.text("id DESC")], OF_SHOP),
        ("ix_review_seller", ["seller_id", "id"], FOR_SHOP),
        ("ix_review_seller_rating", ["seller_id", "rating", "id"], FOR_SHOP),
        ("ix_review_buyer", ["buyer_id", "id"], None),
        ("ix_review_status", ["status", "id"], None),
        ("ix_review_reported", ["id"], "open_reports > 0"),
    ):
        op.create_index(name, "review", columns, postgresql_where=sa.text(condition) if condition else None)
    op.create_table(
        "review_key",
        sa.Column("kind", words(*KINDS, name="reviewkind"), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "cause_id", name=op.f("pk_review_key")),
    )
    op.create_table(
        "review_tally",
        sa.Column("kind", words(*KINDS, name="reviewkind"), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        *(sa.Column(f"stars_{stars}", sa.Integer(), nullable=False) for stars in range(1, 6)),
        time("updated_at"),
        sa.CheckConstraint(
            "least(stars_1, stars_2, stars_3, stars_4, stars_5) >= 0", name=op.f("ck_review_tally_stars")
        ),
        sa.PrimaryKeyConstraint("kind", "subject_id", name=op.f("pk_review_tally")),
    )
    _create_moderation()
    op.create_table(
        "recent_view",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        time("viewed_at"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_recent_view_user_id")),
        sa.PrimaryKeyConstraint("user_id", "listing_id", name=op.f("pk_recent_view")),
    )


def _create_moderation() -> None:
    op.create_table(
        "review_report",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            words("spam", "offensive", "personal_data", "fake", "other", name="reportreason"),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=500), nullable=False),
        time("at"),
        time("closed_at", nullable=True),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_report_review_id")),
        sa.ForeignKeyConstraint(["reporter_id"], ["user.id"], name=op.f("fk_review_report_reporter_id")),
        sa.PrimaryKeyConstraint("review_id", "reporter_id", name=op.f("pk_review_report")),
    )
    op.create_index("ix_review_report_reporter_id", "review_report", ["reporter_id"])
    op.create_table(
        "review_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("source", words(*STATUSES, name="source"), nullable=False),
        sa.Column("target", words(*STATUSES, name="target"), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        time("at"),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_event_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_event")),
    )
    op.create_index("ix_review_event_review_id", "review_event", ["review_id"])
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON review_event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON review_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    for name in ("recent_view", "review_event", "review_report", "review_tally", "review_key", "review"):
        op.drop_table(name)
