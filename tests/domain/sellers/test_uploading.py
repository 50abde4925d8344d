"""How many pictures may wait for an owner: a catalogue's for an approved shop, a person's for everybody else."""

import pytest

from app.container import Container
from domain.media.errors import TooManyUploads
from domain.media.model import MediaAsset
from domain.media.uploading import UPLOADS_OPEN_MAX, CreateImageUpload, ImageType
from domain.sellers.model import SellerStatus
from domain.sellers.uploading import SHOP_UPLOADS_OPEN_MAX, create_upload
from domain.shared.actor import Actor, ActorKind
from domain.shared.database import Tx
from domain.shared.ids import new_id
from tests.makers import a_buyer, a_seller


async def waiting(container: Container, person: Actor, count: int) -> None:
    async def step(tx: Tx) -> None:
        ids, now = [new_id() for _ in range(count)], tx.now
        await tx.add(*(MediaAsset(id=id_, uploader_id=person.user(), created_at=now, touched_at=now) for id_ in ids))

    await container.ports.db.run(step)


async def upload(container: Container, person: Actor) -> None:
    command = CreateImageUpload(content_type=ImageType.PNG, byte_size=1_000)
    await create_upload(command, actor=person, db=container.ports.db, storage=container.ports.storage)


async def test_a_shop_brings_the_pictures_of_a_catalogue(container: Container) -> None:
    seller = await a_seller(container)
    await waiting(container, seller, SHOP_UPLOADS_OPEN_MAX - 1)
    await upload(container, seller)
    with pytest.raises(TooManyUploads) as refused:
        await upload(container, seller)
    assert refused.value.maximum == SHOP_UPLOADS_OPEN_MAX


async def test_everybody_else_has_a_persons_limit(container: Container) -> None:
    applied = await a_seller(container, status=SellerStatus.APPLIED)
    shop = (await a_seller(container)).seller()
    left = Actor(ActorKind.USER, user_id=(await a_buyer(container)).user(), seller_id=shop)
    for person in (applied, left, await a_buyer(container)):
        await waiting(container, person, UPLOADS_OPEN_MAX)
        with pytest.raises(TooManyUploads) as refused:
            await upload(container, person)
        assert refused.value.maximum == UPLOADS_OPEN_MAX
