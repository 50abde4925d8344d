"""Pictures as their owners and everybody see them.

Invariant: what everybody sees is ready; what is on its way, or was refused, is for those who uploaded or own it, and
the caller knows who that is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, String, Uuid, and_, bindparam, func, select
from sqlalchemy.sql.selectable import LateralFromClause

from domain.media.attaching import Owner
from domain.media.model import AssetState, MediaAsset, OwnerKind, Slot
from domain.media.ports import public_key
from domain.media.recipe import height_at
from domain.media.refusals import RefusalReason
from domain.shared.database import Query, Reads, table

_assets = table(MediaAsset)


@dataclass(frozen=True, slots=True)
class Picture:
    """The files of one picture that is ready. Sizes in pixels; `widths` has its renditions, the narrowest first."""

    content_key: str
    width: int
    height: int
    widths: Sequence[int]

    def key(self, width: int) -> str:
        return public_key(self.content_key, width)

    def height_of(self, width: int) -> int:
        return height_at(self.width, self.height, width)

    def fitting(self, wanted: int) -> int:
        """The narrowest rendition that is at least so wide, else the widest."""
        return next((width for width in self.widths if width >= wanted), self.widths[-1])


@dataclass(frozen=True, slots=True)
class ImageView:
    """`content_key` and the sizes are None until it is ready."""

    id: UUID
    uploader_id: UUID
    owner_kind: OwnerKind | None
    owner_id: UUID | None
    slot: Slot
    position: int
    alt_text: str
    state: AssetState
    refusal: RefusalReason | None
    content_key: str | None
    width: int | None
    height: int | None
    widths: Sequence[int] | None

    @property
    def is_ready(self) -> bool:
        return self.state is AssetState.READY

    @property
    def picture(self) -> Picture | None:
        if not self.is_ready:
            return None
        assert self.content_key is not None, "the table's check"
        assert self.width is not None
        assert self.height is not None
        return Picture(self.content_key, self.width, self.height, self.widths or ())


_IMAGE: Final = select(*(_assets.c[name] for name in ImageView.__dataclass_fields__)).where(
    _assets.c.state != AssetState.EXPIRED
)
_BY_IDS = Query(_IMAGE.where(_assets.c.id == func.any(bindparam("ids"))), ImageView)
_owners = (
    func.unnest(bindparam("kinds", type_=ARRAY(String())), bindparam("owner_ids", type_=ARRAY(Uuid())))
    .table_valued("kind", "id")
    .render_derived("owners")
)
_BY_OWNERS = Query(
    _IMAGE.join(_owners, and_(_assets.c.owner_kind == _owners.c.kind, _assets.c.owner_id == _owners.c.id)).order_by(
        _assets.c.position, _assets.c.id
    ),
    ImageView,
)


async def images_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, ImageView]:
    """In any state, of anybody."""
    return {image.id: image for image in await reads.all(_BY_IDS, ids=list(ids))}


async def images_by_owners(reads: Reads, owners: Sequence[Owner]) -> Mapping[Owner, list[ImageView]]:
    """All pictures of each owner in all its places, in any state, in their order. Bounded by what is let in."""
    found: dict[Owner, list[ImageView]] = {owner: [] for owner in owners}
    rows = await reads.all(
        _BY_OWNERS, kinds=[owner.kind.value for owner in owners], owner_ids=[owner.id for owner in owners]
    )
    for image in rows:
        assert image.owner_kind is not None, "joined by it"
        assert image.owner_id is not None
        found[Owner(image.owner_kind, image.owner_id)].append(image)
    return found


def leading_picture(kind: OwnerKind, owner_id: ColumnElement[UUID]) -> LateralFromClause:
    """For reads that join it once per owner: the files of its first picture that is ready, if there is one.

    Columns `id`, `alt_text`, and those of Picture: `content_key`, `width`, `height`, `widths`; join it with `true()`.
    """
    return (
        select(*(_assets.c[name] for name in ("id", "alt_text", *Picture.__dataclass_fields__)))
        .where(
            _assets.c.owner_kind == kind,
            _assets.c.owner_id == owner_id,
            _assets.c.slot == Slot.GALLERY,
            _assets.c.state == AssetState.READY,
        )
        .order_by(_assets.c.position, _assets.c.id)
        .limit(1)
        .lateral("picture")
    )
