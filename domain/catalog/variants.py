"""Variants: the forms in which a listing can be bought, each with a price and a stock of its own.

Invariant: under the listing's lock, article numbers and combinations of options are unique and at most VARIANTS_MAX
variants exist; a listing on sale keeps at least one active variant. Variants are never deleted: orders refer to them.
"""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from domain.catalog.access import changed, check_editable, lock_own_listing, lock_own_variant
from domain.catalog.model import VARIANTS_MAX, Listing, ListingStatus, Variant
from domain.shared.actor import Actor
from domain.shared.commands import command
from domain.shared.database import Database, Tx, table
from domain.shared.errors import InvalidInput, Issue
from domain.shared.ids import ListingId, VariantId, new_id
from domain.shared.money import MINOR_UNITS_MAX

OPTIONS_MAX: Final = 5

Sku = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")]
VariantTitle = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
OptionText = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f]*$")]
Price = Annotated[int, Field(ge=1, le=MINOR_UNITS_MAX)]
"""At least one minor unit: nothing that costs nothing can be paid for."""

_variants = table(Variant)


@command
class OptionValue:
    """`colour`: `red`."""

    name: OptionText
    value: OptionText


def _each_once(options: tuple[OptionValue, ...]) -> tuple[OptionValue, ...]:
    if len({each.name for each in options}) != len(options):
        raise ValueError("an option stands there twice")
    return options


Options = Annotated[tuple[OptionValue, ...], Field(max_length=OPTIONS_MAX), AfterValidator(_each_once)]


@command
class NewVariant:
    sku: Sku
    title: VariantTitle = ""
    options: Options = ()
    price_minor: Price


@command
class AddVariant(NewVariant):
    listing_id: ListingId


@command
class ChangeVariant:
    """What is not given stays as it is."""

    variant_id: VariantId
    sku: Sku | None = None
    title: VariantTitle | None = None
    options: Options | None = None
    position: Annotated[int, Field(ge=0, le=VARIANTS_MAX)] | None = None


@command
class SetVariantPrice:
    variant_id: VariantId
    price_minor: Price


@command
class SetVariantActive:
    """Not active: kept for old orders, not for sale."""

    variant_id: VariantId
    active: bool


async def add_variant(command: AddVariant, *, actor: Actor, db: Database) -> UUID:
    """The new variant's id. Raises NotFound, ListingNotEditable, InvalidInput (sku or options taken, too many)."""
    variant_id = new_id()

    async def step(tx: Tx) -> UUID:
        listing = await lock_own_listing(tx, command.listing_id, actor)
        check_editable(listing)
        present = await variants_of(tx, listing.id)
        refuse(variant_faults([*present, _row(tx, listing, command, variant_id, len(present))]), "")
        await tx.add(_row(tx, listing, command, variant_id, len(present)))
        await changed(tx, listing)
        return variant_id

    return await db.run(step)


async def change_variant(command: ChangeVariant, *, actor: Actor, db: Database) -> UUID:
    """The variant's id. Raises NotFound, ListingNotEditable, InvalidInput."""

    async def step(tx: Tx) -> UUID:
        listing, variant = await lock_own_variant(tx, command.variant_id, actor)
        others = [each for each in await variants_of(tx, listing.id) if each.id != variant.id]
        if command.sku is not None:
            variant.sku = command.sku
        if command.title is not None:
            variant.title = command.title
        if command.options is not None:
            variant.options = options_of(command.options)
        if command.position is not None:
            variant.position = command.position
        variant.updated_at = tx.now
        refuse(variant_faults([*others, variant]), "")
        await changed(tx, listing)
        return variant.id

    return await db.run(step)


async def set_variant_price(command: SetVariantPrice, *, actor: Actor, db: Database) -> UUID:
    """The variant's id. Raises NotFound, ListingNotEditable. Carts see it at their next quote."""

    async def step(tx: Tx) -> UUID:
        listing, variant = await lock_own_variant(tx, command.variant_id, actor)
        if variant.price_minor != command.price_minor:
            variant.price_minor = command.price_minor
            variant.updated_at = tx.now
            await changed(tx, listing)
        return variant.id

    return await db.run(step)


async def set_variant_active(command: SetVariantActive, *, actor: Actor, db: Database) -> UUID:
    """The variant's id. Raises NotFound, ListingNotEditable, InvalidInput (the last one of a listing on sale)."""

    async def step(tx: Tx) -> UUID:
        listing, variant = await lock_own_variant(tx, command.variant_id, actor)
        if variant.active == command.active:
            return variant.id
        variant.active = command.active
        variant.updated_at = tx.now
        left = [each for each in await variants_of(tx, listing.id) if each.active]
        if not left and listing.status is ListingStatus.ACTIVE:
            message = "It is the last variant on sale; pause or archive the listing instead."
            raise InvalidInput.at("variant_id", "LAST_VARIANT", message)
        refuse(variant_faults(left), "")
        await changed(tx, listing)
        return variant.id

    return await db.run(step)


async def variants_of(tx: Tx, listing_id: UUID) -> list[Variant]:
    """All of a listing, active or not, in their order."""
    return sorted(await tx.load(Variant, [listing_id], by="listing_id"), key=lambda each: (each.position, each.id))


def rows_of(tx: Tx, listing: Listing, variants: Sequence[NewVariant]) -> list[Variant]:
    """The variants of a new listing. Raises InvalidInput at `variants.0.sku` and the like."""
    rows = [_row(tx, listing, each, new_id(), position) for position, each in enumerate(variants)]
    refuse(variant_faults(rows), "variants")
    return rows


def variant_faults(variants: Sequence[Variant]) -> list[Issue]:
    """What is wrong among the variants of one listing; paths begin with the index. Inactive ones share options."""
    issues = []
    skus: set[str] = set()
    combinations: set[tuple[tuple[str, str], ...]] = set()
    for index, each in enumerate(variants):
        options = tuple(sorted(each.options.items()))
        if each.sku in skus:
            issues.append(Issue((str(index), "sku"), "TAKEN", f"The article number {each.sku} is taken already."))
        if each.active and options and options in combinations:
            issues.append(Issue((str(index), "options"), "TAKEN", "Another variant has the same options."))
        skus.add(each.sku)
        if each.active:
            combinations.add(options)
    if len(variants) > VARIANTS_MAX:
        issues.append(Issue((), "TOO_MANY", f"A listing has at most {VARIANTS_MAX} variants, inactive ones included."))
    return issues


def refuse(issues: Sequence[Issue], under: str) -> None:
    """Raises InvalidInput. `under` names the list in the input; empty when the input is the last variant itself."""
    if issues:
        raise InvalidInput(
            [Issue((under, *issue.path) if under else issue.path[1:], issue.code, issue.message) for issue in issues]
        )


def options_of(options: Sequence[OptionValue]) -> dict[str, str]:
    return {each.name: each.value for each in options}


def _row(tx: Tx, listing: Listing, variant: NewVariant, variant_id: UUID, position: int) -> Variant:
    return Variant(
        id=variant_id,
        listing_id=listing.id,
        sku=variant.sku,
        title=variant.title,
        options=options_of(variant.options),
        price_minor=variant.price_minor,
        position=position,
        updated_at=tx.now,
    )
