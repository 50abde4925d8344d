"""Webhooks: verified, stored in the inbox, answered. The work is a job's.

Invariant: 200 is answered only once the message is safe in the database; anything else makes the sender try again.
"""

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.container import Container
from domain.inbox.receiving import Incoming
from domain.orders.errors import ReportRefused
from domain.orders.tracking import incoming
from domain.payments.errors import InvalidSignature
from domain.payments.events import ProviderMessageReceived
from domain.payments.ports import ProviderEventKind

BODY_MAX = 512 * 1024
BODY_SECONDS_MAX = 10.0
PAYMENTS_SOURCE = "payments"


def webhook_routes(container: Callable[[], Container]) -> list[Route]:
    """`container` gives the opened container of this process."""

    async def payments(request: Request) -> Response:
        return await receive_payment_event(request, container())

    async def carriers(request: Request) -> Response:
        return await receive_carrier_report(request, container())

    return [
        Route("/webhooks/payments", payments, methods=["POST"]),
        Route("/webhooks/carriers", carriers, methods=["POST"]),
    ]


async def receive_payment_event(request: Request, container: Container) -> Response:
    body = await limited_body(request)
    try:
        event = container.ports.gateway.parse_webhook(body, request.headers.get("stripe-signature", ""))
    except InvalidSignature as refused:
        return JSONResponse({"error": refused.message}, status_code=400)
    if event.kind is ProviderEventKind.OTHER:
        # The endpoint is told more than it asks for: there is nothing to do about it.
        return JSONResponse({"received": False})
    await container.inbox.ask(
        Incoming(
            event=ProviderMessageReceived,
            source=PAYMENTS_SOURCE,
            external_id=event.id,
            kind=event.kind.value,
            object_ref=event.object_ref,
            details={"name": event.name, "account_ref": event.account_ref},
        )
    )
    return JSONResponse({"received": True})


async def receive_carrier_report(request: Request, container: Container) -> Response:
    body = await limited_body(request)
    try:
        report = container.carriers.parse_webhook(body, request.headers.get("carrier-signature", ""))
    except ReportRefused as refused:
        return JSONResponse({"error": refused.message}, status_code=400)
    await container.inbox.ask(incoming(report))
    return JSONResponse({"received": True})


async def limited_body(request: Request) -> bytes:
    """Raises HTTPException for a body larger than BODY_MAX, read no further than that, and for one that never comes."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_MAX:
                    raise HTTPException(413, headers={"Connection": "close"})
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(408, headers={"Connection": "close"}) from None
    return bytes(body)
