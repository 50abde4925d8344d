"""What administrators and a shop's members look up besides the account itself: pages, decisions, how it is paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.sellers.model import PaymentAccount, Seller, SellerDecision, SellerStatus
from domain.sellers.reads import AccountView
from domain.shared.database import Query, Reads, table
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest

DECISIONS_MAX: Final = 50

_sellers = table(Seller)
_accounts = table(PaymentAccount)
_decisions = table(SellerDecision)


@dataclass(frozen=True, slots=True)
class PaymentAccountView:
    seller_id: UUID
    provider: str
    charges_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements_due: list[str]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One line of a seller's timeline."""

    id: UUID
    seller_id: UUID
    action: str
    status: SellerStatus
    reason: str
    actor: str
    at: datetime


_ACCOUNT = select(*(_sellers.c[name] for name in AccountView.__dataclass_fields__))
_PAYMENT_ACCOUNTS = Query(
    select(*(_accounts.c[name] for name in PaymentAccountView.__dataclass_fields__)).where(
        _accounts.c.seller_id == func.any(bindparam("ids"))
    ),
    PaymentAccountView,
)
_ranked = (
    select(
        *(_decisions.c[name] for name in DecisionView.__dataclass_fields__),
        func.row_number().over(partition_by=_decisions.c.seller_id, order_by=_decisions.c.id.desc()).label("rank"),
    )
    .where(_decisions.c.seller_id == func.any(bindparam("ids")))
    .subquery()
)
_DECISIONS = Query(
    select(*(_ranked.c[name] for name in DecisionView.__dataclass_fields__))
    .where(_ranked.c.rank <= DECISIONS_MAX)
    .order_by(_ranked.c.id.desc()),
    DecisionView,
)


async def payment_accounts_by_sellers(reads: Reads, seller_ids: Sequence[UUID]) -> Mapping[UUID, PaymentAccountView]:
    return {account.seller_id: account for account in await reads.all(_PAYMENT_ACCOUNTS, ids=list(seller_ids))}


async def decisions_by_sellers(reads: Reads, seller_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[DecisionView]]:
    """The newest first; at most DECISIONS_MAX each."""
    found: dict[UUID, list[DecisionView]] = {}
    for decision in await reads.all(_DECISIONS, ids=list(seller_ids)):
        found.setdefault(decision.seller_id, []).append(decision)
    return found


def accounts_keyset(status: SellerStatus | None) -> Keyset:
    return Keyset.of("applied", status.value if status else None)


async def accounts_page(reads: Reads, status: SellerStatus | None, request: PageRequest) -> Page[AccountView]:
    """All sellers, or those in one status, in the order of their ids (of their first application)."""
    parameters: dict[str, object] = {"limit": request.first + 1}
    if status is not None:
        parameters["status"] = status.value
    if request.key is not None:
        parameters["key"] = request.key_id()
    query = _accounts_page(status is not None, request.key is not None, request.backwards)
    rows = await reads.all(query, **parameters)
    return accounts_keyset(status).page(request, rows, lambda view: (view.id,))


@cache
def _accounts_page(filtered: bool, keyed: bool, backwards: bool) -> Query[AccountView]:
    statement = _ACCOUNT.limit(bindparam("limit"))
    if filtered:
        statement = statement.where(_sellers.c.status == bindparam("status"))
    if keyed:
        key = bindparam("key", type_=_sellers.c.id.type)
        statement = statement.where(_sellers.c.id < key if backwards else _sellers.c.id > key)
    return Query(statement.order_by(_sellers.c.id.desc() if backwards else _sellers.c.id), AccountView)


async def count_accounts(reads: Reads, status: SellerStatus | None) -> int:
    """At most COUNT_MAX + 1."""
    statement = _count_accounts(status is not None)
    parameters = {"status": status.value} if status is not None else {}
    return int(await reads.scalar(statement.statement, **parameters))


@cache
def _count_accounts(filtered: bool) -> Query[int]:
    inner = select(_sellers.c.id).limit(COUNT_MAX + 1)
    if filtered:
        inner = inner.where(_sellers.c.status == bindparam("status"))
    return Query(select(func.count()).select_from(inner.subquery()), int)
