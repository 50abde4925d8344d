"""Filling the search index from the command line: all of it anew, or just what waits."""

from collections.abc import Callable

from app.container import open_container
from app.jobs import handlers_of
from app.settings import Settings
from domain.search.catching_up import catch_up
from domain.search.indexing import rebuild


async def reindex(settings: Settings, progress: Callable[[int], None] | None = None) -> int:
    """Build the index again from the catalogue while the present one goes on answering; how many it holds."""
    async with open_container(settings, handlers_of=handlers_of()) as container:
        return await rebuild(db=container.ports.db, index=container.ports.search_index, progress=progress)


async def index_waiting(settings: Settings, progress: Callable[[int], None] | None = None) -> int:
    """Bring everything that changed into the index now, without waiting for a worker; how much that was."""
    async with open_container(settings, handlers_of=handlers_of()) as container:
        return await catch_up(db=container.ports.db, index=container.ports.search_index, progress=progress)
