"""Pictures that a file names: those of a folder, uploads and stored ones; names of nothing refuse their listing."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

from app.container import Container
from app.picture_folder import store_folder
from domain.catalog.model import Listing, ListingStatus
from domain.catalog.pictures import owner_of
from domain.imports.model import ImportFormat
from domain.imports.pictures import Folder, names_of
from domain.imports.running import ImportPorts
from domain.media.model import MediaAsset
from domain.media.reads import ImageView, images_by_owners
from domain.media.uploading import UPLOADS_OPEN_MAX, CreateImageUpload, ImageType
from domain.sellers.uploading import create_upload
from domain.shared.actor import Actor
from domain.shared.ids import encode_id
from tests.domain.imports.files import begin, csv_of, named_faults, options, pieces, run, shop_has
from tests.domain.imports.test_exporting import export
from tests.domain.imports.test_importing import a_path
from tests.makers import a_seller, change
from tests.pictures import a_png

HEADER = "sku,title,category,price,images"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two pictures, and something that is none; a third picture lies outside of it."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    (folder / "front.jpg").write_bytes(a_png(60, 40, seed=1))
    (folder / "more" / "side.jpg").write_bytes(a_png(60, 40, seed=2))
    (folder / "copy.jpg").write_bytes(a_png(60, 40, seed=1))
    (folder / "notes.jpg").write_text("no picture")
    (tmp_path / "secret.jpg").write_bytes(a_png(60, 40, seed=3))
    return folder


async def take(
    container: Container, seller: Actor, text: str, folder: Path | None = None, form: ImportFormat = ImportFormat.CSV
) -> tuple[tuple[int, int, int, int], list[tuple[int, str, str]]]:
    """(created, updated, unchanged, faulty) rows, and the faults."""
    content = text.encode()
    found: Folder = {}
    if folder is not None:
        found = await store_folder(folder, await names_of(pieces(content), form, options()), container)
    ports = ImportPorts(db=container.ports.db, clock=container.ports.clock, policy=container.ports.policy, folder=found)
    import_id = await begin(container, seller, content, form)
    view = await run(container, import_id, content, ports=ports, batch_rows=4)
    counts = (view.rows_created, view.rows_updated, view.rows_unchanged, view.rows_faulty)
    return counts, await named_faults(container, view)


async def gallery(container: Container, seller: Actor, sku: str) -> Sequence[ImageView]:
    listing_id = (await shop_has(container, seller))[sku][0].listing_id
    return (await images_by_owners(container.ports.db.primary, [owner_of(listing_id)]))[owner_of(listing_id)]


async def an_upload(container: Container, seller: Actor) -> UUID:
    command = CreateImageUpload(content_type=ImageType.JPEG, byte_size=1_000)
    made = await create_upload(command, actor=seller, db=container.ports.db, storage=container.ports.storage)
    return made.asset_id


async def test_files_of_the_folder_become_the_gallery_and_the_same_file_again_changes_nothing(
    container: Container, photos: Path
) -> None:
    seller, path = await a_seller(container), await a_path(container)
    text = csv_of(HEADER, f"P1,Lamp,{path},5,front.jpg; more/side.jpg", f"P2,Torch,{path},5,front.jpg")
    assert await take(container, seller, text, photos) == ((2, 0, 0, 0), [])
    shown = await gallery(container, seller, "P1")
    assert [(each.position, each.is_ready, each.uploader_id) for each in shown] == [
        (0, True, seller.user()),
        (1, True, seller.user()),
    ]
    assert await take(container, seller, text, photos) == ((0, 0, 2, 0), [])
    assert await gallery(container, seller, "P1") == shown


async def test_a_gallery_is_put_in_another_order_without_what_is_no_longer_named(
    container: Container, photos: Path
) -> None:
    seller, path = await a_seller(container), await a_path(container)
    await take(container, seller, csv_of(HEADER, f"P1,Lamp,{path},5,front.jpg;more/side.jpg"), photos)
    front, side = await gallery(container, seller, "P1")
    version = (await shop_has(container, seller))["P1"][0].version
    swapped = csv_of("sku,images", "P1,more/side.jpg;front.jpg")
    assert await take(container, seller, swapped, photos) == ((0, 1, 0, 0), [])
    assert [each.id for each in await gallery(container, seller, "P1")] == [side.id, front.id]
    assert (await shop_has(container, seller))["P1"][0].version == version + 1
    await take(container, seller, csv_of("sku,images", "P1,front.jpg"), photos)
    assert [each.id for each in await gallery(container, seller, "P1")] == [front.id]
    assert await take(container, seller, csv_of("sku,images", "P1,")) == ((0, 0, 1, 0), [])


async def test_names_of_nothing_refuse_the_listing_and_say_which(container: Container, photos: Path) -> None:
    seller, path = await a_seller(container), await a_path(container)
    too_many = ";".join(f"{number}.jpg" for number in range(13))
    text = csv_of(
        HEADER,
        f"P1,Lamp,{path},5,missing.jpg;front.jpg",
        f"P2,Lamp,{path},5,../secret.jpg",
        f"P3,Lamp,{path},5,notes.jpg",
        f"P4,Lamp,{path},5,https://pictures.example/front.jpg",
        f"P5,Lamp,{path},5,{too_many}",
        f"P6,Lamp,{path},5,front.jpg;front.jpg",
        f"P7,Lamp,{path},5,front.jpg",
    )
    counts, faults = await take(container, seller, text, photos)
    assert counts == (1, 0, 0, 6)
    assert faults == [
        (2, "images", "NO_SUCH_PICTURE"),
        (3, "images", "NO_SUCH_PICTURE"),
        (4, "images", "NOT_AN_IMAGE"),
        (5, "images", "NO_SUCH_PICTURE"),
        (6, "images", "TOO_MANY"),
        (7, "images", "DUPLICATE"),
    ]


async def test_uploads_are_named_by_their_ids_and_belong_to_one_listing(container: Container) -> None:
    seller, path = await a_seller(container), await a_path(container)
    upload, foreign = await an_upload(container, seller), await an_upload(container, await a_seller(container))
    named, others = encode_id("media_asset", upload), encode_id("media_asset", foreign)
    rows = (f"P1,Lamp,{path},5,{named}", f"P2,Lamp,{path},5,{named}", f"P3,Lamp,{path},5,{others}")
    counts, faults = await take(container, seller, csv_of(HEADER, *rows))
    assert counts == (1, 0, 0, 2)
    assert faults == [(3, "images", "PICTURE_TAKEN"), (4, "images", "NO_SUCH_PICTURE")]
    assert [each.id for each in await gallery(container, seller, "P1")] == [upload]
    assert (await take(container, seller, csv_of(HEADER, rows[0])))[0] == (0, 0, 1, 0)


async def test_an_upload_is_not_shown_by_a_listing_that_is_refused(container: Container) -> None:
    seller = await a_seller(container)
    upload = await an_upload(container, seller)
    named = encode_id("media_asset", upload)
    assert (await take(container, seller, csv_of(HEADER, f"P1,Lamp,no/where,5,{named}")))[0] == (0, 0, 0, 1)
    row = await container.ports.db.run(lambda tx: tx.get(MediaAsset, upload))
    assert row is not None
    assert row.owner_id is None


async def test_a_listing_that_cannot_be_edited_keeps_its_gallery(container: Container, photos: Path) -> None:
    seller, path = await a_seller(container), await a_path(container)
    await take(container, seller, csv_of(HEADER, f"P1,Lamp,{path},5,front.jpg"), photos)
    [front] = await gallery(container, seller, "P1")
    listing_id = (await shop_has(container, seller))["P1"][0].listing_id
    await change(container, Listing, listing_id, status=ListingStatus.PENDING_REVIEW)
    _, faults = await take(container, seller, csv_of("sku,images", "P1,more/side.jpg"), photos)
    assert faults == [(2, "", "LISTING_NOT_EDITABLE")]
    assert [each.id for each in await gallery(container, seller, "P1")] == [front.id]


@pytest.mark.parametrize("form", list(ImportFormat))
async def test_an_export_names_pictures_so_that_another_shop_shows_the_same(
    container: Container, photos: Path, form: ImportFormat
) -> None:
    seller, other, path = await a_seller(container), await a_seller(container), await a_path(container)
    await take(container, seller, csv_of(HEADER, f"P1,Lamp,{path},5,more/side.jpg;front.jpg;copy.jpg"), photos)
    written = (await export(container, seller, form)).decode()
    assert await take(container, seller, written, form=form) == ((0, 0, 1, 0), [])
    assert (await take(container, other, written, form=form))[0] == (1, 0, 0, 0)
    keys = [[each.content_key for each in await gallery(container, shop, "P1")] for shop in (seller, other)]
    assert keys[0] == keys[1]
    assert len(keys[0]) == 2


async def test_json_may_list_them(container: Container, photos: Path) -> None:
    seller, path = await a_seller(container), await a_path(container)
    text = f'{{"sku": "P1", "title": "Lamp", "category": "{path}", "price": 5, "images": ["front.jpg"]}}\n'
    assert (await take(container, seller, text, photos, ImportFormat.JSONL))[0] == (1, 0, 0, 0)
    assert len(await gallery(container, seller, "P1")) == 1


async def test_a_catalogue_brings_more_uploads_than_a_person_may_have(container: Container) -> None:
    seller, path, each = await a_seller(container), await a_path(container), 12
    ids = [encode_id("media_asset", await an_upload(container, seller)) for _ in range(UPLOADS_OPEN_MAX + each)]
    galleries = [ids[place : place + each] for place in range(0, len(ids), each)]
    rows = [f"P{number},Lamp,{path},5,{';'.join(names)}" for number, names in enumerate(galleries)]
    assert await take(container, seller, csv_of(HEADER, *rows)) == ((len(rows), 0, 0, 0), [])
    for number, names in enumerate(galleries):
        shown = await gallery(container, seller, f"P{number}")
        assert [encode_id("media_asset", image.id) for image in shown] == names
