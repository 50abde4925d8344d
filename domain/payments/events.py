"""What happens to payments and refunds. A handler reads the present state; the event only says that there is one."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.inbox.events import MessageReceived
from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMessageReceived(MessageReceived):
    """The provider says that something happened there."""

    kind: ClassVar[str] = "payment.message_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested(Event):
    kind: ClassVar[str] = "refund.requested"
    refund_id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSucceeded(Event):
    kind: ClassVar[str] = "refund.succeeded"
    refund_id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(Event):
    """Refused by the provider, or sent back by the buyer's bank after it had succeeded: the money is held again."""

    kind: ClassVar[str] = "refund.failed"
    refund_id: UUID
    order_id: UUID
