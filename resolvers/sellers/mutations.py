"""Mutations of those who run a shop: the shop itself, who works there, how it is paid."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry

from domain.sellers.account_reads import payment_accounts_by_sellers
from domain.sellers.applying import ApplyToSell, apply_again, apply_to_sell
from domain.sellers.editing import UpdateShop, update_shop
from domain.sellers.membership import (
    ChangeMemberRole,
    RemoveMember,
    change_member_role,
    remove_member,
)
from domain.sellers.payment_accounts import StartOnboarding, refresh_payment_account, start_onboarding
from domain.sellers.reads import accounts_by_ids, members_of_seller, shops_by_ids
from domain.sellers.switching import SwitchSeller, switch_seller
from domain.shared.errors import NotFound as NotFoundError
from resolvers.context import Context, Info
from resolvers.payments.types import ProviderRefused, ProviderUnavailable
from resolvers.sellers.inputs import (
    ApplyToSellInput,
    ChangeMemberRoleInput,
    RemoveMemberInput,
    StartOnboardingInput,
    SwitchSellerInput,
    UpdateShopInput,
)
from resolvers.sellers.types import (
    LastOwner,
    PaymentAccount,
    SellerAccount,
    Shop,
    ShopEdited,
    ShopMember,
    SlugTaken,
    TooMany,
)
from resolvers.shared.errors import Busy, IllegalTransition, InvalidInput, NotFound, NotPermitted
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.users.types import SessionOver


@strawberry.interface(description="A shop after something was done to it.")
class ShopChange:
    shop: Shop = strawberry.field(description="Its public face.")
    account: SellerAccount = strawberry.field(description="What its members and administrators see.")

    @classmethod
    async def of(cls, seller_id: UUID, context: Context) -> Self:
        reads = context.ports.db.primary
        shop, account = await shops_by_ids(reads, [seller_id]), await accounts_by_ids(reads, [seller_id])
        return cls(shop=Shop.of(shop[seller_id]), account=SellerAccount.of(account[seller_id]))


@strawberry.type(description="The shop is made and waits to be approved. `switchSeller` acts for it.")
class ApplyToSellSuccess(ShopChange):
    pass


@strawberry.type(description="The shop waits to be approved again.")
class ApplyAgainSuccess(ShopChange):
    pass


@strawberry.type(description="The shop is changed.")
class UpdateShopSuccess(ShopChange):
    pass


@strawberry.type(description="The session acts for another shop. Use this access token from now on.")
class SwitchSellerSuccess:
    access_token: str = strawberry.field(description="Replaces the one before, which still says the old shop.")
    access_token_expires_at: datetime = strawberry.field(description="From then on it is refused.")
    shop: Shop | None = strawberry.field(description="The shop acted for; null for none.")


@strawberry.type(description="Who works for the shop has changed.")
class MembersSuccess:
    members: list[ShopMember] = strawberry.field(description="All members now.")

    @classmethod
    async def of(cls, context: Context) -> Self:
        found = await members_of_seller(context.ports.db.primary, context.actor.seller())
        return cls(members=[ShopMember.of(member) for member in found])


@strawberry.type(description="The member is gone, and acts for the shop no longer.")
class RemoveMemberSuccess:
    user_id: strawberry.ID = strawberry.field(description="Who was removed.")


@strawberry.type(description="The provider waits for the seller.")
class StartOnboardingSuccess:
    url: str = strawberry.field(description="Send the seller there now; it works once.")
    expires_at: datetime = strawberry.field(description="Ask for another one after this.")


@strawberry.type(description="The provider was asked.")
class RefreshPaymentAccountSuccess:
    payment_account: PaymentAccount = strawberry.field(description="How the account stands.")


ApplyToSellResult = Annotated[
    ApplyToSellSuccess | SlugTaken | TooMany | InvalidInput,
    strawberry.union("ApplyToSellResult", description="What became of an application."),
]
ApplyAgainResult = Annotated[
    ApplyAgainSuccess | IllegalTransition | NotPermitted,
    strawberry.union("ApplyAgainResult", description="What became of applying again."),
]
UpdateShopResult = Annotated[
    UpdateShopSuccess | ShopEdited | SlugTaken | NotPermitted | InvalidInput,
    strawberry.union("UpdateShopResult", description="What became of editing a shop."),
]
SwitchSellerResult = Annotated[
    SwitchSellerSuccess | NotFound | SessionOver,
    strawberry.union("SwitchSellerResult", description="What became of switching the shop."),
]
MembersResult = Annotated[
    MembersSuccess | NotFound | LastOwner | NotPermitted | InvalidInput,
    strawberry.union("MembersResult", description="What became of a change of members."),
]
RemoveMemberResult = Annotated[
    RemoveMemberSuccess | NotFound | LastOwner | NotPermitted,
    strawberry.union("RemoveMemberResult", description="What became of removing a member."),
]
StartOnboardingResult = Annotated[
    StartOnboardingSuccess | ProviderUnavailable | ProviderRefused | NotPermitted | InvalidInput,
    strawberry.union("StartOnboardingResult", description="What became of starting to onboard."),
]
RefreshPaymentAccountResult = Annotated[
    RefreshPaymentAccountSuccess | NotFound | ProviderUnavailable | ProviderRefused | Busy,
    strawberry.union("RefreshPaymentAccountResult", description="What became of asking the provider."),
]


@strawberry.type
class SellerMutations:
    @mutation(AccessLevel.SIGNED_IN, "Open a shop: it waits to be approved. One person may buy and sell.")
    async def apply_to_sell(self, info: Info, input: ApplyToSellInput) -> ApplyToSellResult:
        context = info.context
        made = await apply_to_sell(parse(ApplyToSell, input), actor=context.actor, db=context.ports.db)
        return await ApplyToSellSuccess.of(made, context)

    @mutation(AccessLevel.SELLER, "After a rejection: ask to be approved once more.")
    async def apply_again(self, info: Info) -> ApplyAgainResult:
        context = info.context
        return await ApplyAgainSuccess.of(await apply_again(actor=context.actor, db=context.ports.db), context)

    @mutation(AccessLevel.SELLER, "Change what the shop shows and promises.")
    async def update_shop(self, info: Info, input: UpdateShopInput) -> UpdateShopResult:
        context = info.context
        changed = await update_shop(parse(UpdateShop, input), actor=context.actor, db=context.ports.db)
        return await UpdateShopSuccess.of(changed, context)

    @mutation(AccessLevel.SIGNED_IN, "Act for another shop in this session.")
    async def switch_seller(self, info: Info, input: SwitchSellerInput) -> SwitchSellerResult:
        context, command = info.context, parse(SwitchSeller, input)
        token = await switch_seller(command, actor=context.actor, ports=context.ports.users)
        shop = None
        if command.seller_id is not None:
            shop = Shop.of((await shops_by_ids(context.ports.db.primary, [command.seller_id]))[command.seller_id])
        return SwitchSellerSuccess(access_token=token.text, access_token_expires_at=token.expires_at, shop=shop)

    @mutation(AccessLevel.SELLER, "Give a member another role; by owners.")
    async def change_member_role(self, info: Info, input: ChangeMemberRoleInput) -> MembersResult:
        await change_member_role(parse(ChangeMemberRole, input), actor=info.context.actor, db=info.context.ports.db)
        return await MembersSuccess.of(info.context)

    @mutation(AccessLevel.SELLER, "Remove a member, by owners, or leave the shop.")
    async def remove_member(self, info: Info, input: RemoveMemberInput) -> RemoveMemberResult:
        await remove_member(parse(RemoveMember, input), actor=info.context.actor, db=info.context.ports.db)
        return RemoveMemberSuccess(user_id=input.user_id)

    @mutation(AccessLevel.SELLER, "Open the account through which the shop is paid, or go on with it.")
    async def start_onboarding(self, info: Info, input: StartOnboardingInput) -> StartOnboardingResult:
        ports = info.context.ports
        command = parse(StartOnboarding, input)
        link = await start_onboarding(command, actor=info.context.actor, db=ports.db, provider=ports.gateway)
        return StartOnboardingSuccess(url=link.url, expires_at=link.expires_at)

    @mutation(AccessLevel.SELLER, "Ask the payment provider how the shop's account stands.")
    async def refresh_payment_account(self, info: Info) -> RefreshPaymentAccountResult:
        ports, seller_id = info.context.ports, info.context.actor.seller()
        if not await refresh_payment_account(db=ports.db, provider=ports.gateway, seller_id=seller_id):
            raise NotFoundError("payment_account")
        found = (await payment_accounts_by_sellers(ports.db.primary, [seller_id]))[seller_id]
        return RefreshPaymentAccountSuccess(payment_account=PaymentAccount.of(found))
