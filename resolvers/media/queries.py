"""Uploads by their id, for whoever made them."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

import strawberry

from domain.media.reads import images_by_ids
from domain.shared.errors import InvalidInput
from domain.shared.ids import decode_id
from resolvers.context import Context, Info
from resolvers.media.types import ImageUpload
from resolvers.shared.directives import ListSize
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query

ASKED_MAX: Final = 100


@strawberry.type
class BuyerMediaQueries:
    @query(AccessLevel.SIGNED_IN, "A picture that you uploaded; null when there is none, or no longer.")
    async def image_upload(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The upload's id.")]
    ) -> ImageUpload | None:
        return await _upload_node(info.context, decode_id("media_asset", id))

    @query(
        AccessLevel.SIGNED_IN,
        "The same for many, in the order asked for: how a whole batch stands. Null where there is none, or no longer.",
        size=ListSize(assumed_size=ASKED_MAX),
    )
    async def image_uploads(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"The uploads' ids, at most {ASKED_MAX}.")],
    ) -> list[ImageUpload | None]:
        if len(ids) > ASKED_MAX:
            raise InvalidInput.at("ids", "TOO_LONG", f"Ask for at most {ASKED_MAX} at once.")
        return await _uploads(info.context, [decode_id("media_asset", each) for each in ids])


async def _upload_node(context: Context, id_: UUID) -> ImageUpload | None:
    return (await _uploads(context, [id_]))[0] if context.actor.user_id is not None else None


async def _uploads(context: Context, ids: Sequence[UUID]) -> list[ImageUpload | None]:
    """The viewer's own; one place for each id."""
    # Clients ask again and again until it is ready: a replica that lags would only make them wait longer.
    found = await images_by_ids(context.ports.db.primary, ids)
    own = {id_: ImageUpload.of(view) for id_, view in found.items() if view.uploader_id == context.actor.user()}
    return [own.get(id_) for id_ in ids]


register_node("media_asset", _upload_node)
