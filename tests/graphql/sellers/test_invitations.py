"""An owner invites an address; its person says yes; who else asks learns nothing."""

from uuid import UUID, uuid4

from app.container import Container
from domain.shared.ids import decode_id
from tests.domain.users.accounts import an_account, ports_of
from tests.graphql.execution import execute
from tests.makers import a_buyer, a_seller

INVITE = """mutation ($input: InviteMemberInput!) { inviteMember(input: $input) {
    ... on InviteMemberSuccess { invitation { id email role } } ... on UserError { code } } }"""
ACCEPT = """mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) {
    ... on AcceptInvitationSuccess { shop { name } } ... on UserError { code } } }"""
REVOKE = """mutation ($input: RevokeInvitationInput!) { revokeInvitation(input: $input) {
    ... on RevokeInvitationSuccess { invitationId } ... on UserError { code } } }"""
OPEN = "{ seller { invitations { id email role expiresAt } } }"


def id_of(public: str) -> UUID:
    return decode_id("invitation", public)


async def test_an_invitation_from_the_address_to_the_yes(container: Container) -> None:
    owner, tokens = await a_seller(container), container.ports.invitation_tokens
    email, session = await an_account(ports_of(container))
    person = container.ports.tokens.verify(session.access_token, container.ports.clock.now())
    assert person is not None
    answers = [
        (await execute(container, INVITE, {"input": {"email": address}}, actor=owner))["inviteMember"]["invitation"]
        for address in (email, f"{uuid4().hex}@example.com")
    ]
    assert [set(answer) for answer in answers] == [{"id", "email", "role"}] * 2
    assert {answer["role"] for answer in answers} == {"STAFF"}
    listed = (await execute(container, OPEN, actor=owner))["seller"]["invitations"]
    assert {each["id"] for each in listed} == {answer["id"] for answer in answers}
    token = {"token": tokens.token_of(id_of(answers[0]["id"]))}
    stranger = await a_buyer(container)
    refused = await execute(container, ACCEPT, {"input": token}, actor=stranger)
    assert refused["acceptInvitation"] == {"code": "NOT_FOUND"}
    taken = await execute(container, ACCEPT, {"input": token}, actor=person)
    assert taken["acceptInvitation"] == {"shop": {"name": "Anne's Lamps"}}
    gone = {"invitationId": answers[1]["id"]}
    revoked = await execute(container, REVOKE, {"input": gone}, actor=owner)
    assert revoked["revokeInvitation"] == gone
    assert (await execute(container, OPEN, actor=owner))["seller"]["invitations"] == []
