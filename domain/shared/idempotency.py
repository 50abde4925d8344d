"""Idempotency keys: one outcome per actor, operation and key, for all time.

Invariant: the key is inserted by the transaction that has the effect, so key and effect exist together or not at
all. A second transaction with the same key waits for the first and then sees its outcome.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, SQLModel

from domain.shared.commands import fingerprint
from domain.shared.database import Tx, table
from domain.shared.errors import IdempotencyConflict


class IdempotencyRecord(SQLModel, table=True):
    """A narrow table of its own, so that the growing tables can be partitioned."""

    __tablename__ = "idempotency_record"

    actor_id: UUID = Field(primary_key=True)
    operation: str = Field(primary_key=True, max_length=50)
    key: str = Field(primary_key=True, max_length=100)
    fingerprint: str = Field(max_length=64)
    outcome_id: UUID
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


async def claim(tx: Tx, *, actor_id: UUID, operation: str, key: str, command: object, outcome_id: UUID) -> UUID | None:
    """None: the key is ours and `outcome_id` will be its outcome. Else the id of the outcome that stands.

    `operation` is a constant word of the code. Raises IdempotencyConflict when the key came with another command.
    """
    records = table(IdempotencyRecord)
    digest = fingerprint(command)
    inserted = await tx.execute(
        insert(records)
        .values(
            actor_id=actor_id,
            operation=operation,
            key=key,
            fingerprint=digest,
            outcome_id=outcome_id,
            created_at=tx.now,
        )
        .on_conflict_do_nothing()
        .returning(records.c.outcome_id)
    )
    if inserted.scalar_one_or_none() is not None:
        return None
    found = await tx.execute(
        select(records.c.fingerprint, records.c.outcome_id).where(
            records.c.actor_id == actor_id, records.c.operation == operation, records.c.key == key
        )
    )
    row = found.one()
    if row.fingerprint != digest:
        raise IdempotencyConflict()
    outcome: UUID = row.outcome_id
    return outcome
