"""Warnings of a cart in the schema: one type per sort of change, with the data that a client shows."""

from dataclasses import fields
from typing import Any, Final, cast

import strawberry

from domain.cart import showing
from domain.cart.showing import WarningKind
from resolvers.shared.scalars import MoneyType, money, public_id


@strawberry.interface(
    description="Something in the cart is not as it was seen. New kinds may come: keep a default branch."
)
class CartWarning:
    code: str = strawberry.field(description="The stable word for it, as `PRICE_INCREASED`.")
    message: str = strawberry.field(description="What to tell a person, in English.")
    line_id: strawberry.ID | None = strawberry.field(description="The line it is about, unless it is about a seller.")
    seller_id: strawberry.ID | None = strawberry.field(description="The seller it is about, or whose line it is.")


@strawberry.type(description="It costs more than when it was put in or last accepted.")
class PriceIncreased(CartWarning):
    seen: MoneyType = strawberry.field(description="The price for one, as seen.")
    current: MoneyType = strawberry.field(description="The price for one, now.")


@strawberry.type(description="It costs less than when it was put in or last accepted.")
class PriceDecreased(CartWarning):
    seen: MoneyType = strawberry.field(description="The price for one, as seen.")
    current: MoneyType = strawberry.field(description="The price for one, now.")


@strawberry.type(description="None is left. The line is not in the total.")
class OutOfStock(CartWarning):
    pass


@strawberry.type(description="Fewer are left than wanted. The total is for those.")
class QuantityReduced(CartWarning):
    available: int = strawberry.field(description="How many can be had.")


@strawberry.type(description="It is not for sale at present. The line is not in the total.")
class ListingUnavailable(CartWarning):
    pass


@strawberry.type(description="Its seller cannot sell at present. The line is not in the total.")
class SellerUnavailable(CartWarning):
    pass


@strawberry.type(description="Its seller sends nothing to the cart's country. The line is not in the total.")
class NotShippedThere(CartWarning):
    pass


@strawberry.type(description="It is not handed over as the buyer chose (any more). The line is not in the total.")
class FulfilmentUnavailable(CartWarning):
    pass


@strawberry.type(description="Its currency is not that of the first line. It is bought by itself.")
class OtherCurrency(CartWarning):
    pass


@strawberry.type(description="Its seller accepts first, so it is bought by itself. The line is not in the total.")
class BoughtAlone(CartWarning):
    pass


@strawberry.type(description="With it the total would be more than one purchase can hold. It is not in the total.")
class TotalTooLarge(CartWarning):
    pass


@strawberry.type(description="The chosen delivery is not offered (any more, or there). The cheapest stands in for it.")
class DeliveryOptionStale(CartWarning):
    pass


_KINDS: Final[dict[WarningKind, tuple[type[CartWarning], str]]] = {
    WarningKind.PRICE_INCREASED: (PriceIncreased, "The price has gone up."),
    WarningKind.PRICE_DECREASED: (PriceDecreased, "The price has gone down."),
    WarningKind.OUT_OF_STOCK: (OutOfStock, "This is sold out."),
    WarningKind.QUANTITY_REDUCED: (QuantityReduced, "There are not as many left."),
    WarningKind.LISTING_UNAVAILABLE: (ListingUnavailable, "This is not for sale at present."),
    WarningKind.SELLER_UNAVAILABLE: (SellerUnavailable, "This seller cannot sell at present."),
    WarningKind.NOT_SHIPPED_THERE: (NotShippedThere, "This seller does not send there."),
    WarningKind.FULFILMENT_UNAVAILABLE: (FulfilmentUnavailable, "It is not handed over like this any more."),
    WarningKind.OTHER_CURRENCY: (OtherCurrency, "This is priced in another currency; buy it by itself."),
    WarningKind.BOUGHT_ALONE: (BoughtAlone, "The seller accepts this first; buy it by itself."),
    WarningKind.TOTAL_TOO_LARGE: (TotalTooLarge, "This is more money than one purchase can hold."),
    WarningKind.DELIVERY_OPTION_STALE: (DeliveryOptionStale, "The chosen delivery is not offered any more."),
}
assert set(_KINDS) == set(WarningKind)

WARNING_TYPES: Final = tuple(type_ for type_, _ in _KINDS.values())
"""Found through their interface only, so the schema has to be told of them."""


def show_warning(warning: showing.CartWarning) -> CartWarning:
    make, message = _KINDS[warning.kind]
    data: dict[str, Any] = {
        "seen": money(warning.seen_minor, warning.currency),
        "current": money(warning.current_minor, warning.currency),
        "available": warning.available,
    }
    own = {each.name for each in fields(cast("Any", make))}
    return make(
        code=warning.kind.name,
        message=message,
        line_id=None if warning.line_id is None else public_id("cart_line", warning.line_id),
        seller_id=None if warning.seller_id is None else public_id("seller", warning.seller_id),
        **{name: value for name, value in data.items() if name in own},
    )
