"""What keeps somebody from buying is a member of the result, which their client can act on."""

from typing import Any

from app.container import Container
from domain.cart.editing import ClearCart, clear_cart
from domain.shared.ids import encode_id
from tests.domain.checkout.scenes import Scene, a_scene
from tests.graphql.execution import execute

CHECKOUT = """mutation ($input: CheckoutInput!) { checkout(input: $input) {
    __typename ... on UserError { code message } } }"""


async def bought(scene: Scene, **more: Any) -> dict[str, Any]:
    given = {
        "idempotencyKey": scene.key,
        "cartVersion": 1,
        "expectedTotalMinor": scene.total_minor,
        "addressId": encode_id("address", scene.address_id),
    }
    data = await execute(scene.container, CHECKOUT, {"input": given | more}, actor=scene.buyer)
    found: dict[str, Any] = data["checkout"]
    return found


async def test_an_empty_cart_is_not_bought(container: Container) -> None:
    scene = await a_scene(container)
    await clear_cart(ClearCart(), actor=scene.buyer, db=container.ports.db)
    refusal = await bought(scene, cartVersion=2)
    assert (refusal["__typename"], refusal["code"]) == ("CartEmpty", "CART_EMPTY")


async def test_nobody_buys_without_saying_where_they_are(container: Container) -> None:
    refusal = await bought(await a_scene(container), addressId=None)
    assert refusal == {
        "__typename": "AddressRequired",
        "code": "ADDRESS_REQUIRED",
        "message": "Say where you are: shipping and tax depend on it.",
    }
