"""Inputs about sellers."""

import strawberry

from resolvers.sellers.enums import MemberRole
from resolvers.shared.scalars import CurrencyCode, MinorUnits


@strawberry.input(description="A new shop. It sells once an administrator approved it.")
class ApplyToSellInput:
    name: str = strawberry.field(description="Its name, at most 200 characters.")
    country: str = strawberry.field(description="Where it sends from, ISO 3166-1 alpha-2.")
    currency: CurrencyCode = strawberry.field(description="The currency of its prices; it stays.")
    slug: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="3 to 60 small letters, digits and single hyphens; without it made from the name.",
    )
    description: str = strawberry.field(default="", description="What it says of itself.")
    tax_id: str = strawberry.field(default="", description="Its tax number.")
    handling_days: int = strawberry.field(
        default=2, description="Days until it hands a parcel over, weekends too, 0 to 60."
    )
    returns_days: int = strawberry.field(default=14, description="Days in which it takes goods back, 0 to 365.")
    policy: str = strawberry.field(default="", description="Its terms in its own words.")


@strawberry.input(description="Changes to the shop. What is left out stays.")
class UpdateShopInput:
    version: int = strawberry.field(description="The version that you read.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Its name.")
    slug: str | None = strawberry.field(default=strawberry.UNSET, description="Its unique name; by owners only.")
    description: str | None = strawberry.field(default=strawberry.UNSET, description="What it says of itself.")
    country: str | None = strawberry.field(default=strawberry.UNSET, description="Where it sends from; by owners only.")
    tax_id: str | None = strawberry.field(default=strawberry.UNSET, description="Its tax number; by owners only.")
    handling_days: int | None = strawberry.field(default=strawberry.UNSET, description="Days, weekends too, 0 to 60.")
    returns_days: int | None = strawberry.field(default=strawberry.UNSET, description="Days, 0 to 365.")
    policy: str | None = strawberry.field(default=strawberry.UNSET, description="Its terms in its own words.")


@strawberry.input(description="The shop to act for from now on.")
class SwitchSellerInput:
    seller_id: strawberry.ID | None = strawberry.field(description="A shop where you work, or null for none.")


@strawberry.input(description="A decision about a seller.")
class DecideSellerInput:
    seller_id: strawberry.ID = strawberry.field(description="The shop.")
    reason: str = strawberry.field(
        default="", description="Why; the seller reads it. Needed to reject, restrict or suspend."
    )


@strawberry.input(description="A seller's terms. What is left out stays.")
class SetSellerTermsInput:
    seller_id: strawberry.ID = strawberry.field(description="The shop.")
    trusted: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether its listings need no approval."
    )
    commission_ppm: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Its own commission in parts per million; null for the category's or the platform's.",
    )


@strawberry.input(description="Whom to invite.")
class InviteMemberInput:
    email: str = strawberry.field(description="Their e-mail address; an account may come later.")
    role: MemberRole = strawberry.field(default=MemberRole.STAFF, description="What they will be.")


@strawberry.input(description="An open invitation to take back.")
class RevokeInvitationInput:
    invitation_id: strawberry.ID = strawberry.field(description="The invitation.")


@strawberry.input(description="An invitation to say yes to.")
class AcceptInvitationInput:
    token: str = strawberry.field(description="What stands behind the # of the link in the mail.")


@strawberry.input(description="Another role for a member.")
class ChangeMemberRoleInput:
    user_id: strawberry.ID = strawberry.field(description="The member.")
    role: MemberRole = strawberry.field(description="What they will be.")


@strawberry.input(description="A member to remove.")
class RemoveMemberInput:
    user_id: strawberry.ID = strawberry.field(description="The member; yourself to leave.")


@strawberry.input(description="A new shipping rate, in the shop's currency.")
class AddShippingRateInput:
    name: str = strawberry.field(description="What buyers choose by, as `Standard`.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2, or `*` for wherever no other rate holds.")
    base_minor: MinorUnits = strawberry.field(description="For the first item.")
    per_item_minor: MinorUnits = strawberry.field(default=MinorUnits(0), description="For each further item.")
    free_over_minor: MinorUnits | None = strawberry.field(default=None, description="Free from this value of goods on.")
    days_min: int = strawberry.field(default=2, description="Days on the way, at least; 0 to 90.")
    days_max: int = strawberry.field(default=5, description="Days on the way, at most; 0 to 90.")


@strawberry.input(description="A shipping rate, the whole of it anew.")
class UpdateShippingRateInput(AddShippingRateInput):
    shipping_rate_id: strawberry.ID = strawberry.field(description="The rate to change.")


@strawberry.input(description="A shipping rate to remove.")
class RemoveShippingRateInput:
    shipping_rate_id: strawberry.ID = strawberry.field(description="The rate to remove.")


@strawberry.input(description="Where the payment provider sends the seller.")
class StartOnboardingInput:
    return_url: str = strawberry.field(description="Your page for afterwards; https.")
    refresh_url: str = strawberry.field(description="Your page for when the link has expired; https.")
