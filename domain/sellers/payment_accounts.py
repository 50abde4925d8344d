"""The account through which a shop is paid: opened with the provider, and kept as the provider says it is.

Invariant: what is written was read from the provider after the write before it. Two refreshes that pass each other
cannot leave the older answer standing, because each write names the version that it read before asking.
"""

import re
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, StringConstraints
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from domain.sellers.events import PaymentAccountChanged
from domain.sellers.membership import shop_of
from domain.sellers.model import PaymentAccount, Seller
from domain.sellers.ports import PROVIDER_NAME, AccountProvider, AccountState, Onboarding
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import Busy
from domain.users.model import User

REFRESH_TRIES_MAX: Final = 5
REQUIREMENTS_MAX: Final = 50

_accounts = table(PaymentAccount)

_PAGE: Final = re.compile(r"(https://|http://(localhost|127\.0\.0\.1)[:/])[\x21-\x7e]+")


def _page(text: str) -> str:
    if not _PAGE.fullmatch(text):
        raise ValueError("A page's address begins with https://, or with http://localhost while developing.")
    return text


PageUrl = Annotated[str, StringConstraints(max_length=500), AfterValidator(_page)]
"""A page of the client: https, or this machine while developing."""


@command
class StartOnboarding:
    """Where the provider sends the seller afterwards, and where it sends them when the link has expired."""

    return_url: PageUrl
    refresh_url: PageUrl


async def start_onboarding(
    command: StartOnboarding, *, actor: Actor, db: Database, provider: AccountProvider
) -> Onboarding:
    """A page of the provider on which an owner says who they are. Raises what the provider raises."""

    async def before(tx: Tx) -> tuple[Seller, str, str | None]:
        seller = await shop_of(tx, actor, owner=True)
        user = await tx.get(User, actor.user())
        assert user is not None
        known = await tx.get(PaymentAccount, (seller.id, PROVIDER_NAME))
        return seller, user.email, known.account_ref if known is not None else None

    seller, email, account_ref = await db.run(before)
    if account_ref is None:
        state = await provider.create_account(seller.country, email, seller.id)
        account_ref = await _keep(seller.id, state, db)
    return await provider.onboarding_link(account_ref, command.return_url, command.refresh_url)


async def _keep(seller_id: UUID, state: AccountState, db: Database) -> str:
    """The account of the seller: this one, unless another request was faster."""

    async def step(tx: Tx) -> str:
        await tx.execute(
            insert(_accounts)
            .values(
                seller_id=seller_id,
                provider=PROVIDER_NAME,
                account_ref=state.account_ref,
                version=1,
                created_at=tx.now,
                **_said(tx, state),
            )
            .on_conflict_do_nothing(index_elements=["seller_id", "provider"])
        )
        tx.record(PaymentAccountChanged(at=tx.now, seller_id=seller_id))
        kept = await tx.execute(
            select(_accounts.c.account_ref).where(
                _accounts.c.seller_id == seller_id, _accounts.c.provider == PROVIDER_NAME
            )
        )
        return str(kept.scalar_one())

    return await db.run(step)


async def refresh_payment_account(
    *, db: Database, provider: AccountProvider, seller_id: UUID | None = None, account_ref: str | None = None
) -> bool:
    """Ask the provider how an account stands, by its shop or by the provider's reference; whether it is one of ours.

    For the job of the provider's message as for an impatient seller. Raises what the provider raises, and Busy when
    others kept writing meanwhile.
    """
    for _ in range(REFRESH_TRIES_MAX):
        known = await _known(db, seller_id, account_ref)
        if known is None:
            return False
        state = await provider.read_account(known.account_ref)
        if await _write(known, state, db):
            return True
    raise Busy()


async def _known(db: Database, seller_id: UUID | None, account_ref: str | None) -> PaymentAccount | None:
    async def step(tx: Tx) -> PaymentAccount | None:
        if seller_id is not None:
            return await tx.get(PaymentAccount, (seller_id, PROVIDER_NAME))
        return next(iter(await tx.load(PaymentAccount, [str(account_ref)], by="account_ref")), None)

    return await db.run(step)


async def _write(known: PaymentAccount, state: AccountState, db: Database) -> bool:
    """False when the row is no longer what it was before the provider was asked."""
    changed = any(getattr(known, name) != value for name, value in _facts(state).items())

    async def step(tx: Tx) -> bool:
        written = await tx.execute(
            update(_accounts)
            .where(_accounts.c.account_ref == known.account_ref, _accounts.c.version == known.version)
            .values(version=known.version + 1, **_said(tx, state))
        )
        if written.rowcount and changed:
            tx.record(PaymentAccountChanged(at=tx.now, seller_id=known.seller_id))
        return bool(written.rowcount)

    return await db.run(step)


def _said(tx: Tx, state: AccountState) -> dict[str, object]:
    return {"updated_at": tx.now, **_facts(state)}


def _facts(state: AccountState) -> dict[str, object]:
    return {
        "charges_enabled": state.charges_enabled,
        "payouts_enabled": state.payouts_enabled,
        "details_submitted": state.details_submitted,
        "requirements_due": list(state.requirements_due[:REQUIREMENTS_MAX]),
    }
