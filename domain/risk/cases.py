"""Cases that a person decides. Closing one twice is no harm; deciding it twice differently is refused."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from domain.risk.model import CaseStatus, ModerationCase, RiskAssessment
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


_COLUMNS = (
    _cases.c.id,
    _cases.c.checkout_id,
    _cases.c.status,
    _cases.c.opened_at,
    _cases.c.decided_at,
    _cases.c.note,
    select(_assessments.c.reasons)
    .where(_assessments.c.checkout_id == _cases.c.checkout_id)
    .order_by(_assessments.c.id.desc())
    .limit(1)
    .scalar_subquery(),
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
    after = UUID(str(request.key[-1])) if request.key else _FIRST
    rows = await reads.all(_OPEN, after=after, limit=request.first + 1)
    return OPEN_CASES.page(request, rows, lambda case: (case.id,))


async def count_open_cases(reads: Reads) -> int:
    """Counted up to COUNT_MAX + 1."""
    return int(await reads.scalar(_COUNT))


async def case_by_id(reads: Reads, case_id: UUID) -> CaseView | None:
    return await reads.first(_BY_ID, id=case_id)


async def close_cases(tx: Tx, *, checkout_id: UUID, status: CaseStatus, by: UUID | None, note: str) -> None:
    """Ends the open cases of a checkout; called under its lock."""
    await tx.execute(
        update(_cases)
        .where(_cases.c.checkout_id == checkout_id, _cases.c.status == CaseStatus.OPEN.value)
        .values(status=status.value, decided_at=tx.now, decided_by=by, note=note)
    )
