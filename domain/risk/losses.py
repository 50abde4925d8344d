"""Money of a purchase that the marketplace lost, as a case names it.

Invariant: for one refund or chargeback of a payment there is one case, however often the provider tells of it.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from domain.risk.model import CaseStatus, LossKind, ModerationCase
from domain.shared.database import Query, Tx, only, table

_cases = table(ModerationCase)
_OF_LOSS = Query(
    select(_cases.c.id).where(
        _cases.c.payment_id == bindparam("payment_id"), _cases.c.provider_ref == bindparam("provider_ref")
    ),
    only,
)


@dataclass(frozen=True, slots=True)
class Loss:
    """`amount_minor` is above zero; `provider_ref` is the refund or chargeback at the provider."""

    kind: LossKind
    payment_id: UUID
    provider_ref: str
    amount_minor: int
    currency: str


def columns_of(loss: Loss | None) -> dict[str, Any]:
    """The columns of a case that name its loss."""
    if loss is None:
        return {}
    return {
        "loss_kind": loss.kind,
        "payment_id": loss.payment_id,
        "provider_ref": loss.provider_ref,
        "loss_minor": loss.amount_minor,
        "loss_currency": loss.currency,
    }


async def has_case(tx: Tx, *, payment_id: UUID, provider_ref: str) -> bool:
    """Whether a case was ever opened for it. Certain for a caller who holds what its openers lock."""
    return await tx.reads.first(_OF_LOSS, payment_id=payment_id, provider_ref=provider_ref) is not None


async def settle_loss(tx: Tx, *, payment_id: UUID, provider_ref: str, by: UUID | None, note: str) -> None:
    """Closes the loss's case if it is open: nothing is left to be decided."""
    await tx.execute(
        update(_cases)
        .where(
            _cases.c.payment_id == payment_id,
            _cases.c.provider_ref == provider_ref,
            _cases.c.status == CaseStatus.OPEN.value,
        )
        .values(status=CaseStatus.SETTLED.value, decided_at=tx.now, decided_by=by, note=note)
    )
