"""Files over HTTP: pictures for everybody, and the door of signed addresses when files are kept in a directory here.

Invariant: nothing is read or written that a signature or the public part of the storage does not allow, and a body is
read no further than its grant. Any origin may use these addresses: the address itself is the permission, no cookie or
token comes along.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app.container import Container
from domain.media.errors import ObjectMissing, ObjectTooLarge, StorageUnavailable
from domain.media.ports import PUBLIC_PREFIX, is_key
from domain.shared.errors import DomainError
from infra.storage.local import FILES_PATH, LocalObjectStorage
from infra.storage.signatures import AddressRefused, Grant

PICTURE_BYTES_MAX: Final = 32 * 1024 * 1024
IDLE_SECONDS_MAX: Final = 30.0
"""Between two pieces of an upload."""
UPLOAD_SECONDS_MAX: Final = 540.0
PREFLIGHT_SECONDS: Final = 86_400
ANYWHERE: Final[Mapping[str, str]] = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}
PREFLIGHT: Final[Mapping[str, str]] = {
    **ANYWHERE,
    "access-control-allow-methods": "GET, HEAD, PUT",
    "access-control-allow-headers": "content-type",
    "access-control-max-age": str(PREFLIGHT_SECONDS),
}
FOR_EVER: Final = "public, max-age=31536000, immutable"


class TooSlow(Exception):
    """The client sends no more, or too little."""


def file_routes(container: Callable[[], Container]) -> list[Route]:
    """`container` gives the opened container of this process."""

    async def picture(request: Request) -> Response:
        return await show_picture(request, container())

    async def file(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=dict(PREFLIGHT))
        return await use_signed_address(request, container())

    return [
        Route("/media/{key:path}", picture, methods=["GET", "HEAD"]),
        Route(f"{FILES_PATH}{{key:path}}", file, methods=["GET", "PUT", "OPTIONS"]),
    ]


async def show_picture(request: Request, container: Container) -> Response:
    """A rendition, from whichever storage there is: where no CDN stands in front, this is where pictures come from."""
    key = request.path_params["key"]
    if not (key.startswith(PUBLIC_PREFIX) and is_key(key)):
        return refusal(404, ObjectMissing())
    # The key is made from the content, so it is its validator too.
    headers = {**ANYWHERE, "cache-control": FOR_EVER, "etag": f'"{key}"'}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    try:
        content = await container.storage.read(key, bytes_max=PICTURE_BYTES_MAX)
    except StorageUnavailable as fault:
        return refusal(503, fault)
    except (ObjectMissing, ObjectTooLarge) as fault:
        return refusal(404, fault)
    return Response(content, media_type="image/webp", headers=headers)


async def use_signed_address(request: Request, container: Container) -> Response:
    storage = container.storage
    if not isinstance(storage, LocalObjectStorage):
        return refusal(404, ObjectMissing())
    try:
        grant = storage.check(request.method, request.path_params["key"], request.query_params)
    except AddressRefused as refused:
        return JSONResponse({"code": "ADDRESS_REFUSED", "error": str(refused)}, 403, headers=dict(ANYWHERE))
    try:
        if grant.method == "PUT":
            return await take(request, grant, storage)
        return await give(grant, storage)
    except ObjectTooLarge as fault:
        return refusal(413, fault)
    except ObjectMissing as fault:
        return refusal(404, fault)
    except StorageUnavailable as fault:
        return refusal(503, fault)


async def take(request: Request, grant: Grant, storage: LocalObjectStorage) -> Response:
    if request.headers.get("content-type", "") != grant.content_type:
        message = f"Send it as Content-Type: {grant.content_type}"
        return JSONResponse({"code": "WRONG_TYPE", "error": message}, 415, headers=dict(ANYWHERE))
    # What says by itself that it is too large need not be sent at all.
    if int(request.headers.get("content-length", "0")) > grant.bytes_max:
        return refusal(413, ObjectTooLarge(grant.bytes_max))
    try:
        await storage.receive(grant, pieces(request))
    except TooSlow:
        message = "The upload was too slow; send it again."
        return JSONResponse({"code": "TOO_SLOW", "error": message}, 408, headers={**ANYWHERE, "connection": "close"})
    except ClientDisconnect:
        # Nobody reads this answer; it ends the request without a fault in the log.
        return Response(status_code=400)
    return Response(status_code=200, headers=dict(ANYWHERE))


async def pieces(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. Raises TooSlow, ClientDisconnect."""
    clock = asyncio.get_running_loop()
    deadline = clock.time() + UPLOAD_SECONDS_MAX
    body = request.stream()
    while True:
        try:
            async with asyncio.timeout_at(min(deadline, clock.time() + IDLE_SECONDS_MAX)):
                piece = await anext(body, None)
        except TimeoutError as fault:
            raise TooSlow from fault
        if piece is None:
            return
        yield piece


async def give(grant: Grant, storage: LocalObjectStorage) -> Response:
    found = await storage.head(grant.key)
    if found is None:
        raise ObjectMissing()
    name = grant.file_name or found.key.rpartition("/")[2]
    headers = {
        **ANYWHERE,
        "cache-control": "private, no-store",
        "content-length": str(found.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
    }
    return StreamingResponse(
        storage.chunks(grant.key, bytes_max=found.size), media_type="application/octet-stream", headers=headers
    )


def refusal(status: int, error: DomainError) -> Response:
    retry = {"retry-after": "5"} if status == 503 else {}
    return JSONResponse({"code": error.code, "error": error.message}, status, headers={**ANYWHERE, **retry})
