"""Carts in the schema: lines grouped as they would become orders, priced anew at every look."""

from datetime import datetime
from typing import Final, Self
from uuid import UUID

import strawberry

from domain.cart import errors, showing
from domain.cart.loading import view_changed_cart
from domain.catalog.model import Fulfilment, SaleMode
from domain.catalog.places import places_by_listing_ids
from domain.catalog.reads import public_listings_by_ids, variants_by_ids
from domain.sellers.reads import shops_by_ids
from domain.shared.errors import NotFound
from resolvers.cart.warnings import CartWarning, show_warning
from resolvers.catalog.places import ListingPlace
from resolvers.catalog.types import Listing, Variant
from resolvers.context import Context, Info
from resolvers.sellers.types import Shop
from resolvers.shared.directives import ListSize
from resolvers.shared.errors import UserError, failure
from resolvers.shared.scalars import MoneyType, Node, money, public_id

FEW: Final = ListSize(assumed_size=5)


@strawberry.type(description="One variant in a cart.")
class CartLine:
    id: strawberry.ID = strawberry.field(description="Names the line in `updateCartLine` and `removeFromCart`.")
    listing_id: strawberry.ID = strawberry.field(description="The listing.")
    variant_id: strawberry.ID = strawberry.field(description="The variant of it.")
    title: str = strawberry.field(description="The listing's title.")
    variant_title: str = strawberry.field(description="What sets the variant apart; may be empty.")
    quantity: int = strawberry.field(description="How many are wanted.")
    buyable_quantity: int = strawberry.field(description="How many of them can be had now; 0: a warning says why.")
    unit_price: MoneyType = strawberry.field(description="The listed price for one, now.")
    seen_price: MoneyType = strawberry.field(description="The price for one as put in or last accepted.")
    total: MoneyType = strawberry.field(description="What can be had costs this, tax and all, without delivery.")
    fulfilments: list[Fulfilment] = strawberry.field(description="What `chooseFulfilment` takes for it.")
    view: strawberry.Private[showing.CartLineView]

    @strawberry.field(description="The listing; null when it is not shown to everybody (any more).")
    async def listing(self, info: Info) -> Listing | None:
        found = await info.context.loaders.load(public_listings_by_ids, self.view.sellable.listing_id)
        return Listing.of(found) if found is not None else None

    @strawberry.field(description="The variant, also when it is not sold any more.")
    async def variant(self, info: Info) -> Variant | None:
        found = await info.context.loaders.load(variants_by_ids, self.view.sellable.variant_id)
        return Variant.of(found) if found is not None else None

    @strawberry.field(
        description="Where it is fetched, to about a kilometre; null for other lines. The paid order says it exactly."
    )
    async def pickup_place(self, info: Info) -> ListingPlace | None:
        if self.view.sellable.fulfilment is not Fulfilment.PICKUP:
            return None
        found = await info.context.loaders.load(places_by_listing_ids, self.view.sellable.listing_id)
        return ListingPlace.of(found) if found is not None else None

    @classmethod
    def of(cls, view: showing.CartLineView) -> "CartLine":
        found = view.sellable
        return cls(
            id=public_id("cart_line", view.id),
            listing_id=public_id("listing", found.listing_id),
            variant_id=public_id("variant", found.variant_id),
            title=found.title,
            variant_title=found.variant_title,
            quantity=view.quantity,
            buyable_quantity=view.buyable_quantity,
            unit_price=money(found.price_minor, found.currency),
            seen_price=money(view.seen_price_minor, found.currency),
            total=money(view.total_minor, found.currency),
            fulfilments=list(found.fulfilments),
            view=view,
        )


@strawberry.type(description="A way in which a seller sends to the cart's country.")
class DeliveryOption:
    id: strawberry.ID = strawberry.field(description="Names it in `chooseDelivery`.")
    name: str = strawberry.field(description="The seller's name for it.")
    price: MoneyType = strawberry.field(description="For what is in the cart now, tax and all.")
    days_min: int = strawberry.field(description="Days on the way, at the least.")
    days_max: int = strawberry.field(description="Days on the way, at the most.")
    chosen: bool = strawberry.field(description="The total counts with this one.")

    @classmethod
    def of(cls, view: showing.DeliveryOption) -> "DeliveryOption":
        return cls(
            id=public_id("shipping_rate", view.rate.id),
            name=view.rate.name,
            price=money(view.price_minor, view.rate.currency),
            days_min=view.rate.days_min,
            days_max=view.rate.days_max,
            chosen=view.chosen,
        )


@strawberry.type(description="What would become one order: one seller's lines that reach the buyer in the same way.")
class CartGroup:
    seller_id: strawberry.ID = strawberry.field(description="The seller.")
    fulfilment: Fulfilment = strawberry.field(description="How it reaches the buyer; only parcels have a delivery.")
    sale_mode: SaleMode = strawberry.field(description="How its purchase begins.")
    lines: list[CartLine] = strawberry.field(description="In the order in which they were put in.", directives=[FEW])
    delivery_options: list[DeliveryOption] | None = strawberry.field(
        description="How it can be sent; null while the country, or the rates, are not known.", directives=[FEW]
    )
    subtotal: MoneyType = strawberry.field(description="What can be had, tax and all, without delivery.")
    delivery: MoneyType = strawberry.field(description="The delivery, tax and all.")
    tax: MoneyType = strawberry.field(description="The tax in subtotal and delivery.")
    total: MoneyType = strawberry.field(description="Subtotal and delivery.")
    view: strawberry.Private[showing.CartGroup]

    @strawberry.field(description="The seller's shop.")
    async def shop(self, info: Info) -> Shop | None:
        found = await info.context.loaders.load(shops_by_ids, self.view.seller_id)
        return Shop.of(found) if found is not None else None

    @classmethod
    def of(cls, view: showing.CartGroup) -> "CartGroup":
        options = view.options
        return cls(
            seller_id=public_id("seller", view.seller_id),
            fulfilment=view.fulfilment,
            sale_mode=view.sale_mode,
            lines=[CartLine.of(line) for line in view.lines],
            delivery_options=None if options is None else [DeliveryOption.of(option) for option in options],
            subtotal=money(view.items_minor, view.currency),
            delivery=money(view.shipping_minor, view.currency),
            tax=money(view.tax_minor, view.currency),
            total=money(view.total_minor, view.currency),
            view=view,
        )


@strawberry.type(description="What somebody means to buy, at today's prices.")
class Cart(Node):
    version: int = strawberry.field(description="Grows with every change; `expectedVersion` refers to it.")
    country: str | None = strawberry.field(description="Where it would be sent; null: not said yet.")
    groups: list[CartGroup] = strawberry.field(description="One for each order that it would become.", directives=[FEW])
    warnings: list[CartWarning] = strawberry.field(
        description="Whatever is not as it was seen, or cannot be bought.", directives=[FEW]
    )
    total: MoneyType | None = strawberry.field(
        description="What `checkout` would expect; null when nothing in it can be bought."
    )
    estimated: bool = strawberry.field(
        description="Delivery or tax are not known for sure: no country is set, or they could not be asked for."
    )
    line_count: int = strawberry.field(description="How many lines it has.")
    quantity: int = strawberry.field(description="How many things are in it.")
    expires_at: datetime = strawberry.field(description="It is emptied then, unless it is changed before.")

    @classmethod
    def of(cls, view: showing.CartView) -> "Cart":
        content = view.content
        return cls(
            id=public_id("cart", content.stamp.cart_id),
            version=content.stamp.version,
            country=content.country,
            groups=[CartGroup.of(group) for group in view.groups],
            warnings=[show_warning(warning) for warning in view.warnings],
            total=None if view.currency is None else money(view.total_minor, view.currency),
            estimated=view.estimated,
            line_count=len(content.lines),
            quantity=sum(line.quantity for line in content.lines),
            expires_at=content.expires_at,
        )


@strawberry.interface(description="A cart after a change.")
class CartChange:
    cart: Cart = strawberry.field(description="The cart as it is now.")

    @classmethod
    async def of(cls, cart_id: UUID, context: Context) -> Self:
        return cls(cart=await changed_cart(cart_id, context))


async def changed_cart(cart_id: UUID, context: Context) -> Cart:
    """The cart that the viewer has just changed. Raises NotFound when it was merged or swept in this very moment."""
    view = await view_changed_cart(cart_id, context.ports.carts)
    if view is None:
        raise NotFound("cart")
    return Cart.of(view)


@failure(errors.CartFull, "The cart has no room for another line.")
class CartFull(UserError):
    lines_max: int = strawberry.field(description="How many lines a cart holds.")

    @classmethod
    def of(cls, error: errors.CartFull) -> "CartFull":
        return cls(code=error.code, message=error.message, lines_max=error.lines_max)


@failure(errors.LineFull, "Too many of one.")
class LineFull(UserError):
    quantity: int = strawberry.field(description="How many are in the cart already.")
    quantity_max: int = strawberry.field(description="How many there may be.")

    @classmethod
    def of(cls, error: errors.LineFull) -> "LineFull":
        return cls(code=error.code, message=error.message, quantity=error.quantity, quantity_max=error.quantity_max)


@failure(errors.NotForSale, "This is not for sale at present.")
class NotForSale(UserError):
    variant_id: strawberry.ID = strawberry.field(description="What was wanted.")

    @classmethod
    def of(cls, error: errors.NotForSale) -> "NotForSale":
        return cls(code=error.code, message=error.message, variant_id=public_id("variant", error.variant_id))


@failure(errors.CartEmpty, "There is nothing in the cart.")
class CartEmpty(UserError):
    pass


@failure(errors.CartChanged, "The cart is not as the caller last saw it. Nothing was done.")
class CartChanged(UserError):
    cart_id: strawberry.Private[UUID]

    @strawberry.field(description="The cart as it is now.")
    async def cart(self, info: Info) -> Cart:
        return await changed_cart(self.cart_id, info.context)

    @classmethod
    def of(cls, error: errors.CartChanged) -> "CartChanged":
        return cls(code=error.code, message=error.message, cart_id=error.cart_id)
