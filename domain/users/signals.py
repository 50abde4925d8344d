"""Client signals: where from and with what somebody acted. They cannot be collected later.

Invariant: every signal has an expiry, and `retention.py` removes what has expired.
"""

from datetime import timedelta
from uuid import UUID

from domain.shared.actor import Client
from domain.shared.database import Tx
from domain.shared.ids import new_id
from domain.shared.policy import Policy
from domain.users.model import ClientSignal, SignalKind


async def record_signal(
    tx: Tx, kind: SignalKind, *, user_id: UUID, client: Client, policy: Policy, cause_id: UUID | None = None
) -> None:
    """`cause_id` is the thing done: the session, the checkout, the review."""
    tx.append(
        ClientSignal(
            id=new_id(),
            user_id=user_id,
            kind=kind,
            cause_id=cause_id,
            ip=client.ip[:45],
            user_agent=client.user_agent[:300],
            device_id=client.device_id[:100],
            at=tx.now,
            expires_at=tx.now + timedelta(seconds=policy.signal_retention_seconds),
        )
    )
