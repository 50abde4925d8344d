"""Booking: a balanced set of entries, once, with the balances that follow from it.

Invariant: a posting's id is its idempotency key, so the same fact booked twice is booked once; balances change in the
transaction that writes their entries.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from domain.ledger.errors import BelowFloor
from domain.ledger.model import Account, AccountKind, Balance, Entry, LedgerTransaction, TransactionKind
from domain.shared.database import Tx, table
from domain.shared.ids import new_id

FLOORS: Final[dict[AccountKind, int | None]] = {AccountKind.ESCROW: 0, AccountKind.SELLER_PAYABLE: None}
"""Accounts with a balance row, and how low it may go (None: a seller can owe). The others have no row to wait for."""

POSTINGS_MAX: Final = 1_000

_accounts, _balances = table(Account), table(Balance)
_AccountKey = tuple[AccountKind, UUID | None, str]


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

    def key_of(self, entry: EntryDraft) -> _AccountKey:
        return entry.account, entry.owner_id, self.currency


def posting_id(kind: TransactionKind, *causes: UUID) -> UUID:
    """The id of the one posting of a kind that follows from these causes: the same causes, the same id."""
    digest = hashlib.sha256(b"\x00".join([kind.value.encode(), *(cause.bytes for cause in causes)])).digest()
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
    inserted = await _insert_headers(tx, postings)
    fresh = [posting for posting in postings if posting.id in inserted]
    if not fresh:
        return frozenset()
    accounts = await _accounts_for(tx, {posting.key_of(entry) for posting in fresh for entry in posting.entries})
    await tx.execute(insert(table(Entry)), list(_entry_rows(fresh, accounts)))
    await _move_balances(tx, fresh, accounts)
    return frozenset(inserted)


async def _insert_headers(tx: Tx, postings: Sequence[Posting]) -> set[UUID]:
    """Ids that were not there. In id order, so that two transactions with the same ones wait and never deadlock."""
    headers = table(LedgerTransaction)
    rows = [
        {
            "id": posting.id,
            "kind": posting.kind,
            "cause": posting.cause,
            "order_id": posting.order_id,
            "reverses_id": posting.reverses_id,
            "effective_on": posting.effective_on,
            "trace": posting.trace,
            "created_at": tx.now,
        }
        for posting in sorted(postings, key=lambda posting: posting.id)
    ]
    if not rows:
        return set()
    answer = await tx.execute(insert(headers).on_conflict_do_nothing().returning(headers.c.id), rows)
    return set(answer.scalars())


async def _accounts_for(tx: Tx, keys: set[_AccountKey]) -> dict[_AccountKey, UUID]:
    """The ids of accounts, made where this is their first use."""
    found = await _find_accounts(tx, keys)
    missing = sorted(keys - found.keys(), key=str)
    if not missing:
        return found
    rows = [
        {"id": new_id(), "kind": kind, "owner_id": owner_id, "currency": currency, "created_at": tx.now}
        for kind, owner_id, currency in missing
    ]
    # Another transaction may make the same: this waits for it, and the second look sees its row.
    await tx.execute(insert(_accounts).on_conflict_do_nothing(), rows)
    return found | await _find_accounts(tx, set(missing))


async def _find_accounts(tx: Tx, keys: set[_AccountKey]) -> dict[_AccountKey, UUID]:
    columns = (_accounts.c.kind, _accounts.c.owner_id, _accounts.c.currency)
    owners = {owner_id for _, owner_id, _ in keys if owner_id is not None}
    rows = await tx.execute(
        select(_accounts.c.id, *columns).where(
            _accounts.c.kind.in_({kind for kind, _, _ in keys}),
            or_(_accounts.c.owner_id.in_(owners), _accounts.c.owner_id.is_(None)),
        )
    )
    return {key: row.id for row in rows if (key := (row.kind, row.owner_id, row.currency)) in keys}


def _entry_rows(postings: Iterable[Posting], accounts: dict[_AccountKey, UUID]) -> Iterable[dict[str, object]]:
    for posting in postings:
        for entry in posting.entries:
            yield {
                "id": new_id(),
                "transaction_id": posting.id,
                "account_id": accounts[posting.key_of(entry)],
                "order_id": posting.order_id,
                "amount_minor": entry.amount_minor,
                "currency": posting.currency,
            }


async def _move_balances(tx: Tx, postings: Sequence[Posting], accounts: dict[_AccountKey, UUID]) -> None:
    """Held and owed are positive numbers, so a credit raises them."""
    changes: dict[tuple[UUID, UUID | None], int] = defaultdict(int)
    kinds: dict[UUID, AccountKind] = {}
    for posting in postings:
        for entry in posting.entries:
            if entry.account in FLOORS:
                account_id = accounts[posting.key_of(entry)]
                kinds[account_id] = entry.account
                changes[account_id, _sub_ledger(entry.account, posting.order_id)] -= entry.amount_minor
    if not changes:
        return
    ids = await _balance_ids(tx, sorted(changes, key=str), kinds)
    for balance in await tx.lock(Balance, list(ids)):
        change = changes[balance.account_id, balance.order_id]
        if balance.floor_minor is not None and balance.amount_minor + change < balance.floor_minor:
            raise BelowFloor(kinds[balance.account_id].value, balance.order_id, balance.amount_minor, -change)
        balance.amount_minor += change


def _sub_ledger(kind: AccountKind, order_id: UUID | None) -> UUID | None:
    """Escrow is told apart by order; what a seller is owed is one sum."""
    return order_id if kind is AccountKind.ESCROW else None


async def _balance_ids(
    tx: Tx, keys: Sequence[tuple[UUID, UUID | None]], kinds: dict[UUID, AccountKind]
) -> Sequence[UUID]:
    rows = [
        {
            "id": new_id(),
            "account_id": account_id,
            "order_id": order_id,
            "amount_minor": 0,
            "floor_minor": FLOORS[kinds[account_id]],
        }
        for account_id, order_id in keys
    ]
    await tx.execute(insert(_balances).on_conflict_do_nothing(), rows)
    orders = {order_id for _, order_id in keys if order_id is not None}
    found = await tx.execute(
        select(_balances.c.id, _balances.c.account_id, _balances.c.order_id).where(
            _balances.c.account_id.in_({account_id for account_id, _ in keys}),
            or_(_balances.c.order_id.in_(orders), _balances.c.order_id.is_(None)),
        )
    )
    wanted = set(keys)
    return [row.id for row in found if (row.account_id, row.order_id) in wanted]
