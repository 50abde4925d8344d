"""Documents and short calls that tests of carts share."""

from typing import Any
from uuid import UUID

from app.container import Container
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.ids import encode_id
from tests.graphql.execution import execute
from tests.makers import OnSale

CART = """fragment F on Cart {
  id version country estimated lineCount quantity expiresAt
  total { amountMinor currency formatted }
  groups {
    sellerId fulfilment saleMode shop { name }
    lines {
      id listingId variantId title listing { title } variant { sku } quantity buyableQuantity
      fulfilments pickupPlace { locality exact { line1 } }
      unitPrice { amountMinor } seenPrice { amountMinor } total { amountMinor }
    }
    deliveryOptions { id name price { amountMinor } daysMin daysMax chosen }
    subtotal { amountMinor } delivery { amountMinor } tax { amountMinor } total { amountMinor }
  }
  warnings {
    __typename code message lineId sellerId
    ... on PriceIncreased { seen { amountMinor } current { amountMinor } }
    ... on PriceDecreased { seen { amountMinor } current { amountMinor } }
    ... on QuantityReduced { available }
  }
}"""


def mutation(name: str) -> str:
    """The document of one of the cart's mutations."""
    type_ = name[0].upper() + name[1:]
    token = "cartToken" if name == "addToCart" else ""
    return f"""mutation Change($input: {type_}Input!) {{
      {name}(input: $input) {{
        __typename
        ... on {type_}Success {{ {token} cart {{ ...F }} }}
        ... on UserError {{ code message path }}
        ... on CartChanged {{ cart {{ ...F }} }}
      }}
    }} {CART}"""


async def change(
    container: Container, name: str, *, actor: Actor = ANONYMOUS, token: str | None = None, **input_: Any
) -> dict[str, Any]:
    """Whatever became of a mutation."""
    if token is not None:
        input_["cartToken"] = token
    made: dict[str, Any] = (await execute(container, mutation(name), {"input": input_}, actor=actor))[name]
    return made


async def changed(
    container: Container, name: str, *, actor: Actor = ANONYMOUS, token: str | None = None, **input_: Any
) -> dict[str, Any]:
    """The cart after a mutation that must succeed."""
    made = await change(container, name, actor=actor, token=token, **input_)
    assert made["__typename"].endswith("Success"), made
    cart: dict[str, Any] = made["cart"]
    return cart


async def put(
    container: Container, offer: OnSale, quantity: int = 1, *, actor: Actor = ANONYMOUS, token: str | None = None
) -> dict[str, Any]:
    """The cart with something more in it."""
    variant_id = encode_id("variant", offer.variant_id)
    return await changed(container, "addToCart", actor=actor, token=token, variantId=variant_id, quantity=quantity)


async def a_guest_cart(container: Container, offer: OnSale, quantity: int = 1) -> str:
    """The token of a new guest's cart with something in it."""
    variant_id = encode_id("variant", offer.variant_id)
    made = await change(container, "addToCart", variantId=variant_id, quantity=quantity)
    token: str = made["cartToken"]
    return token


async def my_cart(container: Container, actor: Actor) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (await execute(container, f"{{ me {{ cart {{ ...F }} }} }} {CART}", actor=actor))[
        "me"
    ]["cart"]
    return found


async def guest_cart(container: Container, token: str) -> dict[str, Any] | None:
    document = f"query($token: String!) {{ cart(token: $token) {{ ...F }} }} {CART}"
    found: dict[str, Any] | None = (await execute(container, document, {"token": token}))["cart"]
    return found


def lines(cart: dict[str, Any] | None) -> dict[str, int]:
    """Variant id -> wanted quantity."""
    assert cart is not None
    return {line["variantId"]: line["quantity"] for group in cart["groups"] for line in group["lines"]}


def variant(offer: OnSale) -> str:
    return encode_id("variant", offer.variant_id)


def seller(id_: UUID) -> str:
    return encode_id("seller", id_)
