"""Filling the search index from the command line: all of it anew, or just what waits."""

from collections.abc import Callable
from typing import Final

from app.container import open_container
from app.jobs import handlers_of
from app.settings import Settings
from domain.search.indexing import drain, rebuild

BATCHES_AT_ONCE: Final = 4
"""Of changes, between two words about the progress."""


async def reindex(settings: Settings, progress: Callable[[int], None] | None = None) -> int:
    """Build the index again from the catalogue while the present one goes on answering; how many it holds."""
    async with open_container(settings, handlers_of=handlers_of()) as container:
        return await rebuild(db=container.ports.db, index=container.ports.search_index, progress=progress)


async def index_waiting(settings: Settings, progress: Callable[[int], None] | None = None) -> int:
    """Bring everything that changed into the index now, without waiting for a worker; how many changes that were."""
    indexed = 0
    async with open_container(settings, handlers_of=handlers_of()) as container:
        index = container.ports.search_index
        while done := await drain(db=container.ports.db, index=index, batches_max=BATCHES_AT_ONCE):
            indexed += done
            if progress is not None:
                progress(indexed)
        await container.ports.search_index.tidy()
    return indexed
