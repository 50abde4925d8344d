"""Cases that a person decides. Closing one twice is no harm; deciding it twice differently is refused."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from domain.risk.losses import Loss
from domain.risk.model import CaseStatus, LossKind, ModerationCase, RiskAssessment
from domain.shared.database import Query, Reads, Tx, table
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest

_cases = table(ModerationCase)
_assessments = table(RiskAssessment)

OPEN_CASES = Keyset("oldest")


@dataclass(frozen=True, slots=True)
class CaseView:
    """`reasons` are those of the assessment that opened it: `{rule, verdict, detail}`."""

    id: UUID
    checkout_id: UUID
    status: CaseStatus
    opened_at: datetime
    decided_at: datetime | None
    note: str
    reasons: list[dict[str, Any]]
    loss_kind: LossKind | None
    payment_id: UUID | None
    provider_ref: str | None
    loss_minor: int | None
    loss_currency: str | None

    @property
    def loss(self) -> Loss | None:
        """The money that it is about; None for a purchase that waits for a decision."""
        if self.loss_kind is None:
            return None
        assert self.payment_id is not None, "a loss is named as a whole"
        assert self.provider_ref is not None
        assert self.loss_minor is not None
        assert self.loss_currency is not None
        return Loss(self.loss_kind, self.payment_id, self.provider_ref, self.loss_minor, self.loss_currency)


_COLUMNS = (
    _cases.c.id,
    _cases.c.checkout_id,
    _cases.c.status,
    _cases.c.opened_at,
    _cases.c.decided_at,
    _cases.c.note,
    select(_assessments.c.reasons)
    # A purchase may have several cases: each has the reasons of its own time.
    .where(_assessments.c.checkout_id == _cases.c.checkout_id, _assessments.c.at <= _cases.c.opened_at)
    .order_by(_assessments.c.at.desc(), _assessments.c.id.desc())
    .limit(1)
    .scalar_subquery(),
    _cases.c.loss_kind,
    _cases.c.payment_id,
    _cases.c.provider_ref,
    _cases.c.loss_minor,
    _cases.c.loss_currency,
)
_OPEN = Query(
    select(*_COLUMNS)
    .where(_cases.c.status == CaseStatus.OPEN.value, _cases.c.id > bindparam("after"))
    .order_by(_cases.c.id)
    .limit(bindparam("limit")),
    CaseView,
)
_COUNT = select(func.count()).select_from(
    select(_cases.c.id).where(_cases.c.status == CaseStatus.OPEN.value).limit(COUNT_MAX + 1).subquery()
)
_BY_ID = Query(select(*_COLUMNS).where(_cases.c.id == bindparam("id")), CaseView)
_FIRST = UUID(int=0)


async def open_cases(reads: Reads, request: PageRequest) -> Page[CaseView]:
    """Open cases, the oldest first. Forwards only."""
    after = request.key_id() if request.key is not None else _FIRST
    rows = await reads.all(_OPEN, after=after, limit=request.first + 1)
    return OPEN_CASES.page(request, rows, lambda case: (case.id,))


async def count_open_cases(reads: Reads) -> int:
    """Counted up to COUNT_MAX + 1."""
    return int(await reads.scalar(_COUNT))


async def case_by_id(reads: Reads, case_id: UUID) -> CaseView | None:
    return await reads.first(_BY_ID, id=case_id)


async def close_cases(
    tx: Tx, *, checkout_id: UUID, case_id: UUID | None = None, status: CaseStatus, by: UUID | None, note: str
) -> None:
    """Ends the open cases of a checkout, or one of them; called under its lock."""
    wanted = [_cases.c.checkout_id == checkout_id, _cases.c.status == CaseStatus.OPEN.value]
    if case_id is not None:
        wanted.append(_cases.c.id == case_id)
    await tx.execute(
        update(_cases).where(*wanted).values(status=status.value, decided_at=tx.now, decided_by=by, note=note)
    )
