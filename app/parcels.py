"""A pretended carrier, for development: reports on parcels as a tracking service would, signed and over HTTP."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import httpx

from app.settings import Settings
from domain.orders.model import ShipmentStatus
from infra.carriers.webhooks import sign

TIMEOUT_SECONDS = 5.0


async def report_parcel(settings: Settings, carrier: str, number: str, status: str) -> str | None:
    """None when the API took the report, else why not in one line."""
    if status not in set(ShipmentStatus):
        return f"{status} is none of {', '.join(ShipmentStatus)}"
    now = datetime.now(UTC)
    scan = {
        "id": uuid4().hex,
        "carrier": carrier,
        "tracking_number": number,
        "status": status,
        "at": now.isoformat(),
    }
    body = json.dumps(scan).encode()
    signature = sign(settings.carrier_webhook_secret.get_secret_value(), body, now)
    address = f"http://{settings.host}:{settings.port}/webhooks/carriers"
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            answer = await client.post(address, content=body, headers={"carrier-signature": signature})
    except httpx.HTTPError as fault:
        return f"{address} does not answer: {fault}"
    return None if answer.is_success else f"{address} answered {answer.status_code}: {answer.text}"
