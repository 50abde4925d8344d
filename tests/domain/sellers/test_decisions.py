"""Guarantee: a seller's status moves by the steps of its table only, by whom the table names, and each step is kept."""

import asyncio
from itertools import product

import pytest
from sqlalchemy.exc import DBAPIError

from app.container import Container
from domain.sellers.account_reads import decisions_by_sellers
from domain.sellers.applying import apply_again
from domain.sellers.decisions import REASON_NEEDED, DecideSeller, decide_seller
from domain.sellers.model import SELLER_TRANSITIONS, SellerDecision, SellerStatus
from domain.sellers.reads import AccountView, accounts_by_ids
from domain.shared.actor import SYSTEM, Actor
from domain.shared.database import Tx
from domain.shared.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from domain.shared.ids import new_id
from domain.shared.transitions import Party
from tests.makers import a_moderator, a_seller, an_admin

ACTIONS = sorted({step.action for step in SELLER_TRANSITIONS.steps if Party.SELLER not in step.parties})


async def account_of(container: Container, owner: Actor) -> AccountView:
    return (await accounts_by_ids(container.ports.db.primary, [owner.seller()]))[owner.seller()]


async def decide(container: Container, action: str, owner: Actor, by: Actor, reason: str = "Because.") -> None:
    command = DecideSeller(seller_id=owner.seller(), reason=reason)
    await decide_seller(action, command, actor=by, db=container.ports.db)


@pytest.mark.parametrize(("status", "action"), list(product(SellerStatus, ACTIONS)))
async def test_an_administrator_takes_the_steps_of_the_table_and_no_other(
    container: Container, status: SellerStatus, action: str
) -> None:
    owner = await a_seller(container, status=status)
    admin = await an_admin(container)
    legal = [step.target for step in SELLER_TRANSITIONS.steps if (step.source, step.action) == (status, action)]
    if not legal:
        with pytest.raises(IllegalTransition):
            await decide(container, action, owner, admin)
        assert (await account_of(container, owner)).status is status
        return
    await decide(container, action, owner, admin)
    account = await account_of(container, owner)
    assert (account.status, account.status_reason) == (legal[0], "Because.")
    kept = (await decisions_by_sellers(container.ports.db.primary, [owner.seller()]))[owner.seller()]
    assert [(each.action, each.status, each.actor) for each in kept] == [(action, legal[0], admin.name)]


@pytest.mark.parametrize("status", SellerStatus)
async def test_an_owner_applies_again_after_a_rejection_only(container: Container, status: SellerStatus) -> None:
    owner = await a_seller(container, status=status)
    if status is SellerStatus.REJECTED:
        await apply_again(actor=owner, db=container.ports.db)
        assert (await account_of(container, owner)).status is SellerStatus.APPLIED
    else:
        with pytest.raises(IllegalTransition):
            await apply_again(actor=owner, db=container.ports.db)


@pytest.mark.parametrize("action", ACTIONS)
async def test_the_system_restricts_and_does_nothing_else(container: Container, action: str) -> None:
    source = next(step.source for step in SELLER_TRANSITIONS.steps if step.action == action)
    owner = await a_seller(container, status=source)
    if action == "RESTRICT":
        await decide(container, action, owner, SYSTEM)
    else:
        with pytest.raises(IllegalTransition):
            await decide(container, action, owner, SYSTEM)


async def test_neither_owners_nor_moderators_decide(container: Container) -> None:
    owner = await a_seller(container, status=SellerStatus.APPLIED)
    for stranger in (owner, await a_moderator(container)):
        with pytest.raises(NotPermitted):
            await decide(container, "APPROVE", owner, stranger)


@pytest.mark.parametrize("action", sorted(REASON_NEEDED))
async def test_what_hurts_needs_a_reason(container: Container, action: str) -> None:
    owner = await a_seller(container, status=SellerStatus.APPLIED)
    with pytest.raises(InvalidInput):
        await decide(container, action, owner, await an_admin(container), reason=" ")


async def test_a_seller_that_does_not_exist_is_not_found(container: Container) -> None:
    admin, command = await an_admin(container), DecideSeller(seller_id=new_id())
    with pytest.raises(NotFound):
        await decide_seller("APPROVE", command, actor=admin, db=container.ports.db)


async def test_of_two_administrators_who_disagree_one_decides(container: Container) -> None:
    owner = await a_seller(container, status=SellerStatus.APPLIED)
    admin = await an_admin(container)
    outcomes = await asyncio.gather(
        decide(container, "APPROVE", owner, admin), decide(container, "REJECT", owner, admin), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IllegalTransition", "NoneType"]


async def test_a_decision_is_never_changed_afterwards(container: Container) -> None:
    owner = await a_seller(container, status=SellerStatus.APPLIED)
    await decide(container, "APPROVE", owner, await an_admin(container))
    kept = (await decisions_by_sellers(container.ports.db.primary, [owner.seller()]))[owner.seller()]

    async def tamper(tx: Tx) -> None:
        decision = await tx.get(SellerDecision, kept[0].id)
        assert decision is not None
        decision.reason = "Something else."

    with pytest.raises(DBAPIError, match="append-only"):
        await container.ports.db.run(tamper)
