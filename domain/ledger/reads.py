"""The ledger as it stands: what is held, owed, and whether it all adds up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, select

from domain.ledger.model import Account, AccountKind, Balance, Entry, LedgerTransaction, TransactionKind
from domain.ledger.posting import EntryDraft
from domain.shared.database import Query, Reads, table
from domain.shared.money import Money
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest

_accounts, _balances, _entries, _headers = table(Account), table(Balance), table(Entry), table(LedgerTransaction)

CURRENCIES_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class HeldView:
    order_id: UUID
    held_minor: int


_ESCROW = Query(
    select(_balances.c.order_id, _balances.c.amount_minor)
    .join(_accounts, _accounts.c.id == _balances.c.account_id)
    .where(_accounts.c.kind == AccountKind.ESCROW.value, _balances.c.order_id == func.any(bindparam("ids"))),
    HeldView,
)


async def escrow_by_orders(reads: Reads, order_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Minor units held for each order; an order for which nothing was ever captured is left out."""
    return {view.order_id: view.held_minor for view in await reads.all(_ESCROW, ids=list(order_ids))}


@dataclass(frozen=True, slots=True)
class ReleasedView:
    """What left escrow for the seller and for the platform, less what was taken back since."""

    order_id: UUID
    payable_minor: int
    commission_minor: int

    @property
    def released_minor(self) -> int:
        return self.payable_minor + self.commission_minor


def _credited(kind: AccountKind) -> ColumnElement[int]:
    found = func.coalesce(func.sum(-_entries.c.amount_minor).filter(_accounts.c.kind == kind.value), 0)
    return found.cast(_entries.c.amount_minor.type)


_RELEASED = Query(
    select(
        _entries.c.order_id,
        _credited(AccountKind.SELLER_PAYABLE),
        _credited(AccountKind.PLATFORM_COMMISSION),
    )
    .join(_accounts, _accounts.c.id == _entries.c.account_id)
    .where(_entries.c.order_id == func.any(bindparam("ids")))
    .group_by(_entries.c.order_id),
    ReleasedView,
)


async def released_by_orders(reads: Reads, order_ids: Sequence[UUID]) -> Mapping[UUID, ReleasedView]:
    """Of each order for which anything was booked. Certain for a caller who holds the orders' locks."""
    return {view.order_id: view for view in await reads.all(_RELEASED, ids=list(order_ids))}


_PAYABLE = Query(
    select(_balances.c.amount_minor, _accounts.c.currency)
    .join(_accounts, _accounts.c.id == _balances.c.account_id)
    .where(_accounts.c.kind == AccountKind.SELLER_PAYABLE.value, _accounts.c.owner_id == bindparam("seller_id"))
    .order_by(_accounts.c.currency)
    .limit(CURRENCIES_MAX),
    Money,
)


async def payable_of(reads: Reads, seller_id: UUID) -> list[Money]:
    """What the platform owes a seller, one amount a currency; below zero, the seller owes it."""
    return await reads.all(_PAYABLE, seller_id=seller_id)


@dataclass(frozen=True, slots=True)
class AccountTotal:
    """The sum of an account's entries: debits above zero, credits below."""

    kind: AccountKind
    currency: str
    entries: int
    total_minor: int


_TRIAL = Query(
    select(
        _accounts.c.kind,
        _accounts.c.currency,
        func.count(_entries.c.id),
        func.coalesce(func.sum(_entries.c.amount_minor), 0).cast(_entries.c.amount_minor.type),
    )
    .join(_entries, _entries.c.account_id == _accounts.c.id)
    .group_by(_accounts.c.kind, _accounts.c.currency)
    .order_by(_accounts.c.currency, _accounts.c.kind),
    AccountTotal,
)


async def trial_balance(reads: Reads) -> list[AccountTotal]:
    """Every kind of account, summed over all entries. In each currency the totals sum to zero."""
    return await reads.all(_TRIAL)


@dataclass(frozen=True, slots=True)
class _PostedEntry:
    order_id: UUID | None
    kind: AccountKind
    amount_minor: int
    owner_id: UUID | None
    currency: str


@dataclass(frozen=True, slots=True)
class PostedTransaction:
    """A transaction that stands, as its reversal needs it."""

    id: UUID
    order_id: UUID | None
    currency: str
    entries: tuple[EntryDraft, ...]


_POSTED = Query(
    select(_headers.c.order_id, _accounts.c.kind, _entries.c.amount_minor, _accounts.c.owner_id, _entries.c.currency)
    .join(_entries, _entries.c.transaction_id == _headers.c.id)
    .join(_accounts, _accounts.c.id == _entries.c.account_id)
    .where(_headers.c.id == bindparam("id"))
    .order_by(_entries.c.id),
    _PostedEntry,
)


async def posted(reads: Reads, transaction_id: UUID) -> PostedTransaction | None:
    rows = await reads.all(_POSTED, id=transaction_id)
    if not rows:
        return None
    return PostedTransaction(
        id=transaction_id,
        order_id=rows[0].order_id,
        currency=rows[0].currency,
        entries=tuple(EntryDraft(row.kind, row.amount_minor, row.owner_id) for row in rows),
    )


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One change of what a seller is owed; `amount_minor` above zero: in the seller's favour."""

    id: UUID
    transaction_id: UUID
    kind: TransactionKind
    order_id: UUID | None
    amount_minor: int
    currency: str
    at: datetime


STATEMENT: Final = Keyset("entry")


@lru_cache(maxsize=4)
def _statement_query(*, starts_after: bool, backwards: bool) -> Query[StatementLine]:
    statement = (
        select(
            _entries.c.id,
            _entries.c.transaction_id,
            _headers.c.kind,
            _entries.c.order_id,
            -_entries.c.amount_minor,
            _entries.c.currency,
            _headers.c.created_at,
        )
        .join(_headers, _headers.c.id == _entries.c.transaction_id)
        .where(_of_seller())
        .order_by(_entries.c.id.asc() if backwards else _entries.c.id.desc())
        .limit(bindparam("limit"))
    )
    if starts_after:
        key: Any = bindparam("key")
        statement = statement.where(_entries.c.id > key if backwards else _entries.c.id < key)
    return Query(statement, StatementLine)


def _of_seller() -> Any:
    mine = select(_accounts.c.id).where(
        _accounts.c.kind == AccountKind.SELLER_PAYABLE.value, _accounts.c.owner_id == bindparam("seller_id")
    )
    return _entries.c.account_id.in_(mine)


async def statement_of(reads: Reads, seller_id: UUID, request: PageRequest) -> Page[StatementLine]:
    """What changed a seller's balance, newest first."""
    parameters: dict[str, Any] = {"seller_id": seller_id, "limit": request.first + 1}
    if request.key is not None:
        parameters["key"] = request.key_id()
    query = _statement_query(starts_after=request.key is not None, backwards=request.backwards)
    return STATEMENT.page(request, await reads.all(query, **parameters), lambda line: (line.id,))


_STATEMENT_COUNT = select(func.count()).select_from(
    select(_entries.c.id).where(_of_seller()).limit(COUNT_MAX + 1).subquery()
)


async def count_statement(reads: Reads, seller_id: UUID) -> int:
    """At most COUNT_MAX + 1."""
    count: int = await reads.scalar(_STATEMENT_COUNT, seller_id=seller_id)
    return count
