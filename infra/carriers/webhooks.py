"""Carriers' webhooks, signed with a secret shared with the tracking service (HMAC-SHA256 over time and body).

Invariant: what does not carry a fresh signature is refused before it is read.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Annotated, Final

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from domain.orders.errors import ReportRefused
from domain.orders.model import ShipmentStatus
from domain.orders.ports import CarrierReport
from domain.shared.clock import Clock

TOLERANCE_SECONDS: Final = 300
"""An older signature is a replay."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]


class _Body(BaseModel):
    """`{"id", "carrier", "tracking_number", "status", "at", "note"?}`; `at` is ISO 8601 with its offset."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    carrier: Annotated[Name, StringConstraints(to_lower=True)]
    tracking_number: Annotated[Name, StringConstraints(to_upper=True)]
    status: ShipmentStatus
    at: AwareDatetime
    note: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""


class SignedCarrierWebhooks:
    """`domain.orders.ports.CarrierWebhooks`. The signature header is `t=<unix seconds>,v1=<hex>`."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def parse_webhook(self, payload: bytes, signature: str) -> CarrierReport:
        self._check(payload, signature)
        try:
            body = _Body.model_validate(orjson.loads(payload))
        except (ValidationError, orjson.JSONDecodeError) as fault:
            raise ReportRefused("it is not a scan of a parcel") from fault
        return CarrierReport(
            external_id=body.id,
            carrier=body.carrier,
            tracking_number=body.tracking_number,
            status=body.status,
            note=body.note,
            at=body.at.astimezone(UTC),
        )

    def _check(self, payload: bytes, signature: str) -> None:
        parts = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
        time, given = parts.get("t", ""), parts.get("v1", "")
        if not time.isascii() or not time.isdigit() or len(time) > 12:
            raise ReportRefused("it is not signed")
        if abs(self._clock.now().timestamp() - int(time)) > TOLERANCE_SECONDS:
            raise ReportRefused("its signature is too old")
        if not hmac.compare_digest(_digest(self._secret, time, payload).encode(), given.encode()):
            raise ReportRefused("its signature is wrong")


def sign(secret: str, payload: bytes, at: datetime) -> str:
    """The header that a carrier sends; also what the demo's pretended carrier uses."""
    time = str(int(at.timestamp()))
    return f"t={time},v1={_digest(secret, time, payload)}"


def _digest(secret: str, time: str, payload: bytes) -> str:
    return hmac.new(secret.encode(), time.encode() + b"." + payload, hashlib.sha256).hexdigest()
