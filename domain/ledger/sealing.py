"""The tamper-evident chain: each link is a hash over a batch of transactions and over the link before it.

Invariant: a batch holds exactly the transactions between two places in the order of (xid, id), read only below the
oldest open database transaction, so none can come in between later. Whoever keeps a digest elsewhere can prove that
nothing before it was changed, added or taken away.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, cast, func, select, text, tuple_

from domain.ledger.model import Entry, LedgerSeal, LedgerTransaction
from domain.shared.columns import Xid8
from domain.shared.database import Database, Query, Reads, Tx, table

BATCH_MAX: Final = 1_000
_LOCK: Final = 0x1ED6E2
"""The advisory lock of the one sealer."""
_NOTHING: Final = UUID(int=0)

_headers, _entries, _seals = table(LedgerTransaction), table(Entry), table(LedgerSeal)


@dataclass(frozen=True, slots=True)
class Link:
    number: int
    up_to_xid: int
    up_to_id: UUID
    transactions: int
    digest: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """`broken_at`: the first link whose digest does not follow from the rows; None when all do."""

    links: int
    transactions: int
    broken_at: int | None


_START: Final = Link(0, 0, _NOTHING, 0, "")


@dataclass(frozen=True, slots=True)
class _Header:
    xid: int
    id: UUID
    kind: str
    cause: str
    order_id: UUID | None
    reverses_id: UUID | None
    effective_on: date
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Entry:
    transaction_id: UUID
    id: UUID
    account_id: UUID
    order_id: UUID | None
    amount_minor: int
    currency: str


def _after(xid: str, id_: str) -> Any:
    return tuple_(_headers.c.xid, _headers.c.id) > tuple_(cast(bindparam(xid), Xid8()), bindparam(id_))


_HEADER_COLUMNS = [_headers.c[name] for name in _Header.__dataclass_fields__]
_OPEN = Query(
    select(*_HEADER_COLUMNS)
    .where(_after("xid", "id"), _headers.c.xid < func.pg_snapshot_xmin(func.pg_current_snapshot()))
    .order_by(_headers.c.xid, _headers.c.id)
    .limit(bindparam("limit")),
    _Header,
)
_SEALED = Query(
    select(*_HEADER_COLUMNS)
    .where(_after("xid", "id"), ~_after("up_to_xid", "up_to_id"))
    .order_by(_headers.c.xid, _headers.c.id)
    .limit(BATCH_MAX + 1),
    _Header,
)
_ENTRIES = Query(
    select(*(_entries.c[name] for name in _Entry.__dataclass_fields__))
    .where(_entries.c.transaction_id == func.any(bindparam("ids")))
    .order_by(_entries.c.id),
    _Entry,
)
_LINK_COLUMNS = [_seals.c[name] for name in Link.__dataclass_fields__]
_LAST = Query(select(*_LINK_COLUMNS).order_by(_seals.c.number.desc()).limit(1), Link)
_LINKS = Query(
    select(*_LINK_COLUMNS).where(_seals.c.number > bindparam("number")).order_by(_seals.c.number).limit(100), Link
)


async def seal(*, db: Database, batch_max: int = BATCH_MAX) -> Link | None:
    """Add one link over what was posted since the last; None when there is nothing, or another process is at it."""
    assert 1 <= batch_max <= BATCH_MAX

    async def step(tx: Tx) -> Link | None:
        mine = await tx.execute(text("SELECT pg_try_advisory_xact_lock(:key)").bindparams(key=_LOCK))
        if not mine.scalar_one():
            return None
        last = await tx.reads.first(_LAST) or _START
        headers = await tx.reads.all(_OPEN, xid=last.up_to_xid, id=last.up_to_id, limit=batch_max)
        if not headers:
            return None
        digest = await _digest(tx.reads, last.digest, headers)
        link = Link(last.number + 1, headers[-1].xid, headers[-1].id, len(headers), digest)
        values = {name: getattr(link, name) for name in Link.__dataclass_fields__}
        await tx.execute(_seals.insert().values(**values, sealed_at=tx.now))
        return link

    return await db.run(step)


async def verify(reads: Reads) -> ChainReport:
    """Hash the whole chain again, link by link; stops at the first that is broken."""
    before, transactions = _START, 0
    while links := await reads.all(_LINKS, number=before.number):
        for link in links:
            headers = await reads.all(
                _SEALED,
                xid=before.up_to_xid,
                id=before.up_to_id,
                up_to_xid=link.up_to_xid,
                up_to_id=link.up_to_id,
            )
            whole = link.number == before.number + 1 and len(headers) == link.transactions
            if not whole or await _digest(reads, before.digest, headers) != link.digest:
                return ChainReport(before.number, transactions, broken_at=link.number)
            before, transactions = link, transactions + link.transactions
    return ChainReport(before.number, transactions, broken_at=None)


async def _digest(reads: Reads, before: str, headers: Sequence[_Header]) -> str:
    """SHA-256 (hex) over the link before and every column of the batch's rows, in order."""
    entries: dict[UUID, list[_Entry]] = defaultdict(list)
    for entry in await reads.all(_ENTRIES, ids=[header.id for header in headers]):
        entries[entry.transaction_id].append(entry)
    digest = hashlib.sha256(before.encode())
    for header in headers:
        digest.update(_line(header))
        for entry in entries[header.id]:
            digest.update(_line(entry))
    return digest.hexdigest()


def _line(row: _Header | _Entry) -> bytes:
    """Every value as text with its length, so that no two rows are written alike."""
    values = [value.isoformat() if isinstance(value, date) else str(value) for value in astuple(row)]
    return "".join(f"{len(value)}:{value}" for value in values).encode() + b"\n"
