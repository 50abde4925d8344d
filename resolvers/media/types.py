"""Pictures in the schema: `Image` is what everybody sees, `ImageUpload` what its uploader and its owner follow.

An image has no `id` of its own: `node(id:)` gives uploads, and a client's cache must not take one for the other.
"""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import strawberry

from domain.media import errors
from domain.media.model import AssetState
from domain.media.ports import UploadTicket
from domain.media.reads import ImageView, Picture
from domain.media.refusals import RefusalReason, in_words
from resolvers.context import Info
from resolvers.shared.directives import ListSize
from resolvers.shared.enums import expose
from resolvers.shared.errors import UserError, failure
from resolvers.shared.scalars import Node, public_id

RENDITIONS: Final = ListSize(assumed_size=4)

expose(
    AssetState,
    "Where a picture stands.",
    {
        AssetState.UPLOADING: "Its file has not come yet.",
        AssetState.PROCESSING: "Its file is being looked at and made presentable.",
        AssetState.READY: "It can be shown.",
        AssetState.REFUSED: "It is not taken; see `refusal`.",
        AssetState.EXPIRED: "It was never used, and is gone.",
    },
    name="ImageStatus",
)
expose(
    RefusalReason,
    "Why a picture is not taken.",
    {
        RefusalReason.NOT_AN_IMAGE: "The file is no picture, whatever its name says.",
        RefusalReason.UNSUPPORTED_FORMAT: "A picture, but neither JPEG nor PNG nor WebP.",
        RefusalReason.FILE_TOO_LARGE: "The file has more than 10 MB.",
        RefusalReason.TOO_MANY_PIXELS: "More than 40 megapixels, or more than 16,000 pixels on a side.",
        RefusalReason.DAMAGED: "The file is damaged or incomplete.",
        RefusalReason.NEVER_ARRIVED: "No complete file has arrived.",
        RefusalReason.PROCESSING_FAILED: "It could not be processed; upload it again.",
    },
    name="ImageRefusalReason",
)

Width = Annotated[int, strawberry.argument(description="How many pixels wide it will be shown at most.")]


@strawberry.type(description="A picture in one size, as WebP. What its address gives never changes.")
class ImageRendition:
    url: str = strawberry.field(description="Where it is, for everybody and for ever.")
    width: int = strawberry.field(description="In pixels.")
    height: int = strawberry.field(description="In pixels.")


@strawberry.type(description="A picture that can be shown: upright, in sRGB, without anything that its file told.")
class Image:
    image_id: strawberry.ID = strawberry.field(description="The id that it had as an upload.")
    alt_text: str = strawberry.field(description="What to say to those who do not see it; may be empty.")
    width: int = strawberry.field(description="Of the upright original, in pixels: for the place that it will take.")
    height: int = strawberry.field(description="Of the upright original, in pixels.")
    picture: strawberry.Private[Picture]

    @strawberry.field(description="The smallest rendition that is at least so wide, else the widest.")
    def url(self, info: Info, width: Width = 960) -> str:
        return info.context.ports.storage.public_url(self.picture.key(self.picture.fitting(width)))

    @strawberry.field(description="All sizes, the narrowest first: what a `srcset` needs.", directives=[RENDITIONS])
    def renditions(self, info: Info) -> list[ImageRendition]:
        storage, picture = info.context.ports.storage, self.picture
        return [
            ImageRendition(url=storage.public_url(picture.key(width)), width=width, height=picture.height_of(width))
            for width in picture.widths
        ]

    @classmethod
    def of(cls, picture: Picture, image_id: UUID, alt_text: str) -> "Image":
        return cls(
            image_id=public_id("media_asset", image_id),
            alt_text=alt_text,
            width=picture.width,
            height=picture.height,
            picture=picture,
        )


def image_of(view: ImageView | None) -> Image | None:
    """What everybody sees of it: nothing before it is ready."""
    picture = view.picture if view is not None else None
    return Image.of(picture, view.id, view.alt_text) if view is not None and picture is not None else None


@strawberry.type(description="Why a picture is not taken.")
class ImageRefusal:
    reason: RefusalReason = strawberry.field(description="The stable word.")
    message: str = strawberry.field(description="What to tell a person, in English.")


@strawberry.type(description="A picture on its way, as whoever uploaded it and its owner see it.")
class ImageUpload(Node):
    status: AssetState = strawberry.field(description="Where it stands. Asked again, it tells how far it has come.")
    alt_text: str = strawberry.field(description="What to say to those who do not see it; may be empty.")
    refusal: ImageRefusal | None = strawberry.field(description="Why it is not taken; null unless it is refused.")
    image: Image | None = strawberry.field(description="What everybody sees; null until it is ready.")

    @classmethod
    def of(cls, view: ImageView) -> "ImageUpload":
        refusal = None
        if view.refusal is not None:
            refusal = ImageRefusal(reason=view.refusal, message=in_words(view.refusal))
        return cls(
            id=public_id("media_asset", view.id),
            status=view.state,
            alt_text=view.alt_text,
            refusal=refusal,
            image=image_of(view),
        )


@strawberry.type(description="A header of an HTTP request.")
class UploadHeader:
    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(name="UploadTicket", description="The right to send one file: a request to be made outside the API.")
class UploadTicketType:
    url: str = strawberry.field(description="Where to send it. Whoever has the address may send: keep it to yourself.")
    method: str = strawberry.field(description="The HTTP method, as `PUT`.")
    headers: list[UploadHeader] = strawberry.field(description="Headers to send, exactly as they are.")
    expires_at: datetime = strawberry.field(description="Until when; until then a broken-off upload may be sent again.")

    @classmethod
    def of(cls, ticket: UploadTicket) -> "UploadTicketType":
        headers = [UploadHeader(name=name, value=value) for name, value in ticket.headers.items()]
        return cls(url=ticket.url, method=ticket.method, headers=headers, expires_at=ticket.expires_at)


@failure(errors.StorageUnavailable, "Files cannot be stored at present. Try again in a moment.")
class StorageUnavailable(UserError):
    pass


@failure(errors.UploadNotArrived, "No complete file has come to the upload's address; send it first.")
class UploadNotArrived(UserError):
    pass


@failure(errors.ImageNotUsable, "The picture was refused, has expired or belongs to something else; upload it again.")
class ImageNotUsable(UserError):
    pass


@failure(errors.TooManyImages, "More pictures than there may be. None was attached.")
class TooManyImages(UserError):
    maximum: int = strawberry.field(description="How many there may be.")

    @classmethod
    def of(cls, error: errors.TooManyImages) -> "TooManyImages":
        return cls(code=error.code, message=error.message, maximum=error.maximum)


@failure(errors.TooManyUploads, "Too many uploads that belong to nothing yet: use them, or wait a day.")
class TooManyUploads(UserError):
    maximum: int = strawberry.field(description="How many there may be.")

    @classmethod
    def of(cls, error: errors.TooManyUploads) -> "TooManyUploads":
        return cls(code=error.code, message=error.message, maximum=error.maximum)
