"""The life of a listing: submitted, looked at, on sale, paused, taken away.

Invariant: a listing moves only along LISTING_TRANSITIONS, under its row lock, and every move leaves an event with its
actor and reason. Nothing goes on sale that lacks what its category demands, a variant, or a shop that can be paid.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.catalog.access import changed, check_version, lock_listing, lock_own_listing
from domain.catalog.attributes import missing_attributes, stored_faults
from domain.catalog.errors import PaymentAccountIncomplete, SellerNotActive
from domain.catalog.events import ListingStatusChanged
from domain.catalog.matching import match_listing
from domain.catalog.model import LISTING_TRANSITIONS, Listing, ListingEvent, ListingStatus
from domain.catalog.places import lacks_place
from domain.catalog.tree import lines_by_ids, schema_of
from domain.catalog.variants import variants_of
from domain.sellers.model import PaymentAccount, Seller, SellerStatus
from domain.sellers.reads import OPEN
from domain.shared.actor import Actor
from domain.shared.commands import Reason, Version, command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import IllegalTransition, InvalidInput, Issue
from domain.shared.ids import ListingId, new_id
from domain.shared.policy import Policy
from domain.shared.transitions import Party

_accounts = table(PaymentAccount)
_CHARGEABLE = select(func.count()).where(
    _accounts.c.seller_id == bindparam("seller_id"), _accounts.c.charges_enabled.is_(True)
)
_WANTED: Final = {step.action: step.target.value for step in LISTING_TRANSITIONS.steps if step.action}


@command
class MoveListing:
    """One step of a seller's own listing."""

    listing_id: ListingId


@command
class ApproveListing:
    """The version that was looked at: what was changed since is not approved."""

    listing_id: ListingId
    version: Version


@command
class RejectListing:
    listing_id: ListingId
    version: Version
    reason: Reason


@command
class SuspendListing:
    listing_id: ListingId
    reason: Reason


@command
class ReinstateListing:
    listing_id: ListingId
    reason: Reason


async def submit_listing(command: MoveListing, *, actor: Actor, db: Database, policy: Policy) -> UUID:
    """To review, or straight on sale for a trusted seller in good standing. The listing's id.

    Raises NotFound, IllegalTransition, SellerNotActive, PaymentAccountIncomplete, InvalidInput (what is missing).
    """

    async def step(tx: Tx) -> UUID:
        listing = await lock_own_listing(tx, command.listing_id, actor)
        target = _target(listing, "SUBMIT", Party.SELLER)
        seller = await _check_publishable(tx, listing)
        if skips_approval(seller, policy):
            approved = LISTING_TRANSITIONS.check(listing.status, ListingStatus.ACTIVE, Party.SYSTEM)
            await _move(tx, listing, approved.target, by=Party.SYSTEM.value, trace=actor.trace)
        else:
            await _move(tx, listing, target, by=actor.name, trace=actor.trace)
        return listing.id

    return await db.run(step)


async def withdraw_listing(command: MoveListing, *, actor: Actor, db: Database) -> UUID:
    """From review back to a draft. Raises NotFound, IllegalTransition."""
    return await _seller_step(command, "WITHDRAW", actor=actor, db=db)


async def pause_listing(command: MoveListing, *, actor: Actor, db: Database) -> UUID:
    """Off sale until resumed. Raises NotFound, IllegalTransition."""
    return await _seller_step(command, "PAUSE", actor=actor, db=db)


async def archive_listing(command: MoveListing, *, actor: Actor, db: Database) -> UUID:
    """Off sale for good. Raises NotFound, IllegalTransition."""
    return await _seller_step(command, "ARCHIVE", actor=actor, db=db)


async def resume_listing(command: MoveListing, *, actor: Actor, db: Database) -> UUID:
    """On sale again. Raises what `submit_listing` raises: shop, account and schema may have changed meanwhile."""
    return await _seller_step(command, "RESUME", actor=actor, db=db)


async def approve_listing(command: ApproveListing, *, actor: Actor, db: Database) -> UUID:
    """On sale. Raises NotFound, IllegalTransition, ListingChanged, and what is missing as `submit_listing` does."""
    return await _moderator_step(command, "APPROVE", version=command.version, actor=actor, db=db)


async def reject_listing(command: RejectListing, *, actor: Actor, db: Database) -> UUID:
    """Back to its seller, with the reason. Raises NotFound, IllegalTransition, ListingChanged."""
    return await _moderator_step(command, "REJECT", version=command.version, reason=command.reason, actor=actor, db=db)


async def suspend_listing(command: SuspendListing, *, actor: Actor, db: Database) -> UUID:
    """Off sale by the marketplace, with the reason. Raises NotFound, IllegalTransition."""
    return await _moderator_step(command, "SUSPEND", reason=command.reason, actor=actor, db=db)


async def reinstate_listing(command: ReinstateListing, *, actor: Actor, db: Database) -> UUID:
    """On sale again. Raises NotFound, IllegalTransition, and what is missing as `submit_listing` does."""
    return await _moderator_step(command, "REINSTATE", reason=command.reason, actor=actor, db=db)


async def _seller_step(command: MoveListing, action: str, *, actor: Actor, db: Database) -> UUID:
    async def step(tx: Tx) -> UUID:
        listing = await lock_own_listing(tx, command.listing_id, actor)
        await _take(tx, listing, action, Party.SELLER, actor)
        return listing.id

    return await db.run(step)


async def _moderator_step(
    command: ApproveListing | RejectListing | SuspendListing | ReinstateListing,
    action: str,
    *,
    actor: Actor,
    db: Database,
    version: int | None = None,
    reason: str = "",
) -> UUID:
    actor.moderator()

    async def step(tx: Tx) -> UUID:
        listing = await lock_listing(tx, command.listing_id)
        await _take(tx, listing, action, Party.ADMIN, actor, version=version, reason=reason)
        return listing.id

    return await db.run(step)


async def _take(
    tx: Tx, listing: Listing, action: str, party: Party, actor: Actor, *, version: int | None = None, reason: str = ""
) -> None:
    """One step of the table, after whatever has to be there for it."""
    target = _target(listing, action, party)
    if version is not None:
        check_version(listing, version)
    if target is ListingStatus.ACTIVE:
        await _check_publishable(tx, listing)
    await _move(tx, listing, target, by=actor.name, trace=actor.trace, reason=reason)


def _target(listing: Listing, action: str, party: Party) -> ListingStatus:
    """Where the action leads from here. Two actions may have one target, so the action itself is looked up."""
    for step in LISTING_TRANSITIONS.steps:
        if step.source is listing.status and step.action == action and party in step.parties:
            return step.target
    raise IllegalTransition("listing", listing.status.value, _WANTED[action])


async def _move(tx: Tx, listing: Listing, target: ListingStatus, *, by: str, trace: str, reason: str = "") -> None:
    """The one place where a listing's state changes."""
    event = ListingEvent(
        id=new_id(), listing_id=listing.id, source=listing.status, target=target, reason=reason, actor=by, at=tx.now
    )
    listing.status = target
    listing.status_reason = reason
    if target is ListingStatus.ACTIVE:
        listing.published_at = listing.published_at or tx.now
        await match_listing(tx, listing)
    await tx.add(event)
    await changed(tx, listing)
    tx.record(
        ListingStatusChanged(
            at=tx.now, trace=trace, listing_id=listing.id, seller_id=listing.seller_id, cause_id=event.id
        )
    )


def skips_approval(seller: Seller, policy: Policy) -> bool:
    """What this shop submits goes straight on sale."""
    return policy.trusted_sellers_skip_approval and seller.trusted and seller.status is SellerStatus.ACTIVE


async def shop_that_may_sell(tx: Tx, seller_id: UUID) -> Seller:
    """Raises SellerNotActive, PaymentAccountIncomplete."""
    seller = await tx.get(Seller, seller_id)
    assert seller is not None
    if seller.status not in OPEN:
        raise SellerNotActive(seller.status)
    if not await tx.reads.scalar(_CHARGEABLE, seller_id=seller.id):
        raise PaymentAccountIncomplete()
    return seller


async def _check_publishable(tx: Tx, listing: Listing) -> Seller:
    """Everything that has to be there before something is sold; the listing's own faults all at once."""
    seller = await shop_that_may_sell(tx, listing.seller_id)
    line = (await lines_by_ids(tx.reads, [listing.category_id]))[listing.category_id]
    schema = schema_of(line)
    issues = (*stored_faults(schema, listing.attributes), *missing_attributes(schema, listing.attributes))
    if not any(variant.active for variant in await variants_of(tx, listing.id)):
        issues += (Issue(("variants",), "REQUIRED", "A listing needs a variant that can be bought."),)
    if await lacks_place(tx, listing):
        issues += (Issue(("place",), "REQUIRED", "What is fetched needs a place with a street."),)
    if issues:
        raise InvalidInput(issues)
    return seller
