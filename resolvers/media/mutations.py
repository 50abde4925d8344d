"""Mutations by which anybody with an account uploads pictures. What they then belong to has mutations of its own."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.media.reads import images_by_ids
from domain.media.uploading import CompleteImageUpload, CreateImageUpload, ImageType, complete_image_upload
from domain.sellers.uploading import create_upload
from domain.shared.errors import NotFound as NotFoundError
from resolvers.context import Info
from resolvers.media.types import ImageUpload, StorageUnavailable, TooManyUploads, UploadNotArrived, UploadTicketType
from resolvers.shared.enums import expose
from resolvers.shared.errors import InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.shared.scalars import public_id

expose(
    ImageType,
    "The formats in which pictures are taken.",
    {ImageType.JPEG: "`image/jpeg`.", ImageType.PNG: "`image/png`.", ImageType.WEBP: "`image/webp`."},
)


@strawberry.input(description="A picture that is to be sent.")
class CreateImageUploadInput:
    content_type: ImageType = strawberry.field(description="Its format.")
    byte_size: int = strawberry.field(description="The size of the file, at most 10 MB.")


@strawberry.input(description="A picture that was sent.")
class CompleteImageUploadInput:
    upload_id: strawberry.ID = strawberry.field(description="As `createImageUpload` gave it.")


@strawberry.type(description="There is a place for the picture. Send the file to it, then attach it where it belongs.")
class CreateImageUploadSuccess:
    upload_id: strawberry.ID = strawberry.field(description="The picture's id from now on.")
    ticket: UploadTicketType = strawberry.field(description="Where and how to send the file.")
    upload: ImageUpload = strawberry.field(description="The picture on its way.")


@strawberry.type(description="The file is there and is being processed.")
class CompleteImageUploadSuccess:
    upload: ImageUpload = strawberry.field(description="The picture on its way; ask for it again by its id.")


CreateImageUploadResult = Annotated[
    CreateImageUploadSuccess | InvalidInput | TooManyUploads | StorageUnavailable,
    strawberry.union("CreateImageUploadResult", description="What became of the wish to upload."),
]
CompleteImageUploadResult = Annotated[
    CompleteImageUploadSuccess | NotFound | UploadNotArrived | StorageUnavailable,
    strawberry.union("CompleteImageUploadResult", description="What became of an upload."),
]


@strawberry.type
class MediaMutations:
    @mutation(
        AccessLevel.SIGNED_IN,
        "Ask for a place to send one picture to. The file goes there, not through GraphQL. 60 pictures may belong to "
        "nothing yet; 1,000 of whoever acts for an approved shop. After a day such a picture goes.",
    )
    async def create_image_upload(self, info: Info, input: CreateImageUploadInput) -> CreateImageUploadResult:
        context, ports = info.context, info.context.ports
        command = parse(CreateImageUpload, input)
        made = await create_upload(command, actor=context.actor, db=ports.db, storage=ports.storage)
        return CreateImageUploadSuccess(
            upload_id=public_id("media_asset", made.asset_id),
            ticket=UploadTicketType.of(made.ticket),
            upload=await shown_upload(info, made.asset_id),
        )

    @mutation(
        AccessLevel.SIGNED_IN,
        "Say that a picture's file was sent, to learn whether it is taken before it is used. Attaching it does so too.",
    )
    async def complete_image_upload(self, info: Info, input: CompleteImageUploadInput) -> CompleteImageUploadResult:
        context, ports = info.context, info.context.ports
        command = parse(CompleteImageUpload, input)
        id_ = await complete_image_upload(command, actor=context.actor, db=ports.db, storage=ports.storage)
        return CompleteImageUploadSuccess(upload=await shown_upload(info, id_))


async def shown_upload(info: Info, id_: UUID) -> ImageUpload:
    """As it stands right after a change, read from the primary."""
    found = (await images_by_ids(info.context.ports.db.primary, [id_])).get(id_)
    if found is None:
        raise NotFoundError("media_asset")
    return ImageUpload.of(found)
