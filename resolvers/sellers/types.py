"""Sellers in the schema: `Shop` is what everybody sees, `SellerAccount` what members and administrators see."""

from datetime import datetime
from typing import Final
from uuid import UUID

import strawberry

from domain.media.attaching import Owner
from domain.media.model import OwnerKind, Slot
from domain.media.reads import images_by_owners
from domain.sellers import errors
from domain.sellers.account_reads import DecisionView, PaymentAccountView, decisions_by_sellers
from domain.sellers.model import SELLER_TRANSITIONS
from domain.sellers.reads import (
    AccountView,
    InvitationView,
    MembershipView,
    MemberView,
    RateView,
    ShopView,
    accounts_by_ids,
    rates_by_sellers,
    shops_by_ids,
)
from domain.shared.actor import Actor, Role
from domain.shared.transitions import Party
from resolvers.context import Info
from resolvers.media.types import Image, image_of
from resolvers.sellers.enums import MemberRole, SellerStatus
from resolvers.shared.directives import ListSize
from resolvers.shared.errors import UserError, failure
from resolvers.shared.scalars import CurrencyCode, MoneyType, Node, money, public_id

FEW: Final = ListSize(assumed_size=5)
"""Lists of a shop are short, whatever their maximum."""


@strawberry.type(description="A seller's public face.")
class Shop(Node):
    name: str = strawberry.field(description="Its name.")
    slug: str = strawberry.field(description="Its unique name in addresses, as `annes-lamps`.")
    description: str = strawberry.field(description="What it says of itself.")
    country: str = strawberry.field(description="Where it sends from, ISO 3166-1 alpha-2.")
    currency: CurrencyCode = strawberry.field(description="The currency of its prices.")
    is_open: bool = strawberry.field(description="It sells at present.")
    handling_days: int = strawberry.field(description="Days until it hands a parcel over, weekends too.")
    returns_days: int = strawberry.field(description="Days after delivery in which it takes goods back.")
    policy: str = strawberry.field(description="Its terms in its own words.")
    rating: float | None = strawberry.field(description="Average of its reviews, 1 to 5 stars; null without any.")
    rating_count: int = strawberry.field(description="How many reviews that average is made of.")

    seller_id: strawberry.Private[UUID]

    @strawberry.field(description="Its sign, once that is ready.")
    async def logo(self, info: Info) -> Image | None:
        return await self._image(info, Slot.LOGO)

    @strawberry.field(description="The wide picture on top of its page, once that is ready.")
    async def banner(self, info: Info) -> Image | None:
        return await self._image(info, Slot.BANNER)

    async def _image(self, info: Info, slot: Slot) -> Image | None:
        images = await info.context.loaders.load(images_by_owners, Owner(OwnerKind.SELLER, self.seller_id)) or ()
        return image_of(next((each for each in images if each.slot is slot), None))

    @strawberry.field(description="What it asks for sending, by country; at most 50.", directives=[FEW])
    async def shipping_rates(self, info: Info) -> list["ShippingRate"]:
        found = await info.context.loaders.load(rates_by_sellers, self.seller_id)
        return [ShippingRate.of(rate) for rate in found or ()]

    @classmethod
    def of(cls, view: ShopView) -> "Shop":
        return cls(
            id=public_id("seller", view.id),
            seller_id=view.id,
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

    @strawberry.field(description="How its status came about, the newest decision first; at most 50.", directives=[FEW])
    async def decisions(self, info: Info) -> list["SellerDecision"]:
        found = await info.context.loaders.load(decisions_by_sellers, self.view.id)
        return [SellerDecision.of(decision, info.context.actor) for decision in found or ()]

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


@strawberry.type(description="What a shop asks for sending to a country.")
class ShippingRate(Node):
    name: str = strawberry.field(description="What buyers choose by, as `Standard`.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2, or `*` for wherever no other rate holds.")
    base: MoneyType = strawberry.field(description="For the first item.")
    per_item: MoneyType = strawberry.field(description="For each item after the first.")
    free_over: MoneyType | None = strawberry.field(description="Free from this value of goods on.")
    days_min: int = strawberry.field(description="Days on the way, at least.")
    days_max: int = strawberry.field(description="Days on the way, at most.")

    @classmethod
    def of(cls, view: RateView) -> "ShippingRate":
        return cls(
            id=public_id("shipping_rate", view.id),
            name=view.name,
            country=view.country,
            base=money(view.base_minor, view.currency),
            per_item=money(view.per_item_minor, view.currency),
            free_over=money(view.free_over_minor, view.currency) if view.free_over_minor is not None else None,
            days_min=view.days_min,
            days_max=view.days_max,
        )


@strawberry.type(description="A person who works for the shop, as colleagues see them.")
class ShopMember:
    user_id: strawberry.ID = strawberry.field(description="Who.")
    display_name: str = strawberry.field(description="Their name.")
    email: str = strawberry.field(description="Their address.")
    role: MemberRole = strawberry.field(description="What they are in the shop.")
    added_at: datetime = strawberry.field(description="Since when.")

    @classmethod
    def of(cls, view: MemberView) -> "ShopMember":
        return cls(
            user_id=public_id("user", view.user_id),
            display_name=view.display_name,
            email=view.email,
            role=view.role,
            added_at=view.added_at,
        )


@strawberry.type(description="That an address may join the shop, as its owners see it.")
class ShopInvitation:
    id: strawberry.ID = strawberry.field(description="The invitation's id; the token is in the mail only.")
    email: str = strawberry.field(description="Who is invited.")
    role: MemberRole = strawberry.field(description="What they will be.")
    created_at: datetime = strawberry.field(description="Since when.")
    expires_at: datetime = strawberry.field(description="From then on it cannot be accepted.")

    @classmethod
    def of(cls, view: InvitationView) -> "ShopInvitation":
        return cls(
            id=public_id("invitation", view.id),
            email=view.email,
            role=view.role,
            created_at=view.created_at,
            expires_at=view.expires_at,
        )


@strawberry.type(description="That the viewer works for a shop.")
class ShopMembership:
    role: MemberRole = strawberry.field(description="What the viewer is there.")
    added_at: datetime = strawberry.field(description="Since when.")
    seller_id: strawberry.Private[UUID]

    @strawberry.field(description="The shop's public face.")
    async def shop(self, info: Info) -> Shop:
        found = await info.context.loaders.load(shops_by_ids, self.seller_id)
        assert found is not None
        return Shop.of(found)

    @strawberry.field(description="The shop as its members see it.")
    async def account(self, info: Info) -> SellerAccount:
        found = await info.context.loaders.load(accounts_by_ids, self.seller_id)
        assert found is not None
        return SellerAccount.of(found)

    @classmethod
    def of(cls, view: MembershipView) -> "ShopMembership":
        return cls(role=view.role, added_at=view.added_at, seller_id=view.seller_id)


@strawberry.type(description="The account with the payment provider through which a shop is paid.")
class PaymentAccount:
    provider: str = strawberry.field(description="The provider, as `stripe`.")
    charges_enabled: bool = strawberry.field(description="Buyers can pay for its goods.")
    payouts_enabled: bool = strawberry.field(description="Its money can be sent to its bank.")
    details_submitted: bool = strawberry.field(description="Onboarding was gone through to the end.")
    requirements_due: list[str] = strawberry.field(
        description="What the provider still has to be told, in the provider's words."
    )
    updated_at: datetime = strawberry.field(description="When the provider was last asked.")

    @classmethod
    def of(cls, view: PaymentAccountView) -> "PaymentAccount":
        return cls(
            provider=view.provider,
            charges_enabled=view.charges_enabled,
            payouts_enabled=view.payouts_enabled,
            details_submitted=view.details_submitted,
            requirements_due=view.requirements_due,
            updated_at=view.updated_at,
        )


@strawberry.type(description="One change of a seller's status.")
class SellerDecision:
    action: str = strawberry.field(description="What was done, as `APPLY`, `APPROVE` or `SUSPEND`.")
    status: SellerStatus = strawberry.field(description="The status it led to.")
    reason: str = strawberry.field(description="Why; may be empty.")
    at: datetime = strawberry.field(description="When.")
    actor: str | None = strawberry.field(description="Who, as `user:<id>` or `system`; for administrators only.")

    @classmethod
    def of(cls, view: DecisionView, actor: Actor) -> "SellerDecision":
        shown = view.actor if Role.ADMIN in actor.roles else None
        return cls(action=view.action, status=view.status, reason=view.reason, at=view.at, actor=shown)


@failure(errors.SlugTaken, "Another shop has this slug.")
class SlugTaken(UserError):
    pass


@failure(errors.ShopEdited, "Somebody else edited the shop after you read it. Read it again; nothing was changed.")
class ShopEdited(UserError):
    version: int = strawberry.field(description="The version that it has now.")

    @classmethod
    def of(cls, error: errors.ShopEdited) -> "ShopEdited":
        return cls(code=error.code, message=error.message, version=error.version)


@failure(errors.AlreadyMember, "This person works for the shop already.")
class AlreadyMember(UserError):
    pass


@failure(errors.LastOwner, "A shop has at least one owner: make somebody else one first.")
class LastOwner(UserError):
    pass


@failure(errors.ShippingRateNameTaken, "The shop has a rate of this name for this country.")
class ShippingRateNameTaken(UserError):
    pass


@failure(errors.TooMany, "There are as many as there can be.")
class TooMany(UserError):
    maximum: int = strawberry.field(description="How many there can be.")

    @classmethod
    def of(cls, error: errors.TooMany) -> "TooMany":
        return cls(code=error.code, message=error.message, maximum=error.maximum)
