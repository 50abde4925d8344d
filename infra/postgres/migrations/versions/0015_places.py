"""Where listings are, how products were told apart, and orders that are fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "listing_place",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("latitude", "longitude", "public_latitude", "public_longitude")
        ),
        sa.Column("locality", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("line1", sa.String(length=200), nullable=False),
        sa.Column("line2", sa.String(length=200), nullable=False),
        sa.Column("instructions", sa.String(length=500), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_listing_place_place")
        ),
        sa.CheckConstraint(
            "public_latitude BETWEEN -90 AND 90 AND public_longitude BETWEEN -180 AND 180",
            name=op.f("ck_listing_place_public_place"),
        ),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_listing_place_listing_id")),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_listing_place")),
    )
    op.create_table(
        "product_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "linked",
                "unlinked",
                "merged",
                name="producteventkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("listing_id", sa.Uuid(), nullable=True),
        sa.Column("other_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_event_product_id")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_product_event_listing_id")),
        sa.ForeignKeyConstraint(["other_id"], ["product.id"], name=op.f("fk_product_event_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_event")),
    )
    op.create_index("ix_product_event_product", "product_event", ["product_id", "id"])
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON product_event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON product_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "order_pickup",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_pickup_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_pickup")),
    )
    op.create_table(
        "order_pickup_place",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("line1", sa.String(length=200), nullable=False),
        sa.Column("line2", sa.String(length=200), nullable=False),
        sa.Column("locality", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("instructions", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order_pickup.order_id"], name=op.f("fk_order_pickup_place_order_id")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_order_pickup_place_listing_id")),
        sa.PrimaryKeyConstraint("order_id", "listing_id", name=op.f("pk_order_pickup_place")),
    )


def downgrade() -> None:
    op.drop_table("order_pickup_place")
    op.drop_table("order_pickup")
    op.drop_table("product_event")
    op.drop_table("listing_place")
