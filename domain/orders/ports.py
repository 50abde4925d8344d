"""What orders need from outside: carriers that report on parcels."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.orders.model import ShipmentStatus


@dataclass(frozen=True, slots=True)
class CarrierReport:
    """One scan of one parcel. `external_id` is the carrier's own id of the scan, unique per carrier."""

    external_id: str
    carrier: str
    tracking_number: str
    status: ShipmentStatus
    note: str
    at: datetime


class CarrierWebhooks(Protocol):
    def parse_webhook(self, payload: bytes, signature: str) -> CarrierReport:
        """The report of a webhook's raw body. Raises ReportRefused when it is unsigned, stale or of another shape."""
        ...
