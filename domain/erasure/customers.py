"""The payment provider forgets whom we forget: their customer is deleted over there.

Invariant: the reference stays on the erased user's row until the provider says that the customer is gone. So an outage
of the provider keeps nobody from leaving, and no customer is left behind: what the job did not reach, a sweep finds.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, text, update

from domain.payments.errors import ProviderUnavailable
from domain.payments.ports import MoneyIn
from domain.shared.database import Database, Query, Tx, only, table
from domain.shared.sweeping import one_by_one
from domain.users.model import User

BATCH_MAX: Final = 100

_users = table(User)
_WAITING = text("status = 'erased' AND customer_ref IS NOT NULL")
"""As in the partial index: with a parameter the planner could not use it."""
_REF = select(_users.c.customer_ref).where(_users.c.id == bindparam("id"), _WAITING)
# Any of them: a hundred that the provider refuses for good must not stand before all others.
_DUE = Query(select(_users.c.id).where(_WAITING).order_by(func.random()).limit(BATCH_MAX), only)


async def forget_customer(user_id: UUID, *, db: Database, gateway: MoneyIn) -> None:
    """Once more is no fault. Raises ProviderUnavailable, ProviderRefused: then it is still to be done."""
    ref = await db.primary.scalar(_REF, id=user_id)
    if ref is None:
        return
    await gateway.delete_customer(ref)

    async def step(tx: Tx) -> None:
        await tx.execute(update(_users).where(_users.c.id == user_id, _WAITING).values(customer_ref=None))

    await db.run(step)


async def forget_customers(*, db: Database, gateway: MoneyIn) -> int:
    """At most BATCH_MAX that are still to be forgotten; how many. Raises ExceptionGroup with all faults at the end."""
    due = await db.primary.all(_DUE)
    await one_by_one(due, lambda id_: forget_customer(id_, db=db, gateway=gateway), away=ProviderUnavailable)
    return len(due)
