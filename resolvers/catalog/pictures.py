"""Mutations by which sellers give their listings pictures."""

from typing import Annotated

import strawberry

from domain.catalog.pictures import (
    ArrangeListingImages,
    AttachListingImages,
    DescribeListingImage,
    RemoveListingImage,
    arrange_listing_images,
    attach_listing_images,
    describe_listing_image,
    remove_listing_image,
)
from resolvers.catalog.failures import ListingNotEditable, result
from resolvers.catalog.mutations import shown_listing
from resolvers.catalog.types import Listing
from resolvers.context import Info
from resolvers.media.inputs import AttachedImageInput
from resolvers.media.types import ImageNotUsable, TooManyImages
from resolvers.shared.errors import InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.input(description="Pictures for a listing.")
class AttachListingImagesInput:
    listing_id: strawberry.ID = strawberry.field(description="Which listing.")
    images: list[AttachedImageInput] = strawberry.field(description="The pictures in their order; 12 in all at most.")


@strawberry.input(description="The order of a listing's pictures.")
class ArrangeListingImagesInput:
    listing_id: strawberry.ID = strawberry.field(description="Which listing.")
    image_ids: list[strawberry.ID] = strawberry.field(
        description="All of its `imageUploads`, the first of them is the one on cards."
    )


@strawberry.input(description="What to say to those who do not see a picture.")
class DescribeListingImageInput:
    listing_id: strawberry.ID = strawberry.field(description="Which listing.")
    image_id: strawberry.ID = strawberry.field(description="Which of its pictures.")
    alt_text: str = strawberry.field(description="One line of at most 200 characters; may be empty.")


@strawberry.input(description="A picture of a listing.")
class RemoveListingImageInput:
    listing_id: strawberry.ID = strawberry.field(description="Which listing.")
    image_id: strawberry.ID = strawberry.field(description="Which of its pictures.")


@strawberry.type(description="The pictures belong to the listing. Buyers see each of them once it is ready.")
class AttachListingImagesSuccess:
    listing: Listing = strawberry.field(description="In its new version.")


@strawberry.type(description="The pictures are in this order.")
class ArrangeListingImagesSuccess:
    listing: Listing = strawberry.field(description="In its new version.")


@strawberry.type(description="The picture is described.")
class DescribeListingImageSuccess:
    listing: Listing = strawberry.field(description="In its new version.")


@strawberry.type(description="The picture is gone.")
class RemoveListingImageSuccess:
    listing: Listing = strawberry.field(description="In its new version.")


AttachListingImagesResult = Annotated[
    AttachListingImagesSuccess | NotFound | ListingNotEditable | ImageNotUsable | TooManyImages | InvalidInput,
    result("AttachListingImagesResult", "giving a listing pictures"),
]
ArrangeListingImagesResult = Annotated[
    ArrangeListingImagesSuccess | NotFound | ListingNotEditable | InvalidInput,
    result("ArrangeListingImagesResult", "putting pictures in order"),
]
DescribeListingImageResult = Annotated[
    DescribeListingImageSuccess | NotFound | ListingNotEditable | InvalidInput,
    result("DescribeListingImageResult", "describing a picture"),
]
RemoveListingImageResult = Annotated[
    RemoveListingImageSuccess | NotFound | ListingNotEditable, result("RemoveListingImageResult", "removing a picture")
]


@strawberry.type
class SellerPictureMutations:
    @mutation(AccessLevel.SELLER, "Give a listing pictures that you uploaded, behind those that it has.")
    async def attach_listing_images(self, info: Info, input: AttachListingImagesInput) -> AttachListingImagesResult:
        context, command = info.context, parse(AttachListingImages, input)
        id_ = await attach_listing_images(command, actor=context.actor, db=context.ports.db)
        return AttachListingImagesSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.SELLER, "Put a listing's pictures in order.")
    async def arrange_listing_images(self, info: Info, input: ArrangeListingImagesInput) -> ArrangeListingImagesResult:
        context, command = info.context, parse(ArrangeListingImages, input)
        id_ = await arrange_listing_images(command, actor=context.actor, db=context.ports.db)
        return ArrangeListingImagesSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.SELLER, "Say in words what a picture shows.")
    async def describe_listing_image(self, info: Info, input: DescribeListingImageInput) -> DescribeListingImageResult:
        context, command = info.context, parse(DescribeListingImage, input)
        id_ = await describe_listing_image(command, actor=context.actor, db=context.ports.db)
        return DescribeListingImageSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.SELLER, "Take a picture away from a listing.")
    async def remove_listing_image(self, info: Info, input: RemoveListingImageInput) -> RemoveListingImageResult:
        context, command = info.context, parse(RemoveListingImage, input)
        id_ = await remove_listing_image(command, actor=context.actor, db=context.ports.db)
        return RemoveListingImageSuccess(listing=await shown_listing(info, id_))
