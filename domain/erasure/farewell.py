"""The mail that confirms an erasure, to the address that the account had.

Invariant: the address is kept for this mail alone, and goes with the server's answer, or after KEPT_SECONDS without
one. A mail that was repeated, because the answer was lost, has the same Message-ID.
"""

from datetime import timedelta
from html import escape
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from domain.erasure.model import Farewell
from domain.notifications.composing import PAGE, SUBJECT_MAX, paragraph
from domain.notifications.errors import MailRefused
from domain.notifications.ports import Mail, MailPorts, MailTerms
from domain.notifications.wording import one_line, wording_for
from domain.shared.database import Database, Tx, table
from domain.shared.ids import encode_id
from domain.users.model import User

KEPT_SECONDS: Final = 5 * 24 * 3600
BATCH_MAX: Final = 1_000

_farewells = table(Farewell)


async def note_farewell(tx: Tx, user: User) -> None:
    """Before the user is wiped."""
    await tx.add(
        Farewell(
            user_id=user.id,
            email=user.email,
            display_name=user.display_name,
            locale=user.locale,
            created_at=tx.now,
        )
    )


async def send_farewell(user_id: UUID, *, ports: MailPorts) -> bool:
    """Whether it was sent: not where no mail is sent, nor what a server never takes, nor once more.

    Raises MailDeferred and MailServerDown; the job is tried again.
    """

    async def read(tx: Tx) -> Farewell | None:
        return await tx.get(Farewell, user_id)

    farewell = await ports.db.run(read)
    if farewell is None:
        return False
    taken = ports.sender is not None
    if ports.sender is not None:
        try:
            await ports.sender.send(_compose(farewell, ports.terms))
        except MailRefused:
            taken = False

    async def forget(tx: Tx) -> None:
        await tx.execute(delete(_farewells).where(_farewells.c.user_id == user_id))

    await ports.db.run(forget)
    return taken


async def forget_farewells(*, db: Database) -> int:
    """At most BATCH_MAX that no server took in time; how many."""

    async def step(tx: Tx) -> int:
        old = select(_farewells.c.user_id).where(_farewells.c.created_at <= tx.now - timedelta(seconds=KEPT_SECONDS))
        gone = await tx.execute(
            delete(_farewells)
            .where(_farewells.c.user_id.in_(old.limit(BATCH_MAX).with_for_update(skip_locked=True)))
            .returning(_farewells.c.user_id)
        )
        return len(gone.all())

    return await db.run(step)


def _compose(farewell: Farewell, terms: MailTerms) -> Mail:
    wording = wording_for(farewell.locale)
    greeting = wording.greeting.format(name=one_line(farewell.display_name))
    return Mail(
        message_id=f"{encode_id('user', farewell.user_id)}@{terms.domain}",
        to=farewell.email,
        subject=wording.farewell_title[:SUBJECT_MAX],
        text=f"{greeting}\n\n{wording.farewell_body}\n\n{wording.farewell_link} {terms.site_url}\n\n"
        f"-- \n{wording.farewell_why}\n",
        html=PAGE.format(
            language=wording.language,
            greeting=paragraph(greeting),
            body=escape(wording.farewell_body),
            link_text=escape(wording.farewell_link),
            link=escape(terms.site_url),
            why=escape(wording.farewell_why),
        ),
        at=farewell.created_at,
    )
