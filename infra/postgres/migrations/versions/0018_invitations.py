"""Invitations to work for a shop."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        "seller_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("role", one_of(("owner", "staff"), "memberrole"), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", one_of(("accepted", "revoked", "replaced"), "invitationend"), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name=op.f("ck_seller_invitation_ended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller_invitation")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_seller_invitation_token_digest")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_seller_invitation_seller_id")),
        sa.ForeignKeyConstraint(["invited_by"], ["user.id"], name=op.f("fk_seller_invitation_invited_by")),
    )
    op.create_index("ix_seller_invitation_seller", "seller_invitation", ["seller_id", "created_at"])
    op.create_index("ix_seller_invitation_email", "seller_invitation", [sa.text("lower(email)"), "created_at"])
    op.create_index("ix_seller_invitation_expires_at", "seller_invitation", ["expires_at"])
    op.create_index(
        "uq_seller_invitation_open",
        "seller_invitation",
        ["seller_id", sa.text("lower(email)")],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("seller_invitation")
