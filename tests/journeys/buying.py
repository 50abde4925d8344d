"""What a buyer does between the cart and the order, and what they look at."""

from typing import Any, Final
from uuid import uuid4

from tests.journeys.market import Goods, Person
from tests.journeys.running import until

VISA: Final = "pm_card_visa"
DECLINED: Final = "pm_card_chargeDeclined"
CHALLENGED: Final = "pm_card_threeDSecure2Required"

MONEY: Final = "{ amountMinor currency }"
CHECKOUT: Final = f"""id status total {MONEY} failureCode allowedActions lastEvent endedAt
    nextAction {{ kind clientSecret declineCode }} orders {{ id number status total {MONEY} }}"""
CART: Final = f"""query {{ me {{ cart {{ id version quantity total {MONEY} warnings {{ __typename }}
    groups {{ sellerId lines {{ id variantId quantity unitPrice {MONEY} }} }} }} }} }}"""
ONE_CHECKOUT: Final = f"query($id: ID!) {{ me {{ checkout(id: $id) {{ {CHECKOUT} }} }} }}"
ALL_CHECKOUTS: Final = f"query {{ me {{ checkouts {{ nodes {{ {CHECKOUT} }} }} }} }}"
ORDER: Final = f"""id number status escrow onHold total {MONEY} paid {MONEY} refunded {MONEY} lastEvent allowedActions
    lines {{ id kind quantity shippedQuantity }} shipments {{ id status trackingNumber }}"""
ONE_ORDER: Final = f"query($id: ID!) {{ me {{ order(id: $id) {{ {ORDER} }} }} }}"
CHECKOUT_UPDATED: Final = f"""subscription($id: ID!, $after: Int! = 0) {{
    checkoutUpdated(checkoutId: $id, after: $after) {{ eventId sequence reason checkout {{ {CHECKOUT} }} }} }}"""
ORDER_UPDATED: Final = """subscription($id: ID!, $after: Int) { orderUpdated(orderId: $id, after: $after) {
    eventId sequence kind order { id status } } }"""
SELLER_ORDER_UPDATED: Final = """subscription($after: String) { sellerOrderUpdated(after: $after) {
    eventId cursor kind order { id status } } }"""


async def cart_of(buyer: Person) -> Any:
    return (await buyer.ask(CART))["me"]["cart"]


async def fill_cart(buyer: Person, *goods: Goods, quantity: int = 1) -> Any:
    """One line for each; the cart as the buyer sees it then."""
    for each in goods:
        await buyer.did("addToCart", "cart { version }", variantId=each.variant_id, quantity=quantity)
    await buyer.did("setCartCountry", "cart { version }", country="DE")
    return await cart_of(buyer)


def checkout_input(buyer: Person, cart: Any, *, method: str | None = VISA, **more: Any) -> dict[str, Any]:
    """To buy the cart as it was seen, with a key of its own."""
    seen = {"cartVersion": cart["version"], "expectedTotalMinor": cart["total"]["amountMinor"]}
    given = {"idempotencyKey": uuid4().hex, "addressId": buyer.address_id, **seen, **more}
    return given if method is None else {**given, "paymentMethod": method}


async def check_out(buyer: Person, cart: Any, *, method: str | None = VISA, **more: Any) -> Any:
    """The checkout as the mutation answers it."""
    given = checkout_input(buyer, cart, method=method, **more)
    return (await buyer.did("checkout", f"checkout {{ {CHECKOUT} }}", **given))["checkout"]


async def checkout_by_id(buyer: Person, checkout_id: str) -> Any:
    return (await buyer.ask(ONE_CHECKOUT, id=checkout_id))["me"]["checkout"]


async def newest_checkout(buyer: Person) -> Any:
    """Once there is one: the client that started it may be gone."""

    async def found() -> Any:
        nodes = (await buyer.ask(ALL_CHECKOUTS))["me"]["checkouts"]["nodes"]
        return nodes[0] if nodes else None

    return await until(found, "the checkout is there")


async def ended(buyer: Person, checkout_id: str, seconds: float = 30) -> Any:
    """The checkout when it has come to its end, at the provider too: its status says earlier where that will be."""

    async def found() -> Any:
        checkout = await checkout_by_id(buyer, checkout_id)
        return checkout if checkout["endedAt"] else None

    return await until(found, "the checkout ends", seconds)


async def order_by_id(buyer: Person, order_id: str) -> Any:
    return (await buyer.ask(ONE_ORDER, id=order_id))["me"]["order"]
