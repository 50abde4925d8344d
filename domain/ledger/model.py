"""Double-entry book of all money that passes through.

Invariant, enforced by PostgreSQL: rows are only added; a transaction's entries sum to zero per currency; an entry is
added by the same database transaction as its header; the escrow of an order never falls below zero.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field

from domain.shared.columns import AMOUNT, TIME, Xid8, one_of
from domain.shared.table_row import TableRow


class AccountKind(StrEnum):
    PROVIDER_CLEARING = "provider:clearing"
    ESCROW = "escrow"
    SELLER_PAYABLE = "seller:payable"
    PLATFORM_COMMISSION = "platform:commission"
    PLATFORM_TAX = "platform:tax"
    PLATFORM_LOSS = "platform:loss"
    PLATFORM_INSURANCE = "platform:insurance"
    PROVIDER_FEES = "provider:fees"
    FX = "fx"


class TransactionKind(StrEnum):
    CAPTURE = "capture"
    PROVIDER_FEE = "provider_fee"
    REFUND = "refund"
    RELEASE = "release"
    REVERSAL = "reversal"
    CHARGEBACK = "chargeback"


class Account(TableRow, table=True):
    """One per kind, owner and currency. `owner_id` is the seller's for payables and null for the platform's."""

    __tablename__ = "account"

    id: UUID = Field(primary_key=True)
    kind: AccountKind = Field(sa_type=one_of(AccountKind))
    owner_id: UUID | None = Field(default=None)
    currency: str = Field(max_length=3)
    created_at: datetime = Field(sa_type=TIME)

    __table_args__ = (UniqueConstraint("kind", "owner_id", "currency", postgresql_nulls_not_distinct=True),)


class LedgerTransaction(TableRow, table=True):
    """The header. Its id comes from the caller and is the idempotency key of the posting."""

    __tablename__ = "ledger_transaction"

    id: UUID = Field(primary_key=True)
    kind: TransactionKind = Field(sa_type=one_of(TransactionKind))
    cause: str = Field(max_length=100)
    order_id: UUID | None = Field(default=None, index=True)
    reverses_id: UUID | None = Field(default=None, foreign_key="ledger_transaction.id")
    effective_on: date = Field()
    trace: str = Field(default="", max_length=64)
    created_at: datetime = Field(sa_type=TIME)
    xid: Any = Field(
        default=None, sa_column=Column(Xid8(), nullable=False, server_default=text("pg_current_xact_id()"))
    )
    """The order in which the chain is sealed: below the oldest open transaction nothing can come any more."""

    __table_args__ = (Index("ix_ledger_transaction_chain", "xid", "id"),)


class Entry(TableRow, table=True):
    """Positive: debit. Negative: credit. So what the platform owes (escrow, payable) stands below zero."""

    __tablename__ = "entry"

    id: UUID = Field(primary_key=True)
    transaction_id: UUID = Field(foreign_key="ledger_transaction.id", index=True)
    account_id: UUID = Field(foreign_key="account.id")
    order_id: UUID | None = Field(default=None)
    amount_minor: int = Field(sa_type=AMOUNT)
    currency: str = Field(max_length=3)

    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount"),
        Index("ix_entry_account", "account_id", "id"),
        Index("ix_entry_order", "order_id"),
    )


class Balance(TableRow, table=True):
    """What is held or owed right now, as a positive number: escrow per order, payable per seller.

    `floor_minor` null: it may go below zero (a seller can owe). Platform and provider accounts have no row here, so no
    capture waits for another.
    """

    __tablename__ = "balance"

    id: UUID = Field(primary_key=True)
    account_id: UUID = Field(foreign_key="account.id")
    order_id: UUID | None = Field(default=None)
    amount_minor: int = Field(default=0, sa_type=AMOUNT)
    floor_minor: int | None = Field(default=None, sa_type=AMOUNT)

    __table_args__ = (
        UniqueConstraint("account_id", "order_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("floor_minor IS NULL OR amount_minor >= floor_minor", name="floor"),
    )


class LedgerSeal(TableRow, table=True):
    """A link of the tamper-evident chain: the hash over a batch of transactions and over the link before."""

    __tablename__ = "ledger_seal"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    up_to_xid: Any = Field(sa_column=Column(Xid8(), nullable=False))
    up_to_id: UUID = Field()
    """The batch ends with this transaction, in the order of (xid, id)."""
    transactions: int = Field()
    digest: str = Field(max_length=64)
    sealed_at: datetime = Field(sa_type=TIME)
