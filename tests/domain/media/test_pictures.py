"""The life of a picture: uploaded, attached, processed, shown or refused, let go, taken away.

Guaranteed here: a picture that is shown has its files, whoever uses the same file besides; a file that nobody uses
goes; and nothing is lost or left over when the storage stops answering in between.
"""

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.container import Container
from domain.media.attaching import (
    AttachedImage,
    Owner,
    arrange,
    attach,
    describe,
    detach,
    detach_all,
    place,
)
from domain.media.errors import (
    ImageNotUsable,
    StorageUnavailable,
    TooManyImages,
    TooManyUploads,
    UploadNotArrived,
)
from domain.media.model import AssetState, MediaAsset, MediaContent, OwnerKind, Slot
from domain.media.ports import upload_key
from domain.media.processing import process_image, ready_asset, store_picture
from domain.media.reads import ImageView, Picture, images_by_ids, images_by_owners
from domain.media.refusals import IMAGE_BYTES_MAX, RefusalReason
from domain.media.sweeping import sweep_media
from domain.media.uploading import (
    PURPOSE,
    UPLOADS_OPEN_MAX,
    CompleteImageUpload,
    CreateImageUpload,
    ImageType,
    complete_image_upload,
    create_image_upload,
)
from domain.shared.actor import Actor
from domain.shared.database import Tx, table
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.ids import new_id
from tests.conftest import FakeClock
from tests.fakes.storage import FakeImageRenderer, FakeObjectStorage
from tests.makers import a_buyer, change
from tests.pictures import a_phone_jpeg, a_png


class Studio:
    """One person who uploads, over a storage in memory."""

    def __init__(self, container: Container, actor: Actor) -> None:
        self.db = container.ports.db
        self.container = container
        self.actor = actor
        self.storage = FakeObjectStorage()
        self.renderer = FakeImageRenderer()

    async def upload(self, content: bytes | None = None) -> UUID:
        """Sent unless there is no content; not yet completed."""
        command = CreateImageUpload(content_type=ImageType.PNG, byte_size=1_000)
        made = await create_image_upload(command, actor=self.actor, db=self.db, storage=self.storage)
        if content is not None:
            self.storage.files[upload_key(PURPOSE, made.asset_id)] = content
        return made.asset_id

    async def attach(self, owner: Owner, *ids: UUID, images_max: int = 12) -> None:
        images = [AttachedImage(upload_id=id_, alt_text="A lamp") for id_ in ids]
        await self.db.run(lambda tx: attach(tx, owner, images, uploader_id=self.actor.user(), images_max=images_max))

    async def process(self, *ids: UUID) -> None:
        for id_ in ids:
            await process_image(id_, db=self.db, storage=self.storage, renderer=self.renderer)

    async def shown(self, owner: Owner, content: bytes) -> UUID:
        """Uploaded, attached and ready."""
        id_ = await self.upload(content)
        await self.attach(owner, id_)
        await self.process(id_)
        return id_

    async def view(self, id_: UUID) -> ImageView:
        return (await images_by_ids(self.db.primary, [id_]))[id_]

    async def gallery(self, owner: Owner) -> Sequence[ImageView]:
        return (await images_by_owners(self.db.primary, [owner]))[owner]

    async def sweep(self) -> int:
        return await sweep_media(db=self.db, storage=self.storage)

    def pictures(self) -> list[str]:
        return sorted(key for key in self.storage.files if key.startswith("images/"))

    def sources(self) -> list[str]:
        return sorted(key for key in self.storage.files if key.startswith("uploads/"))


@pytest.fixture
async def studio(container: Container) -> Studio:
    return Studio(container, await a_buyer(container))


@pytest.fixture
async def alone(fresh_container: Container) -> Studio:
    """On a database of its own, for sweeps."""
    return Studio(fresh_container, await a_buyer(fresh_container))


def a_thing(kind: OwnerKind = OwnerKind.REVIEW) -> Owner:
    return Owner(kind, new_id())


async def test_a_picture_goes_from_its_upload_to_its_renditions(studio: Studio) -> None:
    owner = a_thing()
    id_ = await studio.upload(a_phone_jpeg(600, 400))
    assert (await studio.view(id_)).state is AssetState.UPLOADING
    await studio.attach(owner, id_)
    assert (await studio.view(id_)).state is AssetState.PROCESSING
    assert (await studio.view(id_)).picture is None
    await studio.process(id_)
    (view,) = await studio.gallery(owner)
    assert (view.state, view.width, view.height, view.alt_text) == (AssetState.READY, 400, 600, "A lamp")
    picture = view.picture
    assert picture is not None
    assert list(picture.widths) == [160, 400]
    assert studio.pictures() == sorted(picture.key(width) for width in picture.widths)
    assert studio.sources() == [], "what the phone sent is gone"
    assert [picture.fitting(width) for width in (1, 160, 161, 5_000)] == [160, 160, 400, 400]


async def test_a_job_that_comes_twice_does_nothing_more(studio: Studio) -> None:
    id_ = await studio.shown(a_thing(), a_png(seed=1))
    await studio.process(id_, new_id())
    assert (await studio.view(id_)).state is AssetState.READY
    assert studio.renderer.rendered == 1


async def test_the_same_file_is_made_once(studio: Studio) -> None:
    first, second = a_thing(), a_thing()
    await studio.shown(first, a_png(seed=2))
    await studio.shown(second, a_png(seed=2))
    assert studio.renderer.rendered == 1
    one, other = (await studio.gallery(first))[0], (await studio.gallery(second))[0]
    assert one.picture == other.picture
    assert one.id != other.id


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no picture", RefusalReason.NOT_AN_IMAGE),
        (a_png()[:300], RefusalReason.DAMAGED),
        (b"x" * (IMAGE_BYTES_MAX + 1), RefusalReason.FILE_TOO_LARGE),
        (None, RefusalReason.NEVER_ARRIVED),
    ],
)
async def test_what_is_no_picture_is_refused_and_its_file_goes(
    studio: Studio, content: bytes | None, reason: RefusalReason
) -> None:
    owner = a_thing()
    id_ = await studio.upload(content)
    await studio.attach(owner, id_)
    await studio.process(id_)
    view = await studio.view(id_)
    assert (view.state, view.refusal) == (AssetState.REFUSED, reason)
    assert studio.storage.files == {}


async def test_a_refused_picture_makes_room_and_cannot_be_used(studio: Studio) -> None:
    owner = a_thing()
    refused = await studio.upload(b"no picture")
    await studio.attach(owner, refused)
    await studio.process(refused)
    good = await studio.upload(a_png(seed=3))
    await studio.attach(owner, good, images_max=1)
    assert [view.id for view in await studio.gallery(owner)] == [good]
    with pytest.raises(ImageNotUsable):
        await studio.attach(owner, refused)


async def test_completing_an_upload_wants_its_file_to_be_there(studio: Studio) -> None:
    async def complete(id_: UUID, actor: Actor = studio.actor) -> UUID:
        command = CompleteImageUpload(upload_id=id_)
        return await complete_image_upload(command, actor=actor, db=studio.db, storage=studio.storage)

    id_ = await studio.upload()
    with pytest.raises(UploadNotArrived):
        await complete(id_)
    studio.storage.files[upload_key(PURPOSE, id_)] = a_png(seed=4)
    assert await complete(id_) == await complete(id_) == id_
    await studio.process(id_)
    assert (await studio.view(id_)).is_ready
    stranger = await a_buyer(studio.container)
    with pytest.raises(NotFound):
        await complete(id_, stranger)
    with pytest.raises(NotFound):
        await complete(new_id())
    await studio.attach(a_thing(), id_)


async def test_a_file_that_says_that_it_is_too_large_is_refused_at_once(studio: Studio) -> None:
    command = CreateImageUpload(content_type=ImageType.JPEG, byte_size=IMAGE_BYTES_MAX + 1)
    with pytest.raises(InvalidInput) as refused:
        await create_image_upload(command, actor=studio.actor, db=studio.db, storage=studio.storage)
    assert [(issue.path, issue.code) for issue in refused.value.issues] == [(("byte_size",), "FILE_TOO_LARGE")]


async def test_uploads_that_belong_to_nothing_are_limited(studio: Studio) -> None:
    ids = [await studio.upload() for _ in range(UPLOADS_OPEN_MAX)]
    with pytest.raises(TooManyUploads):
        await studio.upload()
    await studio.attach(a_thing(), ids[0])
    await studio.upload()


async def test_a_gallery_keeps_its_order_and_its_limit(studio: Studio) -> None:
    owner = a_thing()
    ids = [await studio.upload() for _ in range(4)]
    await studio.attach(owner, ids[1], ids[0])
    await studio.attach(owner, ids[0], ids[2])
    assert [view.id for view in await studio.gallery(owner)] == [ids[1], ids[0], ids[2]], "what is there stays there"
    with pytest.raises(TooManyImages):
        await studio.attach(owner, ids[3], images_max=3)
    await studio.db.run(lambda tx: arrange(tx, owner, [ids[2], ids[1], ids[0]]))
    assert [view.id for view in await studio.gallery(owner)] == [ids[2], ids[1], ids[0]]
    for wrong in ([ids[0]], [ids[0], ids[0], ids[1]], [*ids]):
        with pytest.raises(InvalidInput):
            await studio.db.run(lambda tx, wrong=wrong: arrange(tx, owner, wrong))  # type: ignore[misc]  # bound now
    await studio.db.run(lambda tx: detach(tx, owner, ids[1]))
    await studio.db.run(lambda tx: describe(tx, owner, ids[0], "A green lamp"))
    assert [(view.id, view.alt_text) for view in await studio.gallery(owner)] == [
        (ids[2], "A lamp"),
        (ids[0], "A green lamp"),
    ]
    with pytest.raises(NotFound):
        await studio.db.run(lambda tx: detach(tx, owner, ids[1]))
    await studio.db.run(lambda tx: detach_all(tx, owner))
    assert await studio.gallery(owner) == []


async def test_a_picture_belongs_to_one_thing_and_comes_from_its_uploader(studio: Studio) -> None:
    id_ = await studio.upload()
    await studio.attach(a_thing(), id_)
    with pytest.raises(ImageNotUsable):
        await studio.attach(a_thing(), id_)
    stranger = Studio(studio.container, await a_buyer(studio.container))
    with pytest.raises(NotFound):
        await stranger.attach(a_thing(), await studio.upload())
    fresh = await studio.upload()
    with pytest.raises(InvalidInput):
        await studio.attach(a_thing(), fresh, fresh)


async def test_a_place_for_one_picture_holds_the_last_one(studio: Studio) -> None:
    owner = a_thing(OwnerKind.SELLER)
    first, second = await studio.upload(), await studio.upload()

    async def put(id_: UUID | None) -> list[UUID]:
        image = AttachedImage(upload_id=id_) if id_ is not None else None
        await studio.db.run(lambda tx: place(tx, owner, Slot.LOGO, image, uploader_id=studio.actor.user()))
        return [view.id for view in await studio.gallery(owner) if view.slot is Slot.LOGO]

    assert await put(first) == [first]
    assert await put(first) == [first]
    assert await put(second) == [second]
    assert await put(None) == []


async def test_a_storage_that_stops_answering_leaves_the_picture_to_the_next_try(studio: Studio) -> None:
    id_ = await studio.upload(a_png(seed=5))
    await studio.attach(a_thing(), id_)
    studio.storage.down = True
    with pytest.raises(StorageUnavailable):
        await studio.process(id_)
    with pytest.raises(StorageUnavailable):
        await studio.upload()
    studio.storage.down = False
    await studio.process(id_)
    assert (await studio.view(id_)).is_ready


async def test_a_picture_can_be_stored_without_an_upload(studio: Studio) -> None:
    """As demo data are: the same picture on many things costs one rendering."""
    owners = [a_thing(), a_thing()]
    for owner in owners:
        picture = await store_picture(a_png(seed=6), db=studio.db, storage=studio.storage, renderer=studio.renderer)

        async def step(tx: Tx, owner: Owner = owner, picture: Picture = picture) -> None:
            await tx.add(ready_asset(picture, owner, uploader_id=studio.actor.user(), tx=tx))

        await studio.db.run(step)
    assert [len(await studio.gallery(owner)) for owner in owners] == [1, 1]
    assert studio.renderer.rendered == 1


async def test_uploads_that_came_to_nothing_are_taken_away_with_their_files(alone: Studio, clock: FakeClock) -> None:
    owner = a_thing()
    sent, never_sent, used = await alone.upload(b"something"), await alone.upload(), await alone.upload(a_png(seed=7))
    await alone.attach(owner, used)
    await alone.process(used)
    clock.advance(hours=23)
    await alone.sweep()
    assert len(await images_by_ids(alone.db.primary, [sent, never_sent, used])) == 3
    clock.advance(hours=2)
    await alone.sweep()
    assert list(await images_by_ids(alone.db.primary, [sent, never_sent, used])) == [used]
    assert alone.sources() == []
    assert len(alone.pictures()) == 2


async def test_files_go_when_the_last_picture_of_them_is_gone(alone: Studio, clock: FakeClock) -> None:
    first, second = a_thing(), a_thing()
    await alone.shown(first, a_png(seed=8))
    await alone.shown(second, a_png(seed=8))

    async def days_later() -> list[str]:
        for _ in range(2):
            clock.advance(days=2)
            await alone.sweep()
        return alone.pictures()

    assert len(await days_later()) == 2
    await alone.db.run(lambda tx: detach_all(tx, first))
    assert len(await days_later()) == 2, "the other one is still shown"
    await alone.db.run(lambda tx: detach_all(tx, second))
    assert await days_later() == []
    for rows in (MediaAsset, MediaContent):
        assert await alone.db.primary.scalar(select(func.count()).select_from(table(rows))) == 0
    await alone.shown(first, a_png(seed=8))
    assert len(alone.pictures()) == 2, "and they are made again when the file comes again"


async def test_a_sweep_that_is_cut_off_is_finished_by_the_next(alone: Studio, clock: FakeClock) -> None:
    owner = a_thing()
    await alone.shown(owner, a_png(seed=9))
    await alone.db.run(lambda tx: detach_all(tx, owner))
    clock.advance(days=2)
    alone.storage.down = True
    with pytest.raises(StorageUnavailable):
        await alone.sweep()
    alone.storage.down = False
    await alone.sweep()
    clock.advance(days=2)
    alone.storage.down = True
    with pytest.raises(StorageUnavailable):
        await alone.sweep()
    # Its content is marked as going: nobody may build on it now.
    alone.storage.down = False
    late = await alone.upload(a_png(seed=9))
    await alone.attach(owner, late)
    with pytest.raises(StorageUnavailable):
        await alone.process(late)
    await alone.sweep()
    assert alone.pictures() == []
    await alone.process(late)
    assert (await alone.view(late)).is_ready
    assert len(alone.pictures()) == 2


async def test_a_picture_whose_job_was_given_up_is_refused_in_the_end(alone: Studio, clock: FakeClock) -> None:
    id_ = await alone.upload(a_png(seed=10))
    await alone.attach(a_thing(), id_)
    clock.advance(minutes=59)
    await alone.sweep()
    assert (await alone.view(id_)).state is AssetState.PROCESSING
    clock.advance(minutes=2)
    await alone.sweep()
    view = await alone.view(id_)
    assert (view.state, view.refusal) == (AssetState.REFUSED, RefusalReason.PROCESSING_FAILED)
    await alone.process(id_)
    assert (await alone.view(id_)).state is AssetState.REFUSED
    clock.advance(days=8)
    await alone.sweep()
    assert await images_by_ids(alone.db.primary, [id_]) == {}


async def test_a_file_sent_once_more_to_its_old_address_goes_too(alone: Studio, clock: FakeClock) -> None:
    id_ = await alone.shown(a_thing(), a_png(seed=11))
    alone.storage.files[upload_key(PURPOSE, id_)] = b"once more"
    clock.advance(hours=3)
    await alone.sweep()
    assert alone.sources() == []
    assert await alone.sweep() == 0, "and is not looked for again"


async def test_a_sweep_is_bounded_and_says_that_there_is_more(alone: Studio, clock: FakeClock) -> None:
    for _ in range(UPLOADS_OPEN_MAX):
        await alone.upload()
    other = Studio(alone.container, await a_buyer(alone.container))
    for _ in range(UPLOADS_OPEN_MAX):
        await other.upload()
    clock.advance(days=2)
    counts = [await alone.sweep(), await alone.sweep(), await alone.sweep()]
    assert counts == [100, 20, 0]


async def test_rows_that_make_no_sense_are_refused_by_the_database(studio: Studio) -> None:
    id_ = await studio.upload()
    for values in ({"owner_id": new_id()}, {"state": AssetState.REFUSED}, {"state": AssetState.READY}):
        with pytest.raises(Exception, match="ck_media_asset"):
            await change(studio.container, MediaAsset, id_, **values)
