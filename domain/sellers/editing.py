"""Editing a shop: by its members, and its terms by administrators.

Invariant: an edit applies to the version that its author read, or not at all.
"""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy.exc import IntegrityError

from domain.sellers.applying import HandlingDays, ReturnsDays, TaxId
from domain.sellers.errors import ShopEdited, SlugTaken
from domain.sellers.events import SellerChanged
from domain.sellers.membership import role_of, shop_of
from domain.sellers.model import MemberRole, Seller
from domain.sellers.slugs import Slug
from domain.shared.actor import Actor
from domain.shared.commands import KEEP, CountryCode, Keep, Line, Text, Version, command, kept
from domain.shared.database import Database, Tx
from domain.shared.errors import NotFound, NotPermitted
from domain.shared.ids import SellerId
from domain.shared.money import PPM

_OWNERS_ONLY: Final = ("slug", "tax_id", "country")
_FIELDS: Final = ("name", "slug", "description", "country", "tax_id", "handling_days", "returns_days", "policy")


@command
class UpdateShop:
    """`version` is the one that was read. The currency stays: prices are in it."""

    version: Version
    name: Line | Keep = KEEP
    slug: Slug | Keep = KEEP
    description: Text | Keep = KEEP
    country: CountryCode | Keep = KEEP
    tax_id: TaxId | Keep = KEEP
    handling_days: HandlingDays | Keep = KEEP
    returns_days: ReturnsDays | Keep = KEEP
    policy: Text | Keep = KEEP


@command
class SetSellerTerms:
    """`commission_ppm` None: the category's or the platform's applies again."""

    seller_id: SellerId
    trusted: bool | Keep = KEEP
    commission_ppm: Annotated[int, Field(ge=0, le=PPM)] | Keep | None = KEEP


async def update_shop(command: UpdateShop, *, actor: Actor, db: Database) -> UUID:
    """The seller's id. Raises ShopEdited, SlugTaken, and NotPermitted for what only owners change."""
    changes = {name: getattr(command, name) for name in _FIELDS if getattr(command, name) is not KEEP}

    async def step(tx: Tx) -> UUID:
        seller = await shop_of(tx, actor)
        if seller.version != command.version:
            raise ShopEdited(seller.version)
        await _refuse_staff(tx, seller, changes, actor)
        for name, value in changes.items():
            setattr(seller, name, value)
        if changes:
            _touch(tx, seller)
        return seller.id

    try:
        return await db.run(step)
    except IntegrityError as fault:
        if "uq_seller_slug" not in str(fault.orig) or isinstance(command.slug, Keep):
            raise
        raise SlugTaken(command.slug) from fault


async def set_seller_terms(command: SetSellerTerms, *, actor: Actor, db: Database) -> UUID:
    """Trust and commission, by an administrator; the seller's id. Raises NotFound."""
    actor.admin()

    async def step(tx: Tx) -> UUID:
        rows = await tx.lock(Seller, [command.seller_id])
        if not rows:
            raise NotFound("seller")
        seller = rows[0]
        seller.trusted = kept(command.trusted, seller.trusted)
        seller.commission_ppm = kept(command.commission_ppm, seller.commission_ppm)
        _touch(tx, seller)
        return seller.id

    return await db.run(step)


async def _refuse_staff(tx: Tx, seller: Seller, changes: dict[str, Any], actor: Actor) -> None:
    wanted = [name for name in _OWNERS_ONLY if name in changes]
    if wanted and await role_of(tx, seller.id, actor.user()) is not MemberRole.OWNER:
        raise NotPermitted("Only owners of the shop change its address, country and tax number.")


def _touch(tx: Tx, seller: Seller) -> None:
    seller.version += 1
    seller.updated_at = tx.now
    tx.record(SellerChanged(at=tx.now, seller_id=seller.id))
