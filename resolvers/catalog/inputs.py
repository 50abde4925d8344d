"""Inputs about the catalog. What is left out of an edit stays as it is."""

from typing import Final

import strawberry

from domain.catalog.model import AttributeType, Condition, Fulfilment, ListingKind, SaleMode, Visibility
from resolvers.shared.scalars import CurrencyCode, MinorUnits

PICKUP_TOO: Final = "It is sent, or fetched if the buyer would rather; only with `SHIP`. It needs a place on sale."


@strawberry.input(description="An attribute of a category.")
class AttributeDefinitionInput:
    name: str = strawberry.field(description="Stable: lower-case letters, digits and `_`, at most 50.")
    label: str = strawberry.field(description="What to show people, at most 50 characters.")
    type: AttributeType = strawberry.field(description="Which values it takes.")
    required: bool = strawberry.field(default=False, description="Nothing is put on sale without it.")
    facet: bool = strawberry.field(default=False, description="Search filters by it.")
    choices: list[str] = strawberry.field(default_factory=list, description="For CHOICE: its values, at most 100.")
    unit: str = strawberry.field(default="", description="For NUMBER: its unit, as `cm`.")


@strawberry.input(description="A new category.")
class CreateCategoryInput:
    parent_id: strawberry.ID | None = strawberry.field(default=None, description="The category above; none: a root.")
    slug: str = strawberry.field(description="Its part of the path, for ever: lower-case letters, digits and `-`.")
    name: str = strawberry.field(description="What to show people.")
    attributes: list[AttributeDefinitionInput] = strawberry.field(
        default_factory=list, description="What it adds to the attributes of those above."
    )
    commission_ppm: int | None = strawberry.field(
        default=None, description="Commission in parts per million; none: the platform's."
    )
    position: int = strawberry.field(default=0, description="Its place among its siblings, the lowest first.")


@strawberry.input(description="A category as it shall be from now on, all of it.")
class UpdateCategoryInput:
    category_id: strawberry.ID = strawberry.field(description="Which one.")
    name: str = strawberry.field(description="What to show people.")
    attributes: list[AttributeDefinitionInput] = strawberry.field(
        description="What it adds to the attributes of those above."
    )
    commission_ppm: int | None = strawberry.field(
        default=None, description="Commission in parts per million; none: the platform's."
    )
    position: int = strawberry.field(description="Its place among its siblings, the lowest first.")


@strawberry.input(description="A product as it shall be from now on, all of it.")
class UpdateProductInput:
    product_id: strawberry.ID = strawberry.field(description="Which one.")
    title: str = strawberry.field(description="Its name.")
    brand: str = strawberry.field(default="", description="Who makes it.")
    category_id: strawberry.ID = strawberry.field(description="Where it stands in the tree.")


@strawberry.input(description="What a listing says of itself.")
class AttributeInput:
    name: str = strawberry.field(description="The attribute's stable name.")
    value: str = strawberry.field(description="The value as text: `42.5`, `true`, one of the choices.")


@strawberry.input(description="In what a variant differs from the others.")
class OptionInput:
    name: str = strawberry.field(description="As `colour`, at most 50 characters.")
    value: str = strawberry.field(description="As `red`, at most 50 characters.")


@strawberry.input(description="A form in which a listing can be bought.")
class NewVariantInput:
    sku: str = strawberry.field(description="The article number, unique in the listing.")
    title: str = strawberry.field(default="", description="What to show people besides the listing's title.")
    options: list[OptionInput] = strawberry.field(
        default_factory=list, description="In what it differs from the others; at most 5."
    )
    price_minor: MinorUnits = strawberry.field(description="What one costs, in minor units of the listing's currency.")


@strawberry.input(description="A new listing, as a draft.")
class CreateListingInput:
    category_id: strawberry.ID = strawberry.field(description="Where it stands in the tree.")
    title: str = strawberry.field(description="At most 200 characters.")
    description: str = strawberry.field(default="", description="Plain text of at most 10,000 characters.")
    brand: str = strawberry.field(default="", description="Who makes it.")
    kind: ListingKind = strawberry.field(default=ListingKind.PRODUCT, description="A thing or a service.")
    sale_mode: SaleMode = strawberry.field(default=SaleMode.PURCHASE, description="How a purchase begins.")
    fulfilment: Fulfilment = strawberry.field(default=Fulfilment.SHIP, description="How the buyer gets it.")
    pickup_too: bool = strawberry.field(default=False, description=PICKUP_TOO)
    condition: Condition = strawberry.field(default=Condition.NEW, description="In which condition it is.")
    visibility: Visibility = strawberry.field(
        default=Visibility.PUBLIC, description="Who finds it while it is on sale."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None, description="The currency of its prices, for ever; the shop's if not given."
    )
    attributes: list[AttributeInput] = strawberry.field(
        default_factory=list, description="What it says of itself, in the words of its category."
    )
    product_id: strawberry.ID | None = strawberry.field(default=None, description="What is sold, if it is known here.")
    gtin: str | None = strawberry.field(
        default=None, description="The GTIN of what is sold: finds its product or makes it. Not with `productId`."
    )
    variants: list[NewVariantInput] = strawberry.field(
        default_factory=list, description="Its variants in their order, at most 50."
    )


@strawberry.input(description="Changes of a listing. What is left out stays as it is.")
class EditListingInput:
    listing_id: strawberry.ID = strawberry.field(description="Which one.")
    version: int = strawberry.field(description="The version you read; another one now: `ListingChanged`.")
    category_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Where it stands in the tree."
    )
    title: str | None = strawberry.field(default=strawberry.UNSET, description="At most 200 characters.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="Plain text of at most 10,000 characters."
    )
    brand: str | None = strawberry.field(default=strawberry.UNSET, description="Who makes it.")
    kind: ListingKind | None = strawberry.field(default=strawberry.UNSET, description="A thing or a service.")
    sale_mode: SaleMode | None = strawberry.field(default=strawberry.UNSET, description="How a purchase begins.")
    fulfilment: Fulfilment | None = strawberry.field(default=strawberry.UNSET, description="How the buyer gets it.")
    pickup_too: bool | None = strawberry.field(default=strawberry.UNSET, description=PICKUP_TOO)
    condition: Condition | None = strawberry.field(default=strawberry.UNSET, description="In which condition it is.")
    visibility: Visibility | None = strawberry.field(
        default=strawberry.UNSET, description="Who finds it while it is on sale."
    )
    attributes: list[AttributeInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All that it says of itself from now on."
    )
    product_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="What is sold.")
    gtin: str | None = strawberry.field(default=strawberry.UNSET, description="The GTIN of what is sold.")
    detach_product: bool = strawberry.field(default=False, description="It is no known product after all.")


@strawberry.input(description="A listing.")
class ListingInput:
    listing_id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.input(description="A listing that is fit for sale.")
class ApproveListingInput:
    listing_id: strawberry.ID = strawberry.field(description="Which one.")
    version: int = strawberry.field(description="The version you looked at; another one now: `ListingChanged`.")


@strawberry.input(description="A listing that is not fit for sale.")
class RejectListingInput:
    listing_id: strawberry.ID = strawberry.field(description="Which one.")
    version: int = strawberry.field(description="The version you looked at; another one now: `ListingChanged`.")
    reason: str = strawberry.field(description="What to tell its seller, at most 500 characters.")


@strawberry.input(description="A listing, and why something is done about it.")
class ListingReasonInput:
    listing_id: strawberry.ID = strawberry.field(description="Which one.")
    reason: str = strawberry.field(description="What to tell its seller, at most 500 characters.")


@strawberry.input(description="One more variant of a listing.")
class AddVariantInput(NewVariantInput):
    listing_id: strawberry.ID = strawberry.field(description="Of which listing.")


@strawberry.input(description="Changes of a variant. What is left out stays as it is.")
class ChangeVariantInput:
    variant_id: strawberry.ID = strawberry.field(description="Which one.")
    sku: str | None = strawberry.field(default=strawberry.UNSET, description="The article number.")
    title: str | None = strawberry.field(default=strawberry.UNSET, description="What to show people.")
    options: list[OptionInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All in what it differs from the others from now on."
    )
    position: int | None = strawberry.field(default=strawberry.UNSET, description="Its place in the listing.")


@strawberry.input(description="A variant's new price.")
class SetVariantPriceInput:
    variant_id: strawberry.ID = strawberry.field(description="Which one.")
    price_minor: MinorUnits = strawberry.field(description="What one costs, in minor units of the listing's currency.")


@strawberry.input(description="Whether a variant is for sale.")
class SetVariantActiveInput:
    variant_id: strawberry.ID = strawberry.field(description="Which one.")
    active: bool = strawberry.field(description="False: kept for old orders, not for sale.")
