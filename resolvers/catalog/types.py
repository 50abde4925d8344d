"""Listings, variants, products and categories in the schema."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated

import strawberry

from domain.catalog.attributes import AttributeDefinition, AttributeValue, value_text
from domain.catalog.model import (
    EDITABLE,
    LISTING_TRANSITIONS,
    AttributeType,
    Condition,
    Fulfilment,
    ListingKind,
    ListingStatus,
    MatchedBy,
    SaleMode,
    Visibility,
    ways_of,
)
from domain.catalog.pictures import owner_of
from domain.catalog.reads import (
    ListingEventView,
    ListingView,
    ProductView,
    VariantView,
    events_by_listing_ids,
    products_by_ids,
    variants_by_listing_ids,
)
from domain.catalog.tree import CategoryView, children_by_ids, lines_by_ids, schema_of
from domain.inventory.model import StockStatus
from domain.inventory.reads import shown_stock_by_variant_ids
from domain.media.model import IMAGES_MAX
from domain.media.reads import ImageView, images_by_owners
from domain.sellers.reads import shops_by_ids
from domain.shared.actor import Actor, Role
from domain.shared.transitions import Party
from resolvers.catalog.enums import ListingAction
from resolvers.catalog.places import PlacedListing
from resolvers.context import Info
from resolvers.media.types import Image, ImageUpload, image_of
from resolvers.offers.fields import ListingStanding, ProductOffers
from resolvers.sellers.types import Shop
from resolvers.shared.directives import paged
from resolvers.shared.scalars import CurrencyCode, MoneyType, Node, money, public_id

FirstImages = Annotated[int, strawberry.argument(description=f"How many from the start; {IMAGES_MAX} are all.")]


@strawberry.type(name="AttributeDefinition", description="An attribute that a category asks of its listings.")
class AttributeDefinitionType:
    name: str = strawberry.field(description="Its stable name, as `screen_size`.")
    label: str = strawberry.field(description="What to show people.")
    type: AttributeType = strawberry.field(description="Which values it takes.")
    required: bool = strawberry.field(description="Nothing is put on sale without it.")
    facet: bool = strawberry.field(description="Search filters by it.")
    choices: list[str] = strawberry.field(description="The values of a CHOICE.")
    unit: str = strawberry.field(description="The unit of a NUMBER, as `cm`; may be empty.")

    @classmethod
    def of(cls, view: AttributeDefinition) -> "AttributeDefinitionType":
        return cls(
            name=view.name,
            label=view.label,
            type=view.type,
            required=view.required,
            facet=view.facet,
            choices=list(view.choices),
            unit=view.unit,
        )


@strawberry.type(description="A node of the category tree.")
class Category(Node):
    slug: str = strawberry.field(description="Its own part of the path.")
    path: str = strawberry.field(description="The slugs from the root down, as `electronics/phones`.")
    name: str = strawberry.field(description="What to show people.")
    position: int = strawberry.field(description="Its place among its siblings, the lowest first.")
    view: strawberry.Private[CategoryView]

    @strawberry.field(description="The category above; null for a root.")
    async def parent(self, info: Info) -> "Category | None":
        line = await self._line(info)
        return Category.of(line[-2]) if len(line) > 1 else None

    @strawberry.field(description="From the root down to the category above.")
    async def ancestors(self, info: Info) -> list["Category"]:
        return [Category.of(each) for each in (await self._line(info))[:-1]]

    @strawberry.field(description="The categories right below.")
    async def children(self, info: Info) -> list["Category"]:
        return [Category.of(each) for each in await info.context.loaders.load(children_by_ids, self.view.id) or ()]

    @strawberry.field(description="All that listings say of themselves here, what its ancestors ask included.")
    async def attributes(self, info: Info) -> list[AttributeDefinitionType]:
        return [AttributeDefinitionType.of(each) for each in schema_of(await self._line(info))]

    @strawberry.field(description="What this category adds to its ancestors' attributes.")
    def own_attributes(self) -> list[AttributeDefinitionType]:
        return [AttributeDefinitionType.of(each) for each in self.view.own_schema()]

    @strawberry.field(
        description="Commission in parts per million, for administrators; null: that of the platform, or not yours."
    )
    def commission_ppm(self, info: Info) -> int | None:
        return self.view.commission_ppm if Role.ADMIN in info.context.actor.roles else None

    async def _line(self, info: Info) -> Sequence[CategoryView]:
        return await info.context.loaders.load(lines_by_ids, self.view.id) or ()

    @classmethod
    def of(cls, view: CategoryView) -> "Category":
        return cls(
            id=public_id("category", view.id),
            slug=view.slug,
            path=view.path,
            name=view.name,
            position=view.position,
            view=view,
        )


@strawberry.type(description="What a thing is, whoever sells it.")
class Product(ProductOffers, Node):
    title: str = strawberry.field(description="Its name.")
    brand: str = strawberry.field(description="Who makes it; may be empty.")
    gtin: str | None = strawberry.field(description="Its GTIN, padded to 14 digits.")
    view: strawberry.Private[ProductView]

    @strawberry.field(description="Where it stands in the tree.")
    async def category(self, info: Info) -> Category:
        return Category.of((await info.context.loaders.load(lines_by_ids, self.view.category_id) or ())[-1])

    @classmethod
    def of(cls, view: ProductView) -> "Product":
        return cls(id=public_id("product", view.id), title=view.title, brand=view.brand, gtin=view.gtin, view=view)


@strawberry.type(description="One thing in which variants of a listing differ.")
class VariantOption:
    name: str = strawberry.field(description="As `colour`.")
    value: str = strawberry.field(description="As `red`.")


@strawberry.type(description="A form in which a listing can be bought, with a price and a stock of its own.")
class Variant(Node):
    sku: str = strawberry.field(description="The seller's article number.")
    title: str = strawberry.field(description="What to show people besides the listing's title; may be empty.")
    options: list[VariantOption] = strawberry.field(description="In what it differs from the others.")
    price: MoneyType = strawberry.field(description="What one costs.")
    position: int = strawberry.field(description="Its place in the listing, the lowest first.")
    active: bool = strawberry.field(description="It can be bought while the listing is on sale.")
    view: strawberry.Private[VariantView]

    @strawberry.field(description="How much of it is there, in words.")
    async def stock_status(self, info: Info) -> StockStatus:
        stock = await info.context.loaders.load(shown_stock_by_variant_ids, self.view.id)
        return stock.status if stock is not None else StockStatus.OUT_OF_STOCK

    @classmethod
    def of(cls, view: VariantView) -> "Variant":
        return cls(
            id=public_id("variant", view.id),
            sku=view.sku,
            title=view.title,
            options=[VariantOption(name=name, value=value) for name, value in view.options.items()],
            price=money(view.price_minor, view.currency),
            position=view.position,
            active=view.active,
            view=view,
        )


@strawberry.type(description="What a listing says of itself.")
class ListingAttribute:
    name: str = strawberry.field(description="The attribute's stable name.")
    label: str = strawberry.field(description="What to show people.")
    type: AttributeType = strawberry.field(description="Which values it takes.")
    value: str = strawberry.field(description="The value as text: `42.5`, `true`, `Red`.")
    unit: str = strawberry.field(description="The unit of a number; may be empty.")

    @classmethod
    def of(cls, definition: AttributeDefinition, value: AttributeValue) -> "ListingAttribute":
        return cls(
            name=definition.name,
            label=definition.label,
            type=definition.type,
            value=value_text(value),
            unit=definition.unit,
        )


@strawberry.type(description="One move of a listing from a status into another.")
class ListingEvent:
    source: ListingStatus = strawberry.field(description="Where it stood.")
    target: ListingStatus = strawberry.field(description="Where it went.")
    reason: str = strawberry.field(description="Why, in the words of whoever decided; may be empty.")
    at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, view: ListingEventView) -> "ListingEvent":
        return cls(source=view.source, target=view.target, reason=view.reason, at=view.at)


@strawberry.type(description="What one seller offers.")
class Listing(PlacedListing, ListingStanding, Node):
    title: str = strawberry.field(description="At most 200 characters.")
    description: str = strawberry.field(description="Plain text of at most 10,000 characters.")
    brand: str = strawberry.field(description="Who makes it; may be empty.")
    kind: ListingKind = strawberry.field(description="A thing or a service.")
    sale_mode: SaleMode = strawberry.field(description="How a purchase begins.")
    fulfilment: Fulfilment = strawberry.field(description="How the buyer gets it, unless they choose otherwise.")
    fulfilments: list[Fulfilment] = strawberry.field(
        description="All ways in which it can be had; the first one unless the buyer chooses."
    )
    condition: Condition = strawberry.field(description="In which condition it is.")
    visibility: Visibility = strawberry.field(description="Who finds it while it is on sale.")
    status: ListingStatus = strawberry.field(description="Where it stands.")
    currency: CurrencyCode = strawberry.field(description="The currency of its prices.")
    rating: float | None = strawberry.field(description="Average of its reviews, 1 to 5 stars; null without any.")
    rating_count: int = strawberry.field(description="How many reviews that average is made of.")
    version: int = strawberry.field(description="Grows with each change; `editListing` wants the one you read.")
    created_at: datetime = strawberry.field(description="When its draft was begun.")
    updated_at: datetime = strawberry.field(description="When it was changed last.")
    published_at: datetime | None = strawberry.field(description="When it went on sale first.")
    gtin: str | None = strawberry.field(description="The GTIN that its seller gave, padded to 14 digits.")
    view: strawberry.Private[ListingView]

    @strawberry.field(description="Who said which product it is; null while nobody has, and for other shops.")
    def matched_by(self, info: Info) -> MatchedBy | None:
        return self.view.matched_by if _insider(info.context.actor, self.view) else None

    @strawberry.field(description="Why it was refused or suspended; null for those who need not know.")
    def status_reason(self, info: Info) -> str | None:
        return self.view.status_reason if _insider(info.context.actor, self.view) else None

    @strawberry.field(description="Where it stands in the tree.")
    async def category(self, info: Info) -> Category:
        return Category.of((await info.context.loaders.load(lines_by_ids, self.view.category_id) or ())[-1])

    @strawberry.field(description="Who sells it.")
    async def seller(self, info: Info) -> Shop:
        shop = await info.context.loaders.load(shops_by_ids, self.view.seller_id)
        assert shop is not None
        return Shop.of(shop)

    @strawberry.field(description="What is sold, should others sell it too.")
    async def product(self, info: Info) -> Product | None:
        if self.view.product_id is None:
            return None
        found = await info.context.loaders.load(products_by_ids, self.view.product_id)
        return Product.of(found) if found is not None else None

    @strawberry.field(description="What it says of itself, in the order of its category's attributes.")
    async def attributes(self, info: Info) -> list[ListingAttribute]:
        line = await info.context.loaders.load(lines_by_ids, self.view.category_id) or ()
        values = self.view.attributes
        return [ListingAttribute.of(each, values[each.name]) for each in schema_of(line) if each.name in values]

    @strawberry.field(description="Its variants in their order. Those that are not active only its seller sees.")
    async def variants(self, info: Info) -> list[Variant]:
        all_of_them = _insider(info.context.actor, self.view)
        return [Variant.of(each) for each in await self._variants(info) if each.active or all_of_them]

    @strawberry.field(description="The lowest price of its variants; null when none is active.")
    async def price_from(self, info: Info) -> MoneyType | None:
        prices = [each.price_minor for each in await self._variants(info) if each.active]
        return money(min(prices), self.view.currency) if prices else None

    @strawberry.field(description="Those of its pictures that are ready.", directives=[paged(IMAGES_MAX, "first")])
    async def images(self, info: Info, first: FirstImages = IMAGES_MAX) -> list[Image]:
        shown = (image_of(each) for each in await self._images(info))
        return list(islice((image for image in shown if image is not None), max(first, 0)))

    @strawberry.field(
        description="All its pictures, those that are on their way or refused too; null for those who need not know.",
        directives=[paged(IMAGES_MAX, "first")],
    )
    async def image_uploads(self, info: Info, first: FirstImages = IMAGES_MAX) -> list[ImageUpload] | None:
        if not _insider(info.context.actor, self.view):
            return None
        return [ImageUpload.of(each) for each in (await self._images(info))[: max(first, 0)]]

    @strawberry.field(description="What the viewer may do to it now.")
    def allowed_actions(self, info: Info) -> list[ListingAction]:
        return allowed_actions(info.context.actor, self.view)

    @strawberry.field(description="Its moves, newest first, at most 50; null for those who need not know.")
    async def timeline(self, info: Info) -> list[ListingEvent] | None:
        if not _insider(info.context.actor, self.view):
            return None
        events = await info.context.loaders.load(events_by_listing_ids, self.view.id) or ()
        return [ListingEvent.of(each) for each in events]

    async def _images(self, info: Info) -> Sequence[ImageView]:
        return await info.context.loaders.load(images_by_owners, owner_of(self.view.id)) or ()

    async def _variants(self, info: Info) -> Sequence[VariantView]:
        return await info.context.loaders.load(variants_by_listing_ids, self.view.id) or ()

    @classmethod
    def of(cls, view: ListingView) -> "Listing":
        return cls(
            id=public_id("listing", view.id),
            title=view.title,
            description=view.description,
            brand=view.brand,
            kind=view.kind,
            sale_mode=view.sale_mode,
            fulfilment=view.fulfilment,
            fulfilments=list(ways_of(view.fulfilment, view.pickup_too)),
            condition=view.condition,
            visibility=view.visibility,
            status=view.status,
            currency=CurrencyCode(view.currency),
            rating=None if view.rating_millis is None else view.rating_millis / 1000,
            rating_count=view.rating_count,
            version=view.version,
            created_at=view.created_at,
            updated_at=view.updated_at,
            published_at=view.published_at,
            gtin=view.gtin,
            view=view,
        )


def allowed_actions(actor: Actor, view: ListingView) -> list[ListingAction]:
    """Of the seller's members and of moderators, who may be both; nobody else may do anything."""
    actions: list[str] = []
    if actor.seller_id == view.seller_id:
        actions += LISTING_TRANSITIONS.actions(view.status, Party.SELLER)
        actions += [ListingAction.EDIT] if view.status in EDITABLE else []
        actions += [ListingAction.DELETE] if view.status is ListingStatus.DRAFT else []
    if actor.is_moderator:
        actions += LISTING_TRANSITIONS.actions(view.status, Party.ADMIN)
    return [ListingAction(action) for action in actions]


def _insider(actor: Actor, view: ListingView) -> bool:
    return actor.seller_id == view.seller_id or actor.is_moderator
