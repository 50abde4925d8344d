"""The pictures of a folder, stored before the rows that name them are taken.

Invariant: only files below the folder are read, and what a file name leads to outside of it does not exist. What was
stored before is not made again, so an import that was interrupted comes here quickly.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from app.container import Container
from domain.imports.pictures import NoPicture
from domain.media.errors import ImageRefused, RenderingFailed
from domain.media.processing import store_picture
from domain.media.refusals import IMAGE_BYTES_MAX, RefusalReason, in_words

AT_ONCE: Final = 2
"""Each is decoded by a process of its own."""


async def store_folder(folder: Path, names: Iterable[str], container: Container) -> dict[str, str | NoPicture]:
    """Of those names that are files: the key of the stored picture, or why it is none. Raises StorageUnavailable."""
    found: dict[str, str | NoPicture] = {}
    waiting = iter(sorted(names))

    async def store() -> None:
        for name in waiting:
            source = await asyncio.to_thread(_content, folder, name)
            if source is not None:
                found[name] = await _stored(source, container)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(store())
    return found


def _content(folder: Path, name: str) -> bytes | None:
    """What the file holds, cut off behind what a picture may have; None where there is none."""
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(IMAGE_BYTES_MAX + 1)


async def _stored(source: bytes, container: Container) -> str | NoPicture:
    if len(source) > IMAGE_BYTES_MAX:
        return _refused(RefusalReason.FILE_TOO_LARGE)
    ports = container.ports
    try:
        picture = await store_picture(source, db=ports.db, storage=ports.storage, renderer=container.renderer)
    except ImageRefused as refused:
        return _refused(refused.reason)
    except RenderingFailed:
        return _refused(RefusalReason.PROCESSING_FAILED)
    return picture.content_key


def _refused(reason: RefusalReason) -> NoPicture:
    return NoPicture(reason.value.upper(), in_words(reason))
