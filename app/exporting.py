"""A shop's listings as a file: streamed over HTTP to its members, or written by the command line.

Invariant: the file is never in memory as a whole, over HTTP it is the shop of the token and no other, and no shop
takes all reading connections of a process by asking again and again.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app.container import Container, open_container
from app.graphql import refuse_over
from app.importing import format_of
from app.jobs import handlers_of
from app.settings import Settings
from app.viewer import authenticate, bearer_of, client_of
from domain.imports.exporting import export_listings
from domain.imports.model import ImportFormat
from domain.sellers.reads import shop_by_slug
from domain.shared.errors import DomainError, NotPermitted, NotSignedIn
from resolvers.extensions.refusals import RATE_LIMITED
from resolvers.transport.occupancy import Occupancy, TooManyOpen

PATH: Final = "/exports/listings.{format}"
MEDIA_TYPES: Final = {ImportFormat.CSV: "text/csv; charset=utf-8", ImportFormat.JSONL: "application/x-ndjson"}
AT_ONCE_MAX: Final = 2
"""Exports of one shop at once, in one process."""
STATUSES: Final[dict[type[DomainError], int]] = {NotSignedIn: 401, NotPermitted: 403}


def export_routes(container: Callable[[], Container], running: Occupancy | None = None) -> list[Route]:
    """`container` gives the opened container of this process, `running` counts exports by shop."""
    running = running or Occupancy("exports", AT_ONCE_MAX)

    async def listings(request: Request) -> Response:
        return await send_listings(request, container(), running)

    return [Route(PATH, listings, methods=["GET"])]


async def send_listings(request: Request, container: Container, running: Occupancy) -> Response:
    """`/exports/listings.csv` or `.jsonl`, with the access token of a session that acts for the shop."""
    if request.path_params["format"] not in list(ImportFormat):
        return Response(status_code=404)
    form = ImportFormat(request.path_params["format"])
    try:
        seller_id = await shop_of(request, container)
        running.check(str(seller_id))
    except TooManyOpen as full:
        said = {"error": {"code": RATE_LIMITED, "message": full.message}}
        return JSONResponse(said, status_code=429, headers={"cache-control": "no-store", "retry-after": "10"})
    except (NotSignedIn, NotPermitted) as refused:
        said = {"error": {"code": refused.code, "message": refused.message}}
        return JSONResponse(said, status_code=STATUSES[type(refused)], headers={"cache-control": "no-store"})
    headers = {
        "content-disposition": f'attachment; filename="listings.{form.value}"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    pieces = counted(export_listings(seller_id, form, container.reads), running, str(seller_id))
    return StreamingResponse(pieces, media_type=MEDIA_TYPES[form], headers=headers)


async def counted(pieces: AsyncGenerator[bytes, None], running: Occupancy, key: str) -> AsyncIterator[bytes]:
    with running.one(key):
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece


async def shop_of(request: Request, container: Container) -> UUID:
    """The shop that the token acts for, if that is still true. Raises NotSignedIn, NotPermitted."""
    client = client_of(request, container.settings.trusted_proxies)
    viewer = authenticate(bearer_of(request.headers.get("authorization")), client, container)
    seller_id = viewer.actor.seller()
    await refuse_over(viewer, container)
    return seller_id


async def export_file(settings: Settings, slug: str, path: Path) -> bool:
    """Write the shop's listings; False when there is no such shop. Raises OSError, FileRefused (an unknown ending)."""
    form = format_of(path)
    async with open_container(settings, handlers_of=handlers_of()) as container:
        shop = await shop_by_slug(container.ports.db.primary, slug)
        if shop is None:
            return False
        with path.open("wb") as file:
            await write(export_listings(shop.id, form, container.reads), file)
    return True


async def write(pieces: AsyncIterator[bytes], file: BinaryIO) -> None:
    async for piece in pieces:
        file.write(piece)
