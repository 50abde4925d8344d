"""Booking: a balanced set of entries, once, with the balances that follow from it.

Invariant: a posting's id is its idempotency key, so the same fact booked twice is booked once; balances change in the
transaction that writes their entries.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Date, Text, Uuid, bindparam, literal_column, select
from sqlalchemy.dialects.postgresql import Insert, insert

from domain.ledger.errors import BelowFloor
from domain.ledger.model import Account, AccountKind, Balance, Entry, LedgerTransaction, TransactionKind
from domain.shared.columns import TIME
from domain.shared.database import Given, Tx, Write, only, table
from domain.shared.ids import new_id
from domain.shared.table_row import TableRow

FLOORS: Final[dict[AccountKind, int | None]] = {AccountKind.ESCROW: 0, AccountKind.SELLER_PAYABLE: None}
"""Accounts with a balance row, and how low it may go (None: a seller can owe). The others have no row to wait for."""

POSTINGS_MAX: Final = 1_000

AccountKey = tuple[AccountKind, UUID | None, str]
_Place = tuple[UUID, UUID | None]
"""A balance: its account, and the order where the account is told apart by orders."""

_accounts_given = Given("account", id=Uuid, kind=Text, owner_id=Uuid, currency=Text)
_balances_given = Given("balance", id=Uuid, account_id=Uuid, order_id=Uuid, floor_minor=BigInteger)
_headers_given = Given(
    "header", id=Uuid, kind=Text, cause=Text, order_id=Uuid, reverses_id=Uuid, effective_on=Date, trace=Text
)
_entries_given = Given(
    "entry", id=Uuid, transaction_id=Uuid, account_id=Uuid, order_id=Uuid, amount_minor=BigInteger, currency=Text
)


def _inserted(model: type[TableRow], given: Given, **more: ColumnElement[Any]) -> Insert:
    rows = given.rows
    return insert(table(model)).from_select([*rows.c.keys(), *more], select(rows, *more.values()))


_at = bindparam("at", type_=TIME)
_OPEN = Write(
    _inserted(LedgerTransaction, _headers_given, created_at=_at)
    .on_conflict_do_nothing()
    .returning(table(LedgerTransaction).c.id)
    .add_cte(
        _inserted(Account, _accounts_given, created_at=_at).on_conflict_do_nothing().cte("accounts"),
        _inserted(Balance, _balances_given, amount_minor=literal_column("0")).on_conflict_do_nothing().cte("balances"),
    ),
    only,
)
_ENTER = Write(_inserted(Entry, _entries_given), tuple)


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """Positive: debit, negative: credit. `owner_id` is the seller's for payables."""

    account: AccountKind
    amount_minor: int
    owner_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A ledger transaction to be written: one order's, in one currency. Entries of zero are left out.

    `cause` names what it follows from (`refund:<id>`). Raises ValueError when it does not sum to zero or is empty.
    """

    id: UUID
    kind: TransactionKind
    cause: str
    currency: str
    order_id: UUID | None
    entries: tuple[EntryDraft, ...]
    effective_on: date
    reverses_id: UUID | None = None
    trace: str = ""

    def __post_init__(self) -> None:
        if sum(entry.amount_minor for entry in self.entries) != 0:
            raise ValueError(f"the entries of {self.kind} {self.id} do not sum to zero")
        object.__setattr__(self, "entries", tuple(entry for entry in self.entries if entry.amount_minor))
        if not self.entries:
            raise ValueError(f"{self.kind} {self.id} books nothing")

    def key_of(self, entry: EntryDraft) -> AccountKey:
        return entry.account, entry.owner_id, self.currency


def posting_id(kind: TransactionKind, *causes: UUID) -> UUID:
    """The id of the one posting of a kind that follows from these causes: the same causes, the same id."""
    return _made_of(kind.value.encode(), *(cause.bytes for cause in causes))


def account_id(kind: AccountKind, owner_id: UUID | None, currency: str) -> UUID:
    """There is one account of each kind, owner and currency; its id follows from them, so nobody has to look it up."""
    return _made_of(kind.value.encode(), owner_id.bytes if owner_id is not None else b"", currency.encode())


def balance_id(account_id: UUID, order_id: UUID | None) -> UUID:
    """What is held or owed on an account goes by its id; where it is told apart by orders (of one currency), by theirs.

    So whoever books order by order, in the order of their ids, locks the balances in the same order.
    """
    return order_id or account_id


def _made_of(*parts: bytes) -> UUID:
    digest = hashlib.sha256(b"\x00".join(parts)).digest()
    # Version 8: made by a rule of our own.
    return UUID(int=(int.from_bytes(digest[:16]) & ~(0xF << 76) & ~(3 << 62)) | (8 << 76) | (2 << 62))


async def post(tx: Tx, posting: Posting) -> bool:
    """Book it. False: a transaction with this id stands already, and nothing was done.

    Raises BelowFloor when escrow would hold less than nothing. Locks balance rows.
    """
    return posting.id in await post_all(tx, [posting])


async def post_all(tx: Tx, postings: Sequence[Posting]) -> frozenset[UUID]:
    """Book several at once, with every balance locked once and in order; the ids of those that were new."""
    assert len(postings) <= POSTINGS_MAX
    inserted = await _open(tx, postings)
    fresh = [posting for posting in postings if posting.id in inserted]
    if not fresh:
        return frozenset()
    tx.defer(_ENTER, **_entries_given.parameters(list(_entry_rows(fresh))))
    await _move_balances(tx, _changes_of(fresh))
    return frozenset(inserted)


async def _open(tx: Tx, postings: Sequence[Posting]) -> set[UUID]:
    """Accounts and balances that are used for the first time, and the transactions that were not there: their ids.

    Each in one order, so that two who open the same wait for each other and never deadlock.
    """
    headers = [
        (each.id, each.kind, each.cause, each.order_id, each.reverses_id, each.effective_on, each.trace)
        for each in sorted(postings, key=lambda posting: posting.id)
    ]
    accounts = {account_id(*key): key for posting in postings for key in map(posting.key_of, posting.entries)}
    balances = {balance_id(*place): (*place, FLOORS[kind]) for place, (kind, _) in _changes_of(postings).items()}
    return set(
        await tx.write(
            _OPEN,
            **_headers_given.parameters(headers),
            **_accounts_given.parameters([(id_, *accounts[id_]) for id_ in sorted(accounts)]),
            **_balances_given.parameters([(id_, *balances[id_]) for id_ in sorted(balances)]),
            at=tx.now,
        )
    )


def _entry_rows(postings: Iterable[Posting]) -> Iterable[tuple[object, ...]]:
    for posting in postings:
        for entry in posting.entries:
            account = account_id(*posting.key_of(entry))
            yield new_id(), posting.id, account, posting.order_id, entry.amount_minor, posting.currency


def _changes_of(postings: Iterable[Posting]) -> dict[_Place, tuple[AccountKind, int]]:
    """By how much balances move. Held and owed are positive numbers, so a credit raises them."""
    changes: dict[_Place, tuple[AccountKind, int]] = {}
    for posting in postings:
        for entry in posting.entries:
            if entry.account in FLOORS:
                place = account_id(*posting.key_of(entry)), _sub_ledger(entry.account, posting.order_id)
                _, change_minor = changes.get(place, (entry.account, 0))
                changes[place] = entry.account, change_minor - entry.amount_minor
    return changes


async def _move_balances(tx: Tx, changes: Mapping[_Place, tuple[AccountKind, int]]) -> None:
    for balance in await tx.lock(Balance, [balance_id(*place) for place in changes]):
        kind, change_minor = changes[balance.account_id, balance.order_id]
        if balance.floor_minor is not None and balance.amount_minor + change_minor < balance.floor_minor:
            raise BelowFloor(kind.value, balance.order_id, balance.amount_minor, -change_minor)
        balance.amount_minor += change_minor


def _sub_ledger(kind: AccountKind, order_id: UUID | None) -> UUID | None:
    """Escrow is told apart by order; what a seller is owed is one sum."""
    return order_id if kind is AccountKind.ESCROW else None
