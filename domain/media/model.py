"""Pictures: what was uploaded, whose it is, and the content that all pictures of one file share.

Invariant: a content is taken away only when no picture refers to it, under the lock of its row; so a picture that is
ready always has its files.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Integer, text
from sqlmodel import Field

from domain.media.refusals import RefusalReason
from domain.shared.columns import TIME, one_of
from domain.shared.table_row import TableRow
from domain.shared.transitions import Party, TransitionTable, step

IMAGES_MAX: Final = 12
ALT_TEXT_MAX: Final = 200


class OwnerKind(StrEnum):
    """What a picture can belong to."""

    LISTING = "listing"
    REVIEW = "review"
    SELLER = "seller"
    RETURN = "return"


class Slot(StrEnum):
    """Which place at its owner. Galleries have an order; the others hold one picture."""

    GALLERY = "gallery"
    LOGO = "logo"
    BANNER = "banner"


class AssetState(StrEnum):
    UPLOADING = "uploading"
    PROCESSING = "processing"
    READY = "ready"
    REFUSED = "refused"
    EXPIRED = "expired"
    """On its way out: its file is being taken away."""


_S: Final = AssetState
ASSET_TRANSITIONS: Final = TransitionTable(
    "image",
    [
        step(_S.UPLOADING, _S.PROCESSING, Party.BUYER, Party.SELLER, action="COMPLETE"),
        step(_S.UPLOADING, _S.EXPIRED, Party.SYSTEM, timer="a day after it was last touched, when it has no owner"),
        step(_S.PROCESSING, _S.READY, Party.SYSTEM),
        step(_S.PROCESSING, _S.REFUSED, Party.SYSTEM, timer="at once, or an hour after it should have been processed"),
        step(_S.READY, _S.EXPIRED, Party.SYSTEM, timer="a day after it was last touched, when it has no owner"),
        step(_S.REFUSED, _S.EXPIRED, Party.SYSTEM, timer="a week after the refusal"),
    ],
)


class ContentState(StrEnum):
    MAKING = "making"
    READY = "ready"
    DELETING = "deleting"


class MediaContent(TableRow, table=True):
    """The renditions of one file, under keys made from `key`: what all pictures of that file share.

    `unused_since` is set while nobody may be using it; whoever tidies looks then, and nowhere else.
    """

    __tablename__ = "media_content"

    key: str = Field(primary_key=True, max_length=64)
    state: ContentState = Field(default=ContentState.MAKING, sa_type=one_of(ContentState))
    width: int = Field(default=0)
    height: int = Field(default=0)
    widths: list[int] = Field(default_factory=list, sa_type=ARRAY(Integer))
    unused_since: datetime | None = Field(default=None, sa_type=TIME)

    __table_args__ = (
        Index("ix_media_content_unused", "unused_since", "key", postgresql_where=text("unused_since IS NOT NULL")),
    )


class MediaAsset(TableRow, table=True):
    """One picture of one owner. Sizes are those of its content, kept here so that a card needs no second table.

    `touched_at` is when it was made, arrived, was let go by its owner, or was refused: tidying counts from there.
    `source_key` is the file as it was sent, until nobody can send it again.
    """

    __tablename__ = "media_asset"

    id: UUID = Field(primary_key=True)
    uploader_id: UUID = Field(foreign_key="user.id")
    owner_kind: OwnerKind | None = Field(default=None, sa_type=one_of(OwnerKind))
    owner_id: UUID | None = Field(default=None)
    slot: Slot = Field(default=Slot.GALLERY, sa_type=one_of(Slot))
    position: int = Field(default=0)
    alt_text: str = Field(default="", max_length=ALT_TEXT_MAX)
    state: AssetState = Field(default=AssetState.UPLOADING, sa_type=one_of(AssetState))
    refusal: RefusalReason | None = Field(default=None, sa_type=one_of(RefusalReason))
    source_key: str | None = Field(default=None, max_length=200)
    source_expires_at: datetime | None = Field(default=None, sa_type=TIME)
    content_key: str | None = Field(default=None, foreign_key="media_content.key", max_length=64, index=True)
    width: int | None = Field(default=None)
    height: int | None = Field(default=None)
    widths: list[int] | None = Field(default=None, sa_type=ARRAY(Integer))
    created_at: datetime = Field(sa_type=TIME)
    touched_at: datetime = Field(sa_type=TIME)

    __table_args__ = (
        CheckConstraint("(owner_kind IS NULL) = (owner_id IS NULL)", name="owner"),
        CheckConstraint("state <> 'refused' OR refusal IS NOT NULL", name="refusal"),
        CheckConstraint(
            "state <> 'ready' OR (content_key IS NOT NULL AND width > 0 AND height > 0 AND cardinality(widths) > 0)",
            name="ready",
        ),
        Index("ix_media_asset_owner", "owner_kind", "owner_id", "slot", "position", "id"),
        Index("ix_media_asset_waiting", "uploader_id", "state", postgresql_where=text("owner_id IS NULL")),
        Index("ix_media_asset_open", "state", "touched_at", postgresql_where=text("state <> 'ready'")),
        Index("ix_media_asset_let_go", "touched_at", postgresql_where=text("owner_id IS NULL")),
        Index("ix_media_asset_source", "source_expires_at", postgresql_where=text("source_key IS NOT NULL")),
    )
