"""Idempotency keys: one outcome per actor, operation and key, for all time.

Invariant: the key is inserted by the transaction that has the effect, so key and effect exist together or not at
all. A second transaction with the same key waits for the first and then sees its outcome.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import Column, DateTime, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field

from domain.shared.commands import fingerprint
from domain.shared.database import Query, Tx, Write, table
from domain.shared.errors import IdempotencyConflict
from domain.shared.table_row import TableRow


class IdempotencyRecord(TableRow, table=True):
    """A narrow table of its own, so that the growing tables can be partitioned."""

    __tablename__ = "idempotency_record"

    actor_id: UUID = Field(primary_key=True)
    operation: str = Field(primary_key=True, max_length=50)
    key: str = Field(primary_key=True, max_length=100)
    fingerprint: str = Field(max_length=64)
    outcome_id: UUID
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


@dataclass(frozen=True, slots=True)
class _Standing:
    fingerprint: str
    outcome_id: UUID


_records = table(IdempotencyRecord)
_CLAIM = Write(
    insert(_records)
    .values({column.name: bindparam(column.name) for column in _records.columns})
    .on_conflict_do_nothing()
    .returning(_records.c.fingerprint, _records.c.outcome_id),
    _Standing,
)
_STANDING = Query(
    select(_records.c.fingerprint, _records.c.outcome_id).where(
        _records.c.actor_id == bindparam("actor_id"),
        _records.c.operation == bindparam("operation"),
        _records.c.key == bindparam("key"),
    ),
    _Standing,
)


async def claim(tx: Tx, *, actor_id: UUID, operation: str, key: str, command: object, outcome_id: UUID) -> UUID | None:
    """None: the key is ours and `outcome_id` will be its outcome. Else the id of the outcome that stands.

    `operation` is a constant word of the code. Raises IdempotencyConflict when the key came with another command.
    """
    wanted = {"actor_id": actor_id, "operation": operation, "key": key}
    digest = fingerprint(command)
    if await tx.write(_CLAIM, **wanted, fingerprint=digest, outcome_id=outcome_id, created_at=tx.now):
        return None
    found = await tx.reads.first(_STANDING, **wanted)
    assert found is not None, "keys stand for ever"
    if found.fingerprint != digest:
        raise IdempotencyConflict()
    return found.outcome_id


class Keyed(Protocol):
    """A command that names its key."""

    @property
    def idempotency_key(self) -> str: ...


async def is_repeated(tx: Tx, operation: str, command: Keyed, *, actor_id: UUID, about: UUID) -> bool:
    """For a command about something that is there already: whether this very one had its effect before.

    `about` is that thing, and so the outcome. Raises IdempotencyConflict, as `claim`.
    """
    key = command.idempotency_key
    stands = await claim(tx, actor_id=actor_id, operation=operation, key=key, command=command, outcome_id=about)
    return stands is not None
