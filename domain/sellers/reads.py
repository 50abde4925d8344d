"""Shops as everybody, their members and administrators see them.

Invariant: `shops_by_*` give what is public; whatever is not goes through `accounts_*`, which callers scope to a
member's shop or to administrators.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.sellers.model import MemberRole, Seller, SellerMember, SellerStatus
from domain.shared.database import Query, Reads, table
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest

_sellers = table(Seller)
_members = table(SellerMember)

OPEN: Final = frozenset({SellerStatus.ACTIVE, SellerStatus.RESTRICTED})
"""In these a shop sells."""


@dataclass(frozen=True, slots=True)
class ShopView:
    """The public face of a seller."""

    id: UUID
    name: str
    slug: str
    description: str
    country: str
    currency: str
    status: SellerStatus
    handling_days: int
    returns_days: int
    policy: str
    rating_millis: int | None
    rating_count: int

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class AccountView:
    """What a shop's members and administrators see besides its public face."""

    id: UUID
    status: SellerStatus
    status_reason: str
    tax_id: str
    trusted: bool
    commission_ppm: int | None
    version: int
    applied_at: datetime
    approved_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MembershipView:
    seller_id: UUID
    user_id: UUID
    role: MemberRole
    added_at: datetime


_SHOP = select(*(_sellers.c[name] for name in ShopView.__dataclass_fields__))
_ACCOUNT = select(*(_sellers.c[name] for name in AccountView.__dataclass_fields__))
_MEMBERSHIP = select(*(_members.c[name] for name in MembershipView.__dataclass_fields__))

_SHOPS = Query(_SHOP.where(_sellers.c.id == func.any(bindparam("ids"))), ShopView)
_SHOP_BY_SLUG = Query(_SHOP.where(_sellers.c.slug == bindparam("slug")), ShopView)
_ACCOUNTS = Query(_ACCOUNT.where(_sellers.c.id == func.any(bindparam("ids"))), AccountView)
_MEMBERSHIPS_OF_USER = Query(
    _MEMBERSHIP.where(_members.c.user_id == bindparam("user_id")).order_by(_members.c.seller_id), MembershipView
)
_MEMBERS_OF_SELLER = Query(
    _MEMBERSHIP.where(_members.c.seller_id == bindparam("seller_id")).order_by(_members.c.added_at, _members.c.user_id),
    MembershipView,
)


async def shops_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, ShopView]:
    """Shops in any status: an order shows its seller for ever."""
    return {shop.id: shop for shop in await reads.all(_SHOPS, ids=list(ids))}


async def shop_by_slug(reads: Reads, slug: str) -> ShopView | None:
    """In any status; the caller decides who may see one that is not open."""
    return await reads.first(_SHOP_BY_SLUG, slug=slug)


async def accounts_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, AccountView]:
    return {account.id: account for account in await reads.all(_ACCOUNTS, ids=list(ids))}


async def memberships_of_user(reads: Reads, user_id: UUID) -> list[MembershipView]:
    """The shops that a user works for, oldest first."""
    return await reads.all(_MEMBERSHIPS_OF_USER, user_id=user_id)


async def members_of_seller(reads: Reads, seller_id: UUID) -> list[MembershipView]:
    """At most MEMBERS_MAX, the first owner first."""
    return await reads.all(_MEMBERS_OF_SELLER, seller_id=seller_id)


def accounts_keyset(status: SellerStatus | None) -> Keyset:
    return Keyset.of("applied", status.value if status else None)


async def accounts_page(reads: Reads, status: SellerStatus | None, request: PageRequest) -> Page[AccountView]:
    """All sellers, or those in one status, in the order of their ids (of their first application)."""
    parameters: dict[str, object] = {"limit": request.first + 1}
    if status is not None:
        parameters["status"] = status.value
    if request.key is not None:
        parameters["key"] = UUID(str(request.key[0]))
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
