"""Queries about sellers: the public shop, the viewer's own shops, and the administrators' list."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.sellers.account_reads import (
    accounts_keyset,
    accounts_page,
    count_accounts,
    payment_accounts_by_sellers,
)
from domain.sellers.reads import (
    ShopView,
    accounts_by_ids,
    members_of_seller,
    memberships_of_user,
    open_invitations,
    rates_by_ids,
    rates_by_sellers,
    shop_by_slug,
    shops_by_ids,
)
from domain.shared.actor import Actor, Role
from resolvers.context import Context, Info
from resolvers.sellers.enums import SellerStatus
from resolvers.sellers.types import (
    FEW,
    PaymentAccount,
    SellerAccount,
    ShippingRate,
    Shop,
    ShopInvitation,
    ShopMember,
    ShopMembership,
)
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import paged
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query


@strawberry.type
class PublicSellerQueries:
    @query(AccessLevel.PUBLIC, "A shop by its slug; null when there is none or when it is not open.")
    async def shop(
        self, info: Info, slug: Annotated[str, strawberry.argument(description="As `annes-lamps`.")]
    ) -> Shop | None:
        return _visible(await shop_by_slug(info.context.reads, slug), info.context.actor)


@strawberry.type
class SellerSellerQueries:
    @query(AccessLevel.SELLER, "The shop's public face.")
    async def shop(self, info: Info) -> Shop:
        seller_id = info.context.actor.seller()
        return Shop.of((await shops_by_ids(info.context.reads, [seller_id]))[seller_id])

    @query(AccessLevel.SELLER, "The shop as its members see it.")
    async def account(self, info: Info) -> SellerAccount:
        seller_id = info.context.actor.seller()
        return SellerAccount.of((await accounts_by_ids(info.context.reads, [seller_id]))[seller_id])

    @query(AccessLevel.SELLER, "Who works for the shop, the one who opened it first; at most 50.", size=FEW)
    async def members(self, info: Info) -> list[ShopMember]:
        found = await members_of_seller(info.context.ports.db.primary, info.context.actor.seller())
        return [ShopMember.of(member) for member in found]

    @query(
        AccessLevel.SELLER,
        "Invitations that can still be accepted, the newest first; at most 20. For owners; staff see none.",
        size=FEW,
    )
    async def invitations(self, info: Info) -> list[ShopInvitation]:
        actor, ports = info.context.actor, info.context.ports
        found = await open_invitations(ports.db.primary, actor.seller(), actor.user(), ports.clock.now())
        return [ShopInvitation.of(invitation) for invitation in found]

    @query(AccessLevel.SELLER, "What the shop asks for sending, by country; at most 50.", size=FEW)
    async def shipping_rates(self, info: Info) -> list[ShippingRate]:
        seller_id = info.context.actor.seller()
        found = await rates_by_sellers(info.context.reads, [seller_id])
        return [ShippingRate.of(rate) for rate in found.get(seller_id, ())]

    @query(AccessLevel.SELLER, "How the shop is paid; null until onboarding began.")
    async def payment_account(self, info: Info) -> PaymentAccount | None:
        seller_id = info.context.actor.seller()
        found = await payment_accounts_by_sellers(info.context.reads, [seller_id])
        return PaymentAccount.of(found[seller_id]) if seller_id in found else None


@strawberry.type
class BuyerSellerQueries:
    @query(
        AccessLevel.SIGNED_IN,
        "The shops that the viewer works for; at most 20. `switchSeller` acts for one.",
        size=paged(2),
    )
    async def shops(self, info: Info) -> list[ShopMembership]:
        found = await memberships_of_user(info.context.reads, info.context.actor.user())
        return [ShopMembership.of(membership) for membership in found]


@strawberry.type
class AdminSellerQueries:
    @query(AccessLevel.ADMIN, "All sellers, the longest with us first.", size=paged(20))
    async def sellers(
        self,
        info: Info,
        status: Annotated[SellerStatus | None, strawberry.argument(description="Only those in this status.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SellerAccount]:
        reads = info.context.reads
        request = accounts_keyset(status).request(first, after, last, before)
        page = await accounts_page(reads, status, request)
        return connection(page, SellerAccount.of, lambda: count_accounts(reads, status))


def _visible(shop: ShopView | None, actor: Actor) -> Shop | None:
    """Shops that are not open are seen by those who act for them and by administrators."""
    if shop is None:
        return None
    return Shop.of(shop) if shop.is_open or _insider(actor, shop.id) else None


def _insider(actor: Actor, seller_id: UUID) -> bool:
    return actor.seller_id == seller_id or Role.ADMIN in actor.roles


async def _shop_node(context: Context, id_: UUID) -> Shop | None:
    return _visible(await context.loaders.load(shops_by_ids, id_), context.actor)


async def _account_node(context: Context, id_: UUID) -> SellerAccount | None:
    if not _insider(context.actor, id_):
        return None
    found = await context.loaders.load(accounts_by_ids, id_)
    return SellerAccount.of(found) if found is not None else None


async def _rate_node(context: Context, id_: UUID) -> ShippingRate | None:
    rate = await context.loaders.load(rates_by_ids, id_)
    if rate is None:
        return None
    shop = _visible(await context.loaders.load(shops_by_ids, rate.seller_id), context.actor)
    return ShippingRate.of(rate) if shop is not None else None


register_node("seller", _shop_node)
register_node("shipping_rate", _rate_node)
register_node("seller_account", _account_node)
