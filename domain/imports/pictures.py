"""The pictures that rows name, found: uploads by their ids, stored pictures by their keys, files of a folder by name.

Invariant: nothing is fetched from anywhere. A name is known before the first row is written, or its row is faulty.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.catalog.pictures import owner_of
from domain.imports.batching import reader_of
from domain.imports.columns import IMAGES, CellFault, ImportOptions, picture_names
from domain.imports.lines import LineSplitter
from domain.imports.model import ImportFormat
from domain.imports.parsing import ListingRows, ListingWords
from domain.imports.records import Fault
from domain.media.model import MediaAsset, OwnerKind
from domain.media.replacing import Wanted, hold_contents, lock_galleries, lock_uploads, replace_gallery, shows
from domain.sellers.model import MemberRole, SellerMember
from domain.shared.database import Tx, table
from domain.shared.errors import MalformedId
from domain.shared.ids import decode_id

ENDING: Final = ".webp"
NAMES_MAX: Final = 200_000
_USER: Final = "user:"

_members = table(SellerMember)
_OWNER = (
    select(_members.c.user_id)
    .where(_members.c.seller_id == bindparam("seller_id"), _members.c.role == MemberRole.OWNER.value)
    .order_by(_members.c.added_at, _members.c.user_id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class NoPicture:
    """Why a file of the folder cannot be shown."""

    code: str
    message: str


Folder = Mapping[str, str | NoPicture]
"""Name of a file -> the key under which its picture is stored, or why it is none."""


@dataclass(slots=True)
class Pictures:
    """What a batch names, and what its listings show at present. Changed listing by listing."""

    uploader_id: UUID | None = None
    folder: Folder = field(default_factory=dict)
    uploads: Mapping[UUID, MediaAsset] = field(default_factory=dict)
    contents: Mapping[str, Wanted] = field(default_factory=dict)
    galleries: dict[UUID, list[MediaAsset]] = field(default_factory=dict)

    def wanted(self, words: ListingWords, listing_id: UUID | None) -> tuple[list[Wanted] | None, list[Fault]]:
        """The gallery that a listing's first row asks for, None: as it is. And a fault for each name of nothing.

        Two files of one content are one picture.
        """
        if IMAGES not in words.values:
            return None, []
        found: list[Wanted] = []
        faults = []
        there = self.galleries.get(listing_id, []) if listing_id is not None else []
        for name in words.values[IMAGES]:
            try:
                picture = self._picture(name, there)
            except CellFault as fault:
                faults.append(Fault(words.line, IMAGES, fault.code, f"{name}: {fault.message}"[:500]))
                continue
            if picture not in found:
                found.append(picture)
        return found, faults

    def _picture(self, name: str, there: Sequence[MediaAsset]) -> Wanted:
        filed = self.folder.get(name)
        if isinstance(filed, NoPicture):
            raise CellFault(filed.code, filed.message)
        upload_id = _upload_id(name)
        own = next((asset for asset in there if asset.id == upload_id), None)
        upload = own or (self.uploads.get(upload_id) if upload_id is not None else None)
        if upload is not None:
            if upload.owner_id is not None and upload is not own:
                raise CellFault("PICTURE_TAKEN", "this picture belongs to something else already.")
            return upload
        content = self.contents.get(filed or name.removesuffix(ENDING))
        if content is None:
            raise CellFault("NO_SUCH_PICTURE", "there is no picture of this name.")
        return content

    def changes(self, listing_id: UUID, wanted: Sequence[Wanted] | None) -> bool:
        return wanted is not None and not shows(self.galleries.get(listing_id, []), wanted)

    def show(self, tx: Tx, listing_id: UUID, wanted: Sequence[Wanted]) -> list[MediaAsset]:
        """The listing shows them from now on; the rows that are new."""
        assert self.uploader_id is not None
        before = self.galleries.get(listing_id, [])
        gallery = replace_gallery(tx, owner_of(listing_id), before, wanted, uploader_id=self.uploader_id)
        self.galleries[listing_id] = gallery
        known = {asset.id for asset in before} | self.uploads.keys()
        return [asset for asset in gallery if asset.id not in known]


async def find_pictures(
    tx: Tx, batch: Iterable[ListingRows], *, folder: Folder, seller_id: UUID, actor: str, listing_ids: Sequence[UUID]
) -> Pictures:
    """All that a batch names, locked; nothing is asked when no row names a picture. Listings are locked already."""
    names = {name for rows in batch for name in rows.words.values.get(IMAGES, ())}
    if not names:
        return Pictures()
    uploader_id = UUID(actor.removeprefix(_USER)) if actor.startswith(_USER) else await _owner(tx, seller_id)
    galleries = await lock_galleries(tx, OwnerKind.LISTING, listing_ids)
    upload_ids = {id_ for name in names if (id_ := _upload_id(name)) is not None}
    keys = {filed for name in names if isinstance(filed := folder.get(name, name.removesuffix(ENDING)), str)}
    return Pictures(
        uploader_id=uploader_id,
        folder=folder,
        uploads=await lock_uploads(tx, upload_ids, uploader_id=uploader_id),
        contents=await hold_contents(tx, keys),
        galleries=galleries,
    )


async def _owner(tx: Tx, seller_id: UUID) -> UUID:
    """Pictures have a person to answer for them: when a command imports, the shop's owner."""
    owner: UUID = await tx.reads.scalar(_OWNER, seller_id=seller_id)
    return owner


def _upload_id(name: str) -> UUID | None:
    try:
        return decode_id("media_asset", name)
    except MalformedId:
        return None


async def names_of(chunks: AsyncIterator[bytes], form: ImportFormat, options: ImportOptions) -> set[str]:
    """The first NAMES_MAX pictures that a file names, whatever else is wrong with it. Raises FileRefused."""
    reader, splitter, names = reader_of(form, options, 0), LineSplitter(), set[str]()
    async for chunk in chunks:
        for row in reader.read(splitter.split(chunk)):
            names |= _named(row.cells.get(IMAGES, ""))
        if len(names) >= NAMES_MAX:
            return names
    for row in [*reader.read(splitter.finish()), *reader.finish()]:
        names |= _named(row.cells.get(IMAGES, ""))
    return names


def _named(cell: str) -> set[str]:
    try:
        return set(picture_names(cell))
    except CellFault:
        return set()
