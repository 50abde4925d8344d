"""Guarantee: a list costs the same number of statements whatever its length, with all that can be selected below it.

Excepted is what has a price of its own in the schema.

The selections are made from the schema, so that a new field that asks for each item apart is found by being there.
"""

from typing import Final

import pytest
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type

from app.container import Container
from domain.checkout.model import Checkout
from domain.orders.model import Order
from domain.shared.actor import Actor, Role
from resolvers.shared.directives import Cost
from tests.counting import SqlCounter
from tests.graphql.execution import execute
from tests.graphql.operations import AREAS, CORE
from tests.makers import a_seller, change, on_sale
from tests.sales import a_sale

SHORT, LONG = 5, 20
DEPTH: Final = 5
LISTS: Final = ("Me.orders", "Me.checkouts", "SellerArea.orders", "SellerArea.listings", "AdminArea.orders")


def selection(type_: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
    """Everything of a type that needs no argument, `depth` objects deep. Edges repeat what nodes have."""
    parts = []
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if name == "edges" or is_priced(field) or not all(is_optional(field, each) for each in field.args):
            continue
        if is_leaf_type(named):
            parts.append(name)
        elif isinstance(named, GraphQLObjectType | GraphQLInterfaceType) and depth > 1:
            inner = selection(named, depth - 1)
            parts += [f"{name} {{ {inner} }}"] if inner else []
    return " ".join(parts)


def is_priced(field: GraphQLField) -> bool:
    """What is read for each item apart says so, and a client pays for it: a page of such pages is refused."""
    definition = field.extensions.get("strawberry-definition")
    return any(isinstance(each, Cost) for each in getattr(definition, "directives", ()) or ())


def is_optional(field: GraphQLField, argument: str) -> bool:
    return not str(field.args[argument].type).endswith("!")


def document(path: str, first: int) -> str:
    area, _, name = path.partition(".")
    type_ = CORE.type_map[area]
    assert isinstance(type_, GraphQLObjectType)
    listed = get_named_type(type_.fields[name].type)
    assert isinstance(listed, GraphQLObjectType)
    return f"{{ {AREAS[area]} {{ {name}(first: {first}) {{ {selection(listed, DEPTH)} }} }} }}"


@pytest.fixture(scope="module")
async def trader(container: Container) -> Actor:
    """Somebody with a long list of everything: buyer, seller and administrator in one."""
    owner = await a_seller(container)
    for _ in range(LONG):
        await on_sale(container, owner.seller())
        sale = await a_sale(container)
        await change(container, Order, sale.order_id, buyer_id=owner.user(), seller_id=owner.seller())
        await change(container, Checkout, sale.checkout_id, buyer_id=owner.user())
    return Actor(owner.kind, owner.user_id, owner.seller_id, frozenset({Role.ADMIN, Role.MODERATOR}))


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_costs_as_much_as_a_long_one(
    container: Container, count_sql: SqlCounter, trader: Actor, path: str
) -> None:
    area, _, name = path.partition(".")
    counts: dict[int, list[str]] = {}
    for first in (SHORT, LONG):
        with count_sql() as seen:
            found = await execute(container, document(path, first), actor=trader)
        assert len(found[AREAS[area]][name]["nodes"]) == first
        counts[first] = list(seen)
    more = {text for text in counts[LONG] if counts[LONG].count(text) > counts[SHORT].count(text)}
    assert more == set()
