"""Guarantee: `node(id:)` shows everything to those whose it is, and to nobody else more than that there is nothing.

Every noun that has a node is in the table below, with who may see this one; a new noun has to be put there.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.container import Container
from domain.cart.editing import AddToCart, add_to_cart
from domain.catalog.model import Listing, ListingStatus
from domain.imports.model import ImportFormat, ListingExport, ListingImport
from domain.media.model import MediaAsset
from domain.notifications.model import Notification, NotificationKind
from domain.sellers.model import SellerStatus
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.database import Tx
from domain.shared.ids import encode_id, new_id
from domain.users.addresses import AddAddress, add_address
from resolvers.shared.nodes import _loaders as nodes
from tests.domain.reviews.reviewing import a_delivery, decide, on_listing
from tests.domain.users.accounts import an_account, ports_of
from tests.graphql.execution import execute
from tests.makers import a_buyer, a_moderator, a_seller, a_shipping_rate, an_admin, change, on_sale
from tests.sales import a_sale

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
VIEWERS = ("anonymous", "a stranger", "another shop", "a moderator", "an administrator")
NOBODY: frozenset[str] = frozenset()
ADMINS = frozenset({"an administrator"})
STAFF = frozenset({"a moderator", "an administrator"})
EVERYBODY = frozenset(VIEWERS)


@dataclass(frozen=True)
class Thing:
    """Something with an id, and whose it is."""

    id: UUID
    owner: Actor


Make = Callable[[Container], Awaitable[Thing]]


async def a_user(container: Container) -> Thing:
    user = await a_buyer(container)
    return Thing(user.user(), user)


async def a_session(container: Container) -> Thing:
    _, session = await an_account(ports_of(container))
    actor = container.ports.tokens.verify(session.access_token, container.ports.clock.now())
    assert actor is not None
    return Thing(session.session_id, actor)


async def an_address(container: Container) -> Thing:
    buyer = await a_buyer(container)
    command = AddAddress(name="Ann", line1="Hafenstr. 1", city="Hamburg", country="DE")
    return Thing(await add_address(command, actor=buyer, db=container.ports.db), buyer)


async def a_closed_shop(container: Container) -> Thing:
    owner = await a_seller(container, status=SellerStatus.SUSPENDED)
    return Thing(owner.seller(), owner)


async def an_open_shop(container: Container) -> Thing:
    owner = await a_seller(container)
    return Thing(owner.seller(), owner)


async def a_rate_of_a_closed_shop(container: Container) -> Thing:
    shop = await a_closed_shop(container)
    return Thing(await a_shipping_rate(container, shop.id), shop.owner)


async def a_draft(container: Container) -> Thing:
    owner = await a_seller(container)
    made = await on_sale(container, owner.seller(), status=ListingStatus.DRAFT)
    return Thing(made.listing_id, owner)


async def a_listing_of_a_suspended_shop(container: Container) -> Thing:
    shop = await a_closed_shop(container)
    made = await on_sale(container, shop.id)
    return Thing(made.listing_id, shop.owner)


async def a_suspended_listing(container: Container) -> Thing:
    owner = await a_seller(container)
    made = await on_sale(container, owner.seller())
    await change(container, Listing, made.listing_id, status=ListingStatus.SUSPENDED)
    return Thing(made.listing_id, owner)


async def a_variant_of_a_draft(container: Container) -> Thing:
    owner = await a_seller(container)
    made = await on_sale(container, owner.seller(), status=ListingStatus.DRAFT)
    return Thing(made.variant_id, owner)


async def a_cart(container: Container) -> Thing:
    buyer, lamp = await a_buyer(container), await on_sale(container)
    added = await add_to_cart(AddToCart(variant_id=lamp.variant_id), actor=buyer, db=container.ports.db)
    return Thing(added.cart_id, buyer)


async def a_purchase(container: Container) -> Thing:
    sale = await a_sale(container)
    return Thing(sale.checkout_id, sale.buyer)


async def an_order_bought(container: Container) -> Thing:
    sale = await a_sale(container)
    return Thing(sale.order_id, sale.buyer)


async def an_order_sold(container: Container) -> Thing:
    sale = await a_sale(container)
    return Thing(sale.order_id, sale.seller)


async def a_held_review(container: Container) -> Thing:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale)
    await decide(container, "hold", review_id, await a_moderator(container))
    return Thing(review_id, sale.buyer)


async def a_published_review(container: Container) -> Thing:
    sale = await a_delivery(container)
    return Thing(await on_listing(container, sale), sale.buyer)


async def a_notification(container: Container) -> Thing:
    told, id_ = await a_buyer(container), new_id()
    fields: dict[str, Any] = {"kind": NotificationKind.PASSWORD_CHANGED, "occasion_id": new_id()}

    async def step(tx: Tx) -> None:
        await tx.add(Notification(id=id_, recipient_id=told.user(), created_at=tx.now, **fields))

    await container.ports.db.run(step)
    return Thing(id_, told)


async def an_upload(container: Container) -> Thing:
    uploader, id_ = await a_buyer(container), new_id()

    async def step(tx: Tx) -> None:
        sent: dict[str, Any] = {"source_key": uuid4().hex, "source_expires_at": tx.now}
        await tx.add(MediaAsset(id=id_, uploader_id=uploader.user(), created_at=tx.now, touched_at=tx.now, **sent))

    await container.ports.db.run(step)
    return Thing(id_, uploader)


async def an_import(container: Container) -> Thing:
    owner, id_ = await a_seller(container), new_id()
    fields: dict[str, Any] = {"format": next(iter(ImportFormat)), "created_by": owner.name, "source": uuid4().hex}

    async def step(tx: Tx) -> None:
        times: dict[str, Any] = {"created_at": tx.now, "updated_at": tx.now}
        await tx.add(ListingImport(id=id_, seller_id=owner.seller(), **fields, **times))

    await container.ports.db.run(step)
    return Thing(id_, owner)


async def an_export(container: Container) -> Thing:
    owner, id_ = await a_seller(container), new_id()

    async def step(tx: Tx) -> None:
        of = next(iter(ImportFormat))
        await tx.add(
            ListingExport(id=id_, seller_id=owner.seller(), created_by=owner.name, format=of, created_at=tx.now)
        )

    await container.ports.db.run(step)
    return Thing(id_, owner)


OTHERS: list[tuple[str, Make, frozenset[str]]] = [
    ("user", a_user, ADMINS),
    ("session", a_session, NOBODY),
    ("address", an_address, NOBODY),
    ("seller", a_closed_shop, ADMINS),
    ("seller", an_open_shop, EVERYBODY),
    ("seller_account", an_open_shop, ADMINS),
    ("shipping_rate", a_rate_of_a_closed_shop, ADMINS),
    ("listing", a_draft, STAFF),
    ("listing", a_suspended_listing, STAFF),
    ("listing", a_listing_of_a_suspended_shop, STAFF),
    ("variant", a_variant_of_a_draft, STAFF),
    ("cart", a_cart, NOBODY),
    ("checkout", a_purchase, NOBODY),
    ("order", an_order_bought, ADMINS),
    ("order", an_order_sold, ADMINS),
    ("review", a_held_review, STAFF),
    ("review", a_published_review, EVERYBODY),
    ("notification", a_notification, NOBODY),
    ("media_asset", an_upload, NOBODY),
    ("import", an_import, NOBODY),
    ("export", an_export, NOBODY),
]
"""Noun, one of its kind, and who beside its owner may see it."""
SHOWN_TO_ALL = {"category", "product"}
OF_ADMINISTRATORS = {"mail_delivery"}


async def sees(container: Container, noun: str, thing: Thing, viewer: Actor) -> bool:
    public = encode_id(noun, thing.id)
    node = (await execute(container, NODE, {"id": public}, actor=viewer))["node"]
    assert node is None or node["id"] == public
    return node is not None


@pytest.mark.parametrize(("noun", "make", "others"), OTHERS, ids=lambda each: getattr(each, "__name__", None))
async def test_a_node_is_seen_by_whose_it_is_and_by_whom_the_table_says(
    container: Container, noun: str, make: Make, others: frozenset[str]
) -> None:
    thing = await make(container)
    viewers = {
        "anonymous": ANONYMOUS,
        "a stranger": await a_buyer(container),
        "another shop": await a_seller(container),
        "a moderator": await a_moderator(container),
        "an administrator": await an_admin(container),
    }
    assert await sees(container, noun, thing, thing.owner)
    seen_by = {name for name, viewer in viewers.items() if await sees(container, noun, thing, viewer)}
    assert seen_by == others


def test_every_noun_with_a_node_is_in_the_table() -> None:
    assert nodes.keys() - SHOWN_TO_ALL - OF_ADMINISTRATORS == {noun for noun, _, _ in OTHERS}
