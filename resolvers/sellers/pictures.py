"""The mutation by which a shop gets its logo and its banner."""

from typing import Annotated

import strawberry

from domain.sellers.pictures import SetShopImage, ShopImagePlace, set_shop_image
from resolvers.context import Info
from resolvers.media.types import ImageNotUsable
from resolvers.sellers.mutations import ShopChange
from resolvers.shared.enums import expose
from resolvers.shared.errors import InvalidInput, NotFound, NotPermitted
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation

expose(
    ShopImagePlace,
    "Where a shop shows a picture.",
    {ShopImagePlace.LOGO: "Its sign, beside its name.", ShopImagePlace.BANNER: "On top of its page."},
)


@strawberry.input(description="A picture of a shop.")
class SetShopImageInput:
    place: ShopImagePlace = strawberry.field(description="Where it is shown.")
    upload_id: strawberry.ID | None = strawberry.field(
        description="As `createImageUpload` gave it; null: no picture from now on."
    )
    alt_text: str = strawberry.field(
        default="", description="What to say to those who do not see it: one line of at most 200 characters."
    )


@strawberry.type(description="The shop has this picture. Everybody sees it once it is ready.")
class SetShopImageSuccess(ShopChange):
    pass


SetShopImageResult = Annotated[
    SetShopImageSuccess | NotFound | NotPermitted | ImageNotUsable | InvalidInput,
    strawberry.union("SetShopImageResult", description="What became of a shop's picture."),
]


@strawberry.type
class ShopPictureMutations:
    @mutation(AccessLevel.SELLER, "Give the shop a logo or a banner that you uploaded, or take it away.")
    async def set_shop_image(self, info: Info, input: SetShopImageInput) -> SetShopImageResult:
        context, command = info.context, parse(SetShopImage, input)
        id_ = await set_shop_image(command, actor=context.actor, db=context.ports.db)
        return await SetShopImageSuccess.of(id_, context)
