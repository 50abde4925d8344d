"""Filling the search index from the command line: all of it anew, or just what waits."""

from collections.abc import Callable

from app.container import open_container
from app.jobs import handlers_of
from app.settings import Settings
from domain.search.indexing import drain, rebuild


async def reindex(settings: Settings, progress: Callable[[int], None] | None = None) -> int:
    """Build the index again from the catalogue while the present one goes on answering; how many it holds."""
    async with open_container(settings, handlers_of=handlers_of()) as container:
        return await rebuild(db=container.ports.db, index=container.ports.search_index, progress=progress)


async def index_waiting(settings: Settings) -> int:
    """Bring everything that changed into the index now, without waiting for a worker; how many changes that were."""
    indexed = 0
    async with open_container(settings, handlers_of=handlers_of()) as container:
        while done := await drain(db=container.ports.db, index=container.ports.search_index):
            indexed += done
        await container.ports.search_index.tidy()
    return indexed
