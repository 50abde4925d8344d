"""The mail of an invitation: to an address that may have no account, so it is no notification.

Invariant: only an invitation that stands open is sent, and its token stands in this mail and nowhere else. A mail that
was repeated has the same Message-ID and the same token.
"""

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from domain.notifications.composing import PAGE, SUBJECT_MAX
from domain.notifications.errors import MailRefused
from domain.notifications.ports import Mail, MailPorts, MailTerms
from domain.notifications.wording import ENGLISH, one_line
from domain.sellers.model import Seller, SellerInvitation
from domain.sellers.ports import InvitationTokens
from domain.shared.database import Query, table
from domain.shared.ids import encode_id

SHOP_NAME_MAX: Final = 80
"""A stranger reads it: no room for a letter in a shop's name."""

_invitations, _sellers = table(SellerInvitation), table(Seller)


@dataclass(frozen=True, slots=True)
class _Facts:
    id: UUID
    email: str
    created_at: datetime
    expires_at: datetime
    shop_name: str


_OPEN = Query(
    select(
        _invitations.c.id,
        _invitations.c.email,
        _invitations.c.created_at,
        _invitations.c.expires_at,
        _sellers.c.name,
    )
    .join(_sellers, _sellers.c.id == _invitations.c.seller_id)
    .where(
        _invitations.c.id == bindparam("id"),
        _invitations.c.ended_at.is_(None),
        _invitations.c.expires_at > bindparam("now"),
    ),
    _Facts,
)


async def send_invitation(invitation_id: UUID, *, ports: MailPorts, tokens: InvitationTokens) -> bool:
    """Whether it was sent: not one that is over, nor where no mail is sent, nor one that a server never takes.

    Raises MailDeferred and MailServerDown; the job is tried again.
    """
    facts = await ports.db.primary.first(_OPEN, id=invitation_id, now=ports.clock.now())
    if facts is None or ports.sender is None:
        return False
    try:
        await ports.sender.send(_compose(facts, tokens.token_of(facts.id), ports.terms))
    except MailRefused:
        # The owner sees it stand open; nobody is told more of an address than that.
        return False
    return True


def _compose(facts: _Facts, token: str, terms: MailTerms) -> Mail:
    wording = ENGLISH
    values = {"shop": one_line(facts.shop_name)[:SHOP_NAME_MAX], "deadline": wording.when(facts.expires_at)}
    body = wording.invitation_body.format_map(values)
    # Behind the # it is sent to no server and stands in no log.
    link = f"{terms.site_url}/invitation#{token}"
    return Mail(
        message_id=f"{encode_id('invitation', facts.id)}@{terms.domain}",
        to=facts.email,
        subject=wording.invitation_title.format_map(values)[:SUBJECT_MAX],
        text=f"{body}\n\n{wording.invitation_link} {link}\n\n-- \n{wording.invitation_why}\n",
        html=PAGE.format(
            language=wording.language,
            greeting="",
            body=escape(body),
            link_text=escape(wording.invitation_link),
            link=escape(link),
            why=escape(wording.invitation_why),
        ),
        at=facts.created_at,
    )
