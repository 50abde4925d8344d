"""Uploads by their id, for whoever made them."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.media.reads import images_by_ids
from domain.shared.ids import decode_id
from resolvers.context import Context, Info
from resolvers.media.types import ImageUpload
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query


@strawberry.type
class BuyerMediaQueries:
    @query(AccessLevel.SIGNED_IN, "A picture that you uploaded; null when there is none, or no longer.")
    async def image_upload(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The upload's id.")]
    ) -> ImageUpload | None:
        return await _upload_node(info.context, decode_id("media_asset", id))


async def _upload_node(context: Context, id_: UUID) -> ImageUpload | None:
    if context.actor.user_id is None:
        return None
    # Clients ask again and again until it is ready: a replica that lags would only make them wait longer.
    found = (await images_by_ids(context.ports.db.primary, [id_])).get(id_)
    return ImageUpload.of(found) if found is not None and found.uploader_id == context.actor.user_id else None


register_node("media_asset", _upload_node)
