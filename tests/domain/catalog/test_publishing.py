"""The life of a listing. The guarantee: it moves only along its table, by whom the table names, and leaves a record."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.container import Container
from domain.catalog.errors import ListingChanged, PaymentAccountIncomplete, SellerNotActive
from domain.catalog.model import (
    LISTING_TRANSITIONS,
    AttributeType,
    Category,
    Listing,
    ListingChange,
    ListingStatus,
    Variant,
)
from domain.catalog.publishing import (
    ApproveListing,
    MoveListing,
    ReinstateListing,
    RejectListing,
    SuspendListing,
    approve_listing,
    archive_listing,
    pause_listing,
    reinstate_listing,
    reject_listing,
    resume_listing,
    submit_listing,
    suspend_listing,
    withdraw_listing,
)
from domain.catalog.reads import events_by_listing_ids, listings_for
from domain.sellers.model import PaymentAccount, Seller, SellerStatus
from domain.shared.actor import Actor
from domain.shared.database import Tx, table
from domain.shared.errors import IllegalTransition, InvalidInput, NotFound, NotPermitted
from domain.shared.policy import Policy
from domain.shared.transitions import Party
from tests.makers import OnSale, a_category, a_moderator, a_payment_account, a_seller, an_admin, change, on_sale

SELLERS: dict[str, Callable[..., Awaitable[UUID]]] = {
    "SUBMIT": submit_listing,
    "WITHDRAW": withdraw_listing,
    "PAUSE": pause_listing,
    "RESUME": resume_listing,
    "ARCHIVE": archive_listing,
}
MODERATORS: dict[str, tuple[Callable[..., Awaitable[UUID]], type[Any]]] = {
    "APPROVE": (approve_listing, ApproveListing),
    "REJECT": (reject_listing, RejectListing),
    "SUSPEND": (suspend_listing, SuspendListing),
    "REINSTATE": (reinstate_listing, ReinstateListing),
}
TARGETS = {(step.source, step.action): step.target for step in LISTING_TRANSITIONS.steps if step.action}


@dataclass(frozen=True)
class Scene:
    container: Container
    seller: Actor
    admin: Actor
    listing_id: UUID

    async def act(self, action: str, *, policy: Policy | None = None) -> None:
        ports = self.container.ports
        if action == "SUBMIT":
            command = MoveListing(listing_id=self.listing_id)
            await submit_listing(command, actor=self.seller, db=ports.db, policy=policy or Policy())
        elif action in SELLERS:
            await SELLERS[action](MoveListing(listing_id=self.listing_id), actor=self.seller, db=ports.db)
        else:
            use_case, command_class = MODERATORS[action]
            values: dict[str, Any] = {"listing_id": self.listing_id, "version": await self.version(), "reason": "why"}
            command = command_class(**{name: values[name] for name in command_class.__dataclass_fields__})
            await use_case(command, actor=self.admin, db=ports.db)

    async def status(self) -> ListingStatus:
        found = await listings_for(self.container.ports.db.primary, [self.listing_id], self.seller)
        return found[self.listing_id].status

    async def version(self) -> int:
        found = await listings_for(self.container.ports.db.primary, [self.listing_id], self.seller)
        return found[self.listing_id].version

    async def changes(self) -> int:
        rows = table(ListingChange)

        async def step(tx: Tx) -> int:
            statement = select(func.count()).where(rows.c.listing_id == self.listing_id)
            return int((await tx.execute(statement)).scalar_one())

        return await self.container.ports.db.run(step)


async def a_scene(
    container: Container,
    status: ListingStatus = ListingStatus.DRAFT,
    *,
    account: bool = True,
    seller: dict[str, Any] | None = None,
) -> Scene:
    owner = await a_seller(container, **seller or {})
    if account:
        await a_payment_account(container, owner.seller())
    made: OnSale = await on_sale(container, owner.seller(), status=status)
    return Scene(container, owner, await an_admin(container), made.listing_id)


@pytest.mark.parametrize("action", [*SELLERS, *MODERATORS])
@pytest.mark.parametrize("status", list(ListingStatus))
async def test_every_action_from_every_status(container: Container, status: ListingStatus, action: str) -> None:
    scene = await a_scene(container, status)
    target = TARGETS.get((status, action))
    if target is None:
        with pytest.raises(IllegalTransition):
            await scene.act(action)
        assert await scene.status() is status
        return
    await scene.act(action)
    assert await scene.status() is target
    [event] = (await events_by_listing_ids(container.ports.db.primary, [scene.listing_id]))[scene.listing_id]
    by = scene.admin if action in MODERATORS else scene.seller
    assert (event.source, event.target, event.actor) == (status, target, by.name)


def test_every_step_of_the_table_is_somebodys() -> None:
    actions = {step.action for step in LISTING_TRANSITIONS.steps if step.action}
    assert actions == SELLERS.keys() | MODERATORS.keys()
    without = {(step.source, step.target) for step in LISTING_TRANSITIONS.steps if not step.action}
    assert without == {(source, ListingStatus.ACTIVE) for source in (ListingStatus.DRAFT, ListingStatus.REJECTED)}
    for step in LISTING_TRANSITIONS.steps:
        expected = Party.ADMIN if step.action in MODERATORS else Party.SELLER if step.action else Party.SYSTEM
        assert step.parties == {expected}


@pytest.mark.parametrize(
    ("seller", "policy", "status"),
    [
        ({"trusted": True}, Policy(), ListingStatus.ACTIVE),
        ({"trusted": False}, Policy(), ListingStatus.PENDING_REVIEW),
        ({"trusted": True, "status": SellerStatus.RESTRICTED}, Policy(), ListingStatus.PENDING_REVIEW),
        ({"trusted": True}, Policy(trusted_sellers_skip_approval=False), ListingStatus.PENDING_REVIEW),
    ],
)
async def test_only_trusted_sellers_in_good_standing_skip_the_review(
    container: Container, seller: dict[str, Any], policy: Policy, status: ListingStatus
) -> None:
    scene = await a_scene(container, seller=seller)
    await scene.act("SUBMIT", policy=policy)
    assert await scene.status() is status


@pytest.mark.parametrize("status", [SellerStatus.APPLIED, SellerStatus.SUSPENDED, SellerStatus.REJECTED])
async def test_a_shop_that_may_not_sell_publishes_nothing(container: Container, status: SellerStatus) -> None:
    scene = await a_scene(container)
    await change(container, Seller, scene.seller.seller(), status=status)
    with pytest.raises(SellerNotActive) as refused:
        await scene.act("SUBMIT")
    assert refused.value.status is status


async def test_a_shop_that_cannot_be_paid_publishes_nothing(container: Container) -> None:
    scene = await a_scene(container, account=False)
    with pytest.raises(PaymentAccountIncomplete):
        await scene.act("SUBMIT")
    await a_payment_account(container, scene.seller.seller(), charges_enabled=False)
    with pytest.raises(PaymentAccountIncomplete):
        await scene.act("SUBMIT")
    assert await scene.status() is ListingStatus.DRAFT


async def test_all_that_is_missing_is_named_at_once(container: Container) -> None:
    schema = [{"name": name, "label": name, "type": AttributeType.TEXT, "required": True} for name in ("a", "b")]
    scene = await a_scene(container)
    category_id = await a_category(container, attributes=schema)
    await change(container, Listing, scene.listing_id, category_id=category_id, attributes={"a": "x", "c": "y"})
    await take_variants_off(container, scene.listing_id)
    with pytest.raises(InvalidInput) as refused:
        await scene.act("SUBMIT")
    assert [(issue.path, issue.code) for issue in refused.value.issues] == [
        (("attributes",), "UNKNOWN"),
        (("attributes",), "REQUIRED"),
        (("variants",), "REQUIRED"),
    ]


async def take_variants_off(container: Container, listing_id: UUID) -> None:
    variants = table(Variant)

    async def step(tx: Tx) -> None:
        await tx.execute(variants.update().where(variants.c.listing_id == listing_id).values(active=False))

    await container.ports.db.run(step)


async def test_resuming_asks_again_what_submitting_asked(container: Container) -> None:
    scene = await a_scene(container, ListingStatus.PAUSED)
    accounts = table(PaymentAccount)

    async def step(tx: Tx) -> None:
        mine = accounts.c.seller_id == scene.seller.seller()
        await tx.execute(accounts.update().where(mine).values(charges_enabled=False))

    await container.ports.db.run(step)
    with pytest.raises(PaymentAccountIncomplete):
        await scene.act("RESUME")


async def test_what_was_changed_since_it_was_looked_at_is_not_approved(container: Container) -> None:
    scene = await a_scene(container, ListingStatus.PENDING_REVIEW)
    seen = await scene.version()
    await scene.act("WITHDRAW")
    await scene.act("SUBMIT")
    for command in (
        ApproveListing(listing_id=scene.listing_id, version=seen),
        RejectListing(listing_id=scene.listing_id, version=seen, reason="no"),
    ):
        use_case: Any = approve_listing if isinstance(command, ApproveListing) else reject_listing
        with pytest.raises(ListingChanged):
            await use_case(command, actor=scene.admin, db=container.ports.db)


async def test_search_is_told_of_every_move_of_what_was_on_sale(container: Container) -> None:
    scene = await a_scene(container)
    await scene.act("SUBMIT")
    assert await scene.changes() == 0
    await scene.act("APPROVE")
    await scene.act("PAUSE")
    await scene.act("RESUME")
    await scene.act("SUSPEND")
    assert await scene.changes() == 4


@pytest.mark.parametrize("action", MODERATORS)
async def test_a_moderator_decides_as_an_administrator_does(container: Container, action: str) -> None:
    source = next(step.source for step in LISTING_TRANSITIONS.steps if step.action == action)
    scene = replace(await a_scene(container, source), admin=await a_moderator(container))
    await scene.act(action)
    assert await scene.status() is TARGETS[source, action]


async def test_only_its_shop_and_moderators_move_a_listing(container: Container) -> None:
    scene = await a_scene(container, ListingStatus.ACTIVE)
    stranger = await a_seller(container)
    with pytest.raises(NotFound):
        await pause_listing(MoveListing(listing_id=scene.listing_id), actor=stranger, db=container.ports.db)
    command = SuspendListing(listing_id=scene.listing_id, reason="because")
    with pytest.raises(NotPermitted):
        await suspend_listing(command, actor=scene.seller, db=container.ports.db)
    assert await scene.status() is ListingStatus.ACTIVE


async def test_a_category_of_the_listing_is_read_with_its_parents(container: Container) -> None:
    required = [{"name": "material", "label": "Material", "type": AttributeType.TEXT, "required": True}]
    root = await a_category(container, attributes=required)
    leaf = await a_category(container)
    await change(container, Category, leaf, parent_id=root)
    scene = await a_scene(container)
    await change(container, Listing, scene.listing_id, category_id=leaf)
    with pytest.raises(InvalidInput):
        await scene.act("SUBMIT")
    await change(container, Listing, scene.listing_id, attributes={"material": "oak"})
    await scene.act("SUBMIT")
    assert await scene.status() is ListingStatus.PENDING_REVIEW
