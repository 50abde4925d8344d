"""Uploads: a place for a picture that is about to come, and word that it has come.

Invariant: files never pass through the API's operations. What is stored is known by its address alone until it has
been decoded; the type and size that a client announces only let it be refused early.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import bindparam, func, or_, select

from domain.media.errors import TooManyUploads, UploadNotArrived
from domain.media.events import ImageArrived
from domain.media.model import ASSET_TRANSITIONS, AssetState, MediaAsset
from domain.media.ports import ObjectStorage, UploadTicket, upload_key
from domain.media.refusals import IMAGE_BYTES_MAX
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.ids import MediaAssetId, new_id
from domain.shared.transitions import Party
from domain.users.model import User

PURPOSE: Final = "image"
UPLOAD_SECONDS: Final = 3600
UPLOADS_OPEN_MAX: Final = 60
"""Pictures of one person that belong to nothing yet; shops have a limit of their own."""

_assets = table(MediaAsset)


class ImageType(StrEnum):
    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"


@command
class CreateImageUpload:
    """`byte_size` is that of the file that will be sent."""

    content_type: ImageType
    byte_size: Annotated[int, Field(ge=1, le=2**31 - 1)]


@command
class CompleteImageUpload:
    upload_id: MediaAssetId


@dataclass(frozen=True, slots=True)
class ImageUpload:
    """`asset_id` is the picture's id from now on."""

    asset_id: UUID
    ticket: UploadTicket


_OPEN = (
    select(func.count())
    .select_from(_assets)
    .where(
        _assets.c.uploader_id == bindparam("uploader_id"),
        _assets.c.owner_id.is_(None),
        or_(*(_assets.c.state == state for state in (AssetState.UPLOADING, AssetState.PROCESSING, AssetState.READY))),
    )
)


async def create_image_upload(
    command: CreateImageUpload,
    *,
    actor: Actor,
    db: Database,
    storage: ObjectStorage,
    open_max: int = UPLOADS_OPEN_MAX,
) -> ImageUpload:
    """Where to send one picture. Raises InvalidInput (too large), TooManyUploads (open_max), StorageUnavailable."""
    uploader_id, asset_id = actor.user(), new_id()
    if command.byte_size > IMAGE_BYTES_MAX:
        message = f"A picture has at most {IMAGE_BYTES_MAX // 1024**2} MB."
        raise InvalidInput.at("byte_size", "FILE_TOO_LARGE", message)
    key = upload_key(PURPOSE, asset_id)
    ticket = await storage.upload_ticket(
        key, content_type=command.content_type.value, bytes_max=command.byte_size, seconds=UPLOAD_SECONDS
    )

    async def step(tx: Tx) -> None:
        # The lock keeps two requests from both taking the last place.
        await tx.lock(User, [uploader_id])
        if await tx.reads.scalar(_OPEN, uploader_id=uploader_id) >= open_max:
            raise TooManyUploads(open_max)
        await tx.add(
            MediaAsset(
                id=asset_id,
                uploader_id=uploader_id,
                source_key=key,
                source_expires_at=ticket.expires_at,
                created_at=tx.now,
                touched_at=tx.now,
            )
        )

    await db.run(step)
    return ImageUpload(asset_id, ticket)


async def complete_image_upload(
    command: CompleteImageUpload, *, actor: Actor, db: Database, storage: ObjectStorage
) -> UUID:
    """The picture's id; it is processed from now on. Said again, nothing happens.

    Raises NotFound, UploadNotArrived, StorageUnavailable.
    """

    async def waiting(tx: Tx) -> str | None:
        asset = await _own(tx, command.upload_id, actor)
        return asset.source_key if asset.state is AssetState.UPLOADING else None

    key = await db.run(waiting)
    if key is None:
        return command.upload_id
    if await storage.head(key) is None:
        raise UploadNotArrived()

    async def step(tx: Tx) -> UUID:
        asset = await _own(tx, command.upload_id, actor)
        if asset.state is AssetState.UPLOADING:
            arrive(tx, asset)
        return asset.id

    return await db.run(step)


def arrive(tx: Tx, asset: MediaAsset) -> None:
    """A locked picture goes from uploading to processing; whether its file is there the job finds out."""
    ASSET_TRANSITIONS.check(asset.state, AssetState.PROCESSING, Party.SELLER)
    asset.state = AssetState.PROCESSING
    asset.touched_at = tx.now
    tx.record(ImageArrived(at=tx.now, asset_id=asset.id))


async def _own(tx: Tx, asset_id: UUID, actor: Actor) -> MediaAsset:
    rows = await tx.lock(MediaAsset, [asset_id])
    if not rows or rows[0].uploader_id != actor.user() or rows[0].state is AssetState.EXPIRED:
        raise NotFound("media_asset")
    return rows[0]
