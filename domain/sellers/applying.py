"""Applying to sell: a person opens a shop, which the marketplace then approves or rejects.

Invariant: a slug belongs to one shop; the unique index decides, not a look-up.
"""

from collections.abc import Iterable
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy.exc import IntegrityError

from domain.sellers.decisions import note
from domain.sellers.errors import SlugTaken
from domain.sellers.events import SellerApplied
from domain.sellers.membership import join, shop_of
from domain.sellers.model import SELLER_TRANSITIONS, MemberRole, Seller, SellerStatus
from domain.sellers.slugs import Slug, derived
from domain.shared.actor import Actor
from domain.shared.commands import CountryCode, Line, Text, command
from domain.shared.database import Database, Tx
from domain.shared.ids import new_id
from domain.shared.money import Currency
from domain.shared.transitions import Party

HandlingDays = Annotated[int, Field(ge=0, le=60)]
ReturnsDays = Annotated[int, Field(ge=0, le=365)]
TaxId = Annotated[str, StringConstraints(max_length=50, pattern=r"^[\x20-\x7e]*$")]

_ONE_SLUG: Final = "uq_seller_slug"


@command
class ApplyToSell:
    """`slug` None: derived from the name."""

    name: Line
    country: CountryCode
    currency: Currency
    slug: Slug | None = None
    description: Text = ""
    tax_id: TaxId = ""
    handling_days: HandlingDays = 2
    returns_days: ReturnsDays = 14
    policy: Text = ""


async def apply_to_sell(command: ApplyToSell, *, actor: Actor, db: Database) -> UUID:
    """The new seller's id; the actor is its owner. Raises SlugTaken for a slug that was asked for, and TooMany."""
    wanted: Iterable[str] = [command.slug] if command.slug is not None else derived(command.name)
    tried = ""
    for slug in wanted:
        tried = slug
        try:
            return await _apply(command, slug, actor, db)
        except IntegrityError as fault:
            if _ONE_SLUG not in str(fault.orig):
                raise
    raise SlugTaken(tried)


async def _apply(command: ApplyToSell, slug: str, actor: Actor, db: Database) -> UUID:
    seller_id = new_id()

    async def step(tx: Tx) -> UUID:
        seller = Seller(
            id=seller_id,
            name=command.name,
            slug=slug,
            description=command.description,
            country=command.country,
            currency=command.currency,
            tax_id=command.tax_id,
            handling_days=command.handling_days,
            returns_days=command.returns_days,
            policy=command.policy,
            applied_at=tx.now,
            updated_at=tx.now,
        )
        await tx.add(seller)
        await join(tx, seller_id, actor.user(), MemberRole.OWNER)
        await note(tx, seller, "APPLY", "", actor)
        tx.record(SellerApplied(at=tx.now, seller_id=seller_id))
        return seller_id

    return await db.run(step)


async def apply_again(*, actor: Actor, db: Database) -> UUID:
    """A rejected shop asks once more, by an owner. Raises IllegalTransition."""

    async def step(tx: Tx) -> UUID:
        seller = await shop_of(tx, actor, owner=True)
        step_ = SELLER_TRANSITIONS.check(seller.status, SellerStatus.APPLIED, Party.SELLER)
        seller.status, seller.status_reason = step_.target, ""
        seller.applied_at = seller.updated_at = tx.now
        await note(tx, seller, step_.action, "", actor)
        tx.record(SellerApplied(at=tx.now, seller_id=seller.id))
        return seller.id

    return await db.run(step)
