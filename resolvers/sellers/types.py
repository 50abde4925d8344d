"""Sellers in the schema: `Shop` is what everybody sees, `SellerAccount` what members and administrators see."""

from datetime import datetime

import strawberry

from domain.sellers.model import SELLER_TRANSITIONS, SellerStatus
from domain.sellers.reads import AccountView, ShopView, shops_by_ids
from domain.shared.actor import Actor, Role
from domain.shared.transitions import Party
from resolvers.context import Info
from resolvers.shared.enums import expose
from resolvers.shared.scalars import CurrencyCode, Node, public_id

SellerStatusType = expose(
    SellerStatus,
    "Where a seller stands with the marketplace.",
    {
        SellerStatus.APPLIED: "Waits to be approved; sells nothing yet.",
        SellerStatus.ACTIVE: "Sells.",
        SellerStatus.RESTRICTED: "Sells on, but new listings are reviewed and nothing is paid out.",
        SellerStatus.SUSPENDED: "Sells nothing until reinstated.",
        SellerStatus.REJECTED: "Was not approved; may apply again.",
    },
)


@strawberry.type(description="A seller's public face.")
class Shop(Node):
    name: str = strawberry.field(description="Its name.")
    slug: str = strawberry.field(description="Its unique name in addresses, as `annes-lamps`.")
    description: str = strawberry.field(description="What it says of itself.")
    country: str = strawberry.field(description="Where it sends from, ISO 3166-1 alpha-2.")
    currency: CurrencyCode = strawberry.field(description="The currency of its prices.")
    is_open: bool = strawberry.field(description="It sells at present.")
    handling_days: int = strawberry.field(description="Working days until it hands a parcel over.")
    returns_days: int = strawberry.field(description="Days after delivery in which it takes goods back.")
    policy: str = strawberry.field(description="Its terms in its own words.")
    rating: float | None = strawberry.field(description="Average of its reviews, 1 to 5 stars; null without any.")
    rating_count: int = strawberry.field(description="How many reviews that average is made of.")

    @classmethod
    def of(cls, view: ShopView) -> "Shop":
        return cls(
            id=public_id("seller", view.id),
            name=view.name,
            slug=view.slug,
            description=view.description,
            country=view.country,
            currency=CurrencyCode(view.currency),
            is_open=view.is_open,
            handling_days=view.handling_days,
            returns_days=view.returns_days,
            policy=view.policy,
            rating=None if view.rating_millis is None else view.rating_millis / 1000,
            rating_count=view.rating_count,
        )


@strawberry.type(description="A seller as its members and administrators see it.")
class SellerAccount(Node):
    status: SellerStatus = strawberry.field(description="Where it stands with the marketplace.")
    status_reason: str = strawberry.field(description="Why, in the words of whoever decided; may be empty.")
    tax_id: str = strawberry.field(description="Its tax number; may be empty.")
    trusted: bool = strawberry.field(description="Its listings need no approval.")
    commission_ppm: int | None = strawberry.field(
        description="Its own commission in parts per million; null when the category's or the platform's applies."
    )
    version: int = strawberry.field(description="Grows with each change; `updateShop` wants the one you read.")
    applied_at: datetime = strawberry.field(description="When it applied last.")
    approved_at: datetime | None = strawberry.field(description="When it was approved first.")
    view: strawberry.Private[AccountView]

    @strawberry.field(description="Its public face.")
    async def shop(self, info: Info) -> Shop:
        found = await info.context.loaders.load(shops_by_ids, self.view.id)
        assert found is not None
        return Shop.of(found)

    @strawberry.field(description="What the viewer may do to its status now, as `APPROVE` or `APPLY_AGAIN`.")
    def allowed_actions(self, info: Info) -> list[str]:
        return list(SELLER_TRANSITIONS.actions(self.view.status, party_towards(info.context.actor)))

    @classmethod
    def of(cls, view: AccountView) -> "SellerAccount":
        return cls(
            id=public_id("seller_account", view.id),
            status=view.status,
            status_reason=view.status_reason,
            tax_id=view.tax_id,
            trusted=view.trusted,
            commission_ppm=view.commission_ppm,
            version=view.version,
            applied_at=view.applied_at,
            approved_at=view.approved_at,
            view=view,
        )


def party_towards(actor: Actor) -> Party:
    """Administrators act as such, whoever else sees an account is a member of it."""
    return Party.ADMIN if Role.ADMIN in actor.roles else Party.SELLER
