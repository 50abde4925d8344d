"""Mutations by which sellers write listings and their variants."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.catalog.drafting import CreateListing, DeleteDraft, EditListing, create_listing, delete_draft, edit_listing
from domain.catalog.reads import listings_for, variants_by_ids
from domain.catalog.variants import (
    AddVariant,
    ChangeVariant,
    SetVariantActive,
    SetVariantPrice,
    add_variant,
    change_variant,
    set_variant_active,
    set_variant_price,
)
from resolvers.catalog.failures import ListingChanged, ListingInUse, ListingNotEditable, result
from resolvers.catalog.inputs import (
    AddVariantInput,
    ChangeVariantInput,
    CreateListingInput,
    EditListingInput,
    ListingInput,
    SetVariantActiveInput,
    SetVariantPriceInput,
)
from resolvers.catalog.types import Listing, Variant
from resolvers.context import Info
from resolvers.shared.errors import IllegalTransition, InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation
from resolvers.shared.scalars import public_id


@strawberry.type(description="The draft is made.")
class CreateListingSuccess:
    listing: Listing = strawberry.field(description="The new draft.")


@strawberry.type(description="The listing is changed.")
class EditListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The draft is gone.")
class DeleteDraftListingSuccess:
    listing_id: strawberry.ID = strawberry.field(description="The id that it had.")


@strawberry.type(description="The listing has one more variant.")
class AddVariantSuccess:
    variant: Variant = strawberry.field(description="The new variant.")
    listing: Listing = strawberry.field(description="Its listing, in its new version.")


@strawberry.type(description="The variant is changed.")
class ChangeVariantSuccess:
    variant: Variant = strawberry.field(description="As it is now.")
    listing: Listing = strawberry.field(description="Its listing, in its new version.")


@strawberry.type(description="The variant has this price now.")
class SetVariantPriceSuccess:
    variant: Variant = strawberry.field(description="As it is now.")
    listing: Listing = strawberry.field(description="Its listing, in its new version.")


@strawberry.type(description="The variant is for sale, or no longer.")
class SetVariantActiveSuccess:
    variant: Variant = strawberry.field(description="As it is now.")
    listing: Listing = strawberry.field(description="Its listing, in its new version.")


CreateListingResult = Annotated[
    CreateListingSuccess | NotFound | InvalidInput, result("CreateListingResult", "making a draft")
]
EditListingResult = Annotated[
    EditListingSuccess | NotFound | ListingChanged | ListingNotEditable | InvalidInput,
    result("EditListingResult", "an edit"),
]
DeleteDraftListingResult = Annotated[
    DeleteDraftListingSuccess | NotFound | IllegalTransition | ListingInUse,
    result("DeleteDraftListingResult", "deleting a draft"),
]
AddVariantResult = Annotated[
    AddVariantSuccess | NotFound | ListingNotEditable | InvalidInput, result("AddVariantResult", "adding a variant")
]
ChangeVariantResult = Annotated[
    ChangeVariantSuccess | NotFound | ListingNotEditable | InvalidInput,
    result("ChangeVariantResult", "changing a variant"),
]
SetVariantPriceResult = Annotated[
    SetVariantPriceSuccess | NotFound | ListingNotEditable | InvalidInput,
    result("SetVariantPriceResult", "setting a price"),
]
SetVariantActiveResult = Annotated[
    SetVariantActiveSuccess | NotFound | ListingNotEditable | InvalidInput,
    result("SetVariantActiveResult", "putting a variant on sale or taking it off"),
]


@strawberry.type
class SellerListingMutations:
    @mutation(AccessLevel.SELLER, "Begin a listing: a draft that nobody else sees.")
    async def create_listing(self, info: Info, input: CreateListingInput) -> CreateListingResult:
        context = info.context
        id_ = await create_listing(parse(CreateListing, input), actor=context.actor, db=context.ports.db)
        return CreateListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.SELLER, "Change a listing, if it is still as you read it.")
    async def edit_listing(self, info: Info, input: EditListingInput) -> EditListingResult:
        context = info.context
        id_ = await edit_listing(parse(EditListing, input), actor=context.actor, db=context.ports.db)
        return EditListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.SELLER, "Delete a draft that was never submitted and never had stock.")
    async def delete_draft_listing(self, info: Info, input: ListingInput) -> DeleteDraftListingResult:
        context = info.context
        id_ = await delete_draft(parse(DeleteDraft, input), actor=context.actor, db=context.ports.db)
        return DeleteDraftListingSuccess(listing_id=public_id("listing", id_))

    @mutation(AccessLevel.SELLER, "Add a variant to a listing; at most 50.")
    async def add_variant(self, info: Info, input: AddVariantInput) -> AddVariantResult:
        context = info.context
        id_ = await add_variant(parse(AddVariant, input), actor=context.actor, db=context.ports.db)
        variant, listing = await _shown_variant(info, id_)
        return AddVariantSuccess(variant=variant, listing=listing)

    @mutation(AccessLevel.SELLER, "Change a variant's words; its price has a mutation of its own.")
    async def change_variant(self, info: Info, input: ChangeVariantInput) -> ChangeVariantResult:
        context = info.context
        id_ = await change_variant(parse(ChangeVariant, input), actor=context.actor, db=context.ports.db)
        variant, listing = await _shown_variant(info, id_)
        return ChangeVariantSuccess(variant=variant, listing=listing)

    @mutation(AccessLevel.SELLER, "Set a variant's price. Carts see it at their next quote.")
    async def set_variant_price(self, info: Info, input: SetVariantPriceInput) -> SetVariantPriceResult:
        context = info.context
        id_ = await set_variant_price(parse(SetVariantPrice, input), actor=context.actor, db=context.ports.db)
        variant, listing = await _shown_variant(info, id_)
        return SetVariantPriceSuccess(variant=variant, listing=listing)

    @mutation(AccessLevel.SELLER, "Take a variant off sale, or put it on sale again.")
    async def set_variant_active(self, info: Info, input: SetVariantActiveInput) -> SetVariantActiveResult:
        context = info.context
        id_ = await set_variant_active(parse(SetVariantActive, input), actor=context.actor, db=context.ports.db)
        variant, listing = await _shown_variant(info, id_)
        return SetVariantActiveSuccess(variant=variant, listing=listing)


async def shown_listing(info: Info, listing_id: UUID) -> Listing:
    """The listing as it stands right after a change, read from the primary."""
    found = await listings_for(info.context.ports.db.primary, [listing_id], info.context.actor)
    return Listing.of(found[listing_id])


async def _shown_variant(info: Info, variant_id: UUID) -> tuple[Variant, Listing]:
    view = (await variants_by_ids(info.context.ports.db.primary, [variant_id]))[variant_id]
    return Variant.of(view), await shown_listing(info, view.listing_id)
