"""The cart's lines as a checkout keeps them: to reserve by, and to give back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.cart.consuming import CartLineSnapshot
from domain.catalog.model import Fulfilment
from domain.checkout.model import Checkout


def stored_lines(lines: Sequence[CartLineSnapshot]) -> list[dict[str, Any]]:
    return [
        {
            "variant_id": str(line.variant_id),
            "quantity": line.quantity,
            "seen_price_minor": line.seen_price_minor,
            "fulfilment": line.fulfilment,
        }
        for line in lines
    ]


def cart_lines(checkout: Checkout) -> tuple[CartLineSnapshot, ...]:
    return tuple(
        CartLineSnapshot(
            variant_id=UUID(line["variant_id"]),
            quantity=line["quantity"],
            seen_price_minor=line["seen_price_minor"],
            fulfilment=Fulfilment(line["fulfilment"]) if line.get("fulfilment") is not None else None,
        )
        for line in checkout.lines
    )


def reserved_lines(checkout: Checkout) -> list[tuple[UUID, int]]:
    """(variant, quantity) of what was taken from the cart."""
    return [(UUID(line["variant_id"]), line["quantity"]) for line in checkout.lines]
