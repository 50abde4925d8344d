"""Shops as everybody, their members and administrators see them.

Invariant: `shops_by_*` give what is public; whatever is not goes through `accounts_*`, which callers scope to a
member's shop or to administrators.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select

from domain.sellers.model import (
    INVITATIONS_OPEN_MAX,
    MemberRole,
    Seller,
    SellerInvitation,
    SellerMember,
    SellerStatus,
    ShippingRate,
)
from domain.sellers.slugs import could_be_slug
from domain.shared.database import Query, Reads, table
from domain.users.model import User

_sellers = table(Seller)
_members = table(SellerMember)
_invitations = table(SellerInvitation)
_users = table(User)
_rates = table(ShippingRate)

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
    """That a user works for a shop, as the user sees it."""

    seller_id: UUID
    role: MemberRole
    added_at: datetime


@dataclass(frozen=True, slots=True)
class MemberView:
    """That a user works for a shop, as their colleagues see it."""

    user_id: UUID
    display_name: str
    email: str
    role: MemberRole
    added_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation as the shop's owners see it."""

    id: UUID
    email: str
    role: MemberRole
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RateView:
    id: UUID
    seller_id: UUID
    name: str
    country: str
    currency: str
    base_minor: int
    per_item_minor: int
    free_over_minor: int | None
    days_min: int
    days_max: int


_SHOP = select(*(_sellers.c[name] for name in ShopView.__dataclass_fields__))
_ACCOUNT = select(*(_sellers.c[name] for name in AccountView.__dataclass_fields__))
_MEMBERSHIP = select(*(_members.c[name] for name in MembershipView.__dataclass_fields__))

_INVITED = select(*(_invitations.c[name] for name in InvitationView.__dataclass_fields__))
_INVITATION = Query(_INVITED.where(_invitations.c.id == bindparam("id")), InvitationView)
_OPEN_INVITATIONS = Query(
    _INVITED.where(
        _invitations.c.seller_id == bindparam("seller_id"),
        _invitations.c.ended_at.is_(None),
        _invitations.c.expires_at > bindparam("now"),
        exists().where(
            _members.c.seller_id == _invitations.c.seller_id,
            _members.c.user_id == bindparam("user_id"),
            _members.c.role == MemberRole.OWNER.value,
        ),
    )
    .order_by(_invitations.c.created_at.desc(), _invitations.c.id.desc())
    .limit(INVITATIONS_OPEN_MAX),
    InvitationView,
)

_SHOPS = Query(_SHOP.where(_sellers.c.id == func.any(bindparam("ids"))), ShopView)
_SHOP_BY_SLUG = Query(_SHOP.where(_sellers.c.slug == bindparam("slug")), ShopView)
_ACCOUNTS = Query(_ACCOUNT.where(_sellers.c.id == func.any(bindparam("ids"))), AccountView)
_MEMBERSHIPS_OF_USER = Query(
    _MEMBERSHIP.where(_members.c.user_id == bindparam("user_id")).order_by(_members.c.seller_id), MembershipView
)
_MEMBERS_OF_SELLER = Query(
    select(_users.c.id, _users.c.display_name, _users.c.email, _members.c.role, _members.c.added_at)
    .join(_users, _users.c.id == _members.c.user_id)
    .where(_members.c.seller_id == bindparam("seller_id"))
    .order_by(_members.c.added_at, _users.c.id),
    MemberView,
)
_RATE = select(*(_rates.c[name] for name in RateView.__dataclass_fields__)).where(_rates.c.deleted_at.is_(None))
_RATES_OF_SELLERS = Query(
    _RATE.where(_rates.c.seller_id == func.any(bindparam("ids"))).order_by(_rates.c.country, _rates.c.id), RateView
)
_RATES = Query(_RATE.where(_rates.c.id == func.any(bindparam("ids"))), RateView)


async def shops_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, ShopView]:
    """Shops in any status: an order shows its seller for ever."""
    return {shop.id: shop for shop in await reads.all(_SHOPS, ids=list(ids))}


async def shop_by_slug(reads: Reads, slug: str) -> ShopView | None:
    """In any status; the caller decides who may see one that is not open."""
    if not could_be_slug(slug):
        return None
    return await reads.first(_SHOP_BY_SLUG, slug=slug)


async def accounts_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, AccountView]:
    return {account.id: account for account in await reads.all(_ACCOUNTS, ids=list(ids))}


async def memberships_of_user(reads: Reads, user_id: UUID) -> list[MembershipView]:
    """The shops that a user works for, oldest first."""
    return await reads.all(_MEMBERSHIPS_OF_USER, user_id=user_id)


async def members_of_seller(reads: Reads, seller_id: UUID) -> list[MemberView]:
    """At most MEMBERS_MAX, the one who opened the shop first."""
    return await reads.all(_MEMBERS_OF_SELLER, seller_id=seller_id)


async def open_invitations(reads: Reads, seller_id: UUID, user_id: UUID, now: datetime) -> list[InvitationView]:
    """Those of a shop that can still be accepted, the newest first; none for whoever is no owner of it."""
    return await reads.all(_OPEN_INVITATIONS, seller_id=seller_id, user_id=user_id, now=now)


async def invitation_by_id(reads: Reads, id_: UUID) -> InvitationView | None:
    return await reads.first(_INVITATION, id=id_)


async def rates_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, RateView]:
    """Rates that are not removed."""
    return {rate.id: rate for rate in await reads.all(_RATES, ids=list(ids))}


async def rates_by_sellers(reads: Reads, seller_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[RateView]]:
    """By country; at most SHIPPING_RATES_MAX each. Sellers without any are left out."""
    found: dict[UUID, list[RateView]] = {}
    for rate in await reads.all(_RATES_OF_SELLERS, ids=list(seller_ids)):
        found.setdefault(rate.seller_id, []).append(rate)
    return found
