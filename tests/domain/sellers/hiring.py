"""How somebody comes to work for a shop: invited by an owner, with the token of the mail accepted."""

from uuid import UUID

from pydantic import SecretStr

from app.container import Container
from domain.sellers.invitations import AcceptInvitation, InviteMember, accept_invitation, invite_member
from domain.sellers.model import MemberRole
from domain.shared.actor import Actor


async def invited(container: Container, owner: Actor, email: str, role: MemberRole = MemberRole.STAFF) -> UUID:
    ports = container.ports
    command = InviteMember(email=email, role=role)
    return await invite_member(command, actor=owner, db=ports.db, tokens=ports.invitation_tokens)


async def accepted(container: Container, person: Actor, invitation_id: UUID) -> UUID:
    token = SecretStr(container.ports.invitation_tokens.token_of(invitation_id))
    return await accept_invitation(AcceptInvitation(token=token), actor=person, db=container.ports.db)


async def hired(
    container: Container, owner: Actor, email: str, person: Actor, role: MemberRole = MemberRole.STAFF
) -> None:
    await accepted(container, person, await invited(container, owner, email, role))
