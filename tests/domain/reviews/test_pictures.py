"""Pictures of reviews: given with them, shown when ready, replaced by an edit, never somebody else's."""

from uuid import UUID, uuid4

import pytest
import strawberry

from app.container import Container
from domain.media.attaching import AttachedImage
from domain.media.errors import ImageNotUsable
from domain.media.model import AssetState, MediaAsset, MediaContent
from domain.reviews.pictures import IMAGES_MAX
from domain.reviews.writing import ReviewListing
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.database import Tx
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.ids import encode_id, new_id
from resolvers.media.inputs import AttachedImageInput
from resolvers.reviews.inputs import ReviewListingInput
from resolvers.shared.parsing import parse
from tests.domain.reviews.reviewing import a_delivery, edit, on_listing, on_seller, the_review
from tests.graphql.execution import execute
from tests.makers import a_buyer

SHOWN = """query ($id: ID!) { node(id: $id) { ... on Review {
  images { imageId altText width } imageUploads { id status altText } } } }"""


async def a_picture(container: Container, owner: Actor, *, ready: bool = True) -> UUID:
    """Uploaded by somebody, and given to nothing yet."""
    id_, key = new_id(), uuid4().hex

    async def step(tx: Tx) -> None:
        await tx.add(MediaContent(key=key, width=600, height=400, widths=[160, 600]))
        await tx.add(
            MediaAsset(
                id=id_,
                uploader_id=owner.user(),
                state=AssetState.READY if ready else AssetState.PROCESSING,
                content_key=key if ready else None,
                width=600 if ready else None,
                height=400 if ready else None,
                widths=[160, 600] if ready else None,
                created_at=tx.now,
                touched_at=tx.now,
            )
        )

    await container.ports.db.run(step)
    return id_


def named(*ids: UUID, alt_text: str = "A lamp") -> tuple[AttachedImage, ...]:
    return tuple(AttachedImage(upload_id=id_, alt_text=alt_text) for id_ in ids)


async def seen(container: Container, review_id: UUID, actor: Actor = ANONYMOUS) -> tuple[list[str], list[str] | None]:
    """Ids of what shows, and of all that its author follows."""
    node = (await execute(container, SHOWN, {"id": encode_id("review", review_id)}, actor=actor))["node"]
    uploads = node["imageUploads"]
    return [each["imageId"] for each in node["images"]], uploads and [each["id"] for each in uploads]


def public(*ids: UUID) -> list[str]:
    return [encode_id("media_asset", id_) for id_ in ids]


async def test_pictures_come_with_a_review_and_show_when_they_are_ready(container: Container) -> None:
    sale = await a_delivery(container)
    ready = await a_picture(container, sale.buyer)
    on_its_way = await a_picture(container, sale.buyer, ready=False)
    review_id = await on_listing(container, sale, images=named(on_its_way, ready))
    assert await seen(container, review_id) == (public(ready), None)
    assert await seen(container, review_id, sale.buyer) == (public(ready), public(on_its_way, ready))


async def test_nobody_shows_the_pictures_of_another(container: Container) -> None:
    sale = await a_delivery(container)
    foreign = await a_picture(container, await a_buyer(container))
    with pytest.raises(NotFound):
        await on_seller(container, sale, images=named(foreign))
    mine = await a_picture(container, sale.buyer)
    await on_seller(container, sale, images=named(mine))
    with pytest.raises(ImageNotUsable):
        await on_listing(container, sale, images=named(mine))
    await on_listing(container, sale)


async def test_an_edit_replaces_reorders_and_describes_pictures(container: Container) -> None:
    sale = await a_delivery(container)
    one, two, three = [await a_picture(container, sale.buyer) for _ in range(3)]
    review_id = await on_listing(container, sale, images=named(one, two))
    await edit(container, review_id, sale.buyer, images=named(one, two))
    assert (await the_review(container, review_id)).edited_at is None, "nothing changed"
    await edit(container, review_id, sale.buyer, images=(*named(three), *named(one, alt_text="From above")))
    assert await seen(container, review_id) == (public(three, one), None)
    node = (await execute(container, SHOWN, {"id": encode_id("review", review_id)}))["node"]
    assert [each["altText"] for each in node["images"]] == ["A lamp", "From above"]
    assert (await the_review(container, review_id)).edited_at is not None
    await edit(container, review_id, sale.buyer, rating=1)
    assert await seen(container, review_id) == (public(three, one), None), "an edit of the rating leaves them"
    await edit(container, review_id, sale.buyer, images=())
    assert await seen(container, review_id) == ([], None)
    await edit(container, review_id, sale.buyer, images=named(two))
    assert await seen(container, review_id) == (public(two), None)


async def test_there_are_five_at_most_and_none_twice(container: Container) -> None:
    sale = await a_delivery(container)
    ids = [await a_picture(container, sale.buyer) for _ in range(IMAGES_MAX)]
    given = [AttachedImageInput(upload_id=strawberry.ID(id_)) for id_ in public(*ids, new_id())]
    wanted = ReviewListingInput(order_line_id=strawberry.ID(encode_id("order_line", new_id())), rating=5, images=given)
    with pytest.raises(InvalidInput):
        parse(ReviewListing, wanted)
    with pytest.raises(InvalidInput):
        await on_listing(container, sale, images=named(ids[0], ids[0]))
    review_id = await on_listing(container, sale, images=named(*ids))
    assert await seen(container, review_id) == (public(*ids), None)
