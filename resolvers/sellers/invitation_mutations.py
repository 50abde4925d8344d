"""Mutations of invitations: owners invite and revoke, the invited person accepts."""

from typing import Annotated

import strawberry

from domain.sellers.invitations import (
    AcceptInvitation,
    InviteMember,
    RevokeInvitation,
    accept_invitation,
    invite_member,
    revoke_invitation,
)
from domain.sellers.reads import invitation_by_id, shops_by_ids
from resolvers.context import Info
from resolvers.sellers.inputs import AcceptInvitationInput, InviteMemberInput, RevokeInvitationInput
from resolvers.sellers.types import AlreadyMember, Shop, ShopInvitation, TooMany
from resolvers.shared.errors import InvalidInput, NotFound, NotPermitted
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="The address is invited by a mail with a link, whether it has an account or not.")
class InviteMemberSuccess:
    invitation: ShopInvitation = strawberry.field(description="The invitation, as the shop's owners see it.")


@strawberry.type(description="The link in the mail is worth nothing any more.")
class RevokeInvitationSuccess:
    invitation_id: strawberry.ID = strawberry.field(description="The invitation that was revoked.")


@strawberry.type(description="The viewer works for the shop. `switchSeller` acts for it.")
class AcceptInvitationSuccess:
    shop: Shop = strawberry.field(description="The shop's public face.")


InviteMemberResult = Annotated[
    InviteMemberSuccess | AlreadyMember | TooMany | NotPermitted | InvalidInput,
    strawberry.union("InviteMemberResult", description="What became of an invitation."),
]
RevokeInvitationResult = Annotated[
    RevokeInvitationSuccess | NotFound | NotPermitted,
    strawberry.union("RevokeInvitationResult", description="What became of revoking an invitation."),
]
AcceptInvitationResult = Annotated[
    AcceptInvitationSuccess | NotFound | TooMany | InvalidInput,
    strawberry.union("AcceptInvitationResult", description="What became of a yes."),
]


@strawberry.type
class InvitationMutations:
    @mutation(
        AccessLevel.SELLER,
        "Invite somebody to work for the shop, by their e-mail address; by owners. The answer is the same whether or "
        "not there is an account. An earlier invitation of the address ends. At most 20 a day, and 20 open ones.",
    )
    async def invite_member(self, info: Info, input: InviteMemberInput) -> InviteMemberResult:
        ports = info.context.ports
        command = parse(InviteMember, input)
        id_ = await invite_member(command, actor=info.context.actor, db=ports.db, tokens=ports.invitation_tokens)
        found = await invitation_by_id(ports.db.primary, id_)
        assert found is not None
        return InviteMemberSuccess(invitation=ShopInvitation.of(found))

    @mutation(AccessLevel.SELLER, "Take an open invitation back; by owners.")
    async def revoke_invitation(self, info: Info, input: RevokeInvitationInput) -> RevokeInvitationResult:
        command = parse(RevokeInvitation, input)
        await revoke_invitation(command, actor=info.context.actor, db=info.context.ports.db)
        return RevokeInvitationSuccess(invitation_id=input.invitation_id)

    @mutation(
        AccessLevel.SIGNED_IN,
        "Say yes to an invitation. NotFound when it is over, or was for another address than the viewer's.",
    )
    async def accept_invitation(self, info: Info, input: AcceptInvitationInput) -> AcceptInvitationResult:
        ports = info.context.ports
        seller_id = await accept_invitation(parse(AcceptInvitation, input), actor=info.context.actor, db=ports.db)
        shops = await shops_by_ids(ports.db.primary, [seller_id])
        return AcceptInvitationSuccess(shop=Shop.of(shops[seller_id]))
