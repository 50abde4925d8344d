"""Stock in the schema, as its seller sees it."""

from datetime import datetime
from uuid import UUID

import strawberry

from domain.inventory import errors
from domain.inventory.model import MovementKind
from domain.inventory.reads import Movement, SellerStock, count_movements, movements_keyset, movements_page
from domain.shared.paging import Page
from resolvers.context import Info
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import APART, paged
from resolvers.shared.enums import expose
from resolvers.shared.errors import UserError, failure
from resolvers.shared.scalars import public_id

expose(
    MovementKind,
    "Why a number of the stock changed.",
    {
        MovementKind.RESTOCK: "Goods came in.",
        MovementKind.ADJUSTMENT: "The seller corrected the number.",
        MovementKind.RESERVE: "Promised to a buyer who is paying.",
        MovementKind.RELEASE: "No longer promised: the purchase came to nothing.",
        MovementKind.COMMIT: "Sold.",
        MovementKind.RETURN: "There again: a sale was cancelled or goods came back.",
    },
)


@strawberry.type(description="One change of a stock, for ever on record.")
class StockMovement:
    id: strawberry.ID = strawberry.field(description="Its id.")
    kind: MovementKind = strawberry.field(description="What happened.")
    on_hand_delta: int = strawberry.field(description="By how much `onHand` changed.")
    reserved_delta: int = strawberry.field(description="By how much `reserved` changed.")
    reason: str = strawberry.field(description="Why, in the words of whoever did it; may be empty.")
    by: str = strawberry.field(description="Who did it: a member of the shop, or `buyer`.")
    at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, view: Movement) -> "StockMovement":
        return cls(
            id=public_id("event", view.id),
            kind=view.kind,
            on_hand_delta=view.on_hand_delta,
            reserved_delta=view.reserved_delta,
            reason=view.reason,
            by=_who(view),
            at=view.at,
        )


@strawberry.type(description="How many of a variant there are.")
class Stock:
    variant_id: strawberry.ID = strawberry.field(description="Of which variant.")
    on_hand: int = strawberry.field(description="How many are there.")
    reserved: int = strawberry.field(description="How many of them are promised to buyers who are paying.")
    available: int = strawberry.field(description="How many can be bought: on hand less reserved.")
    view: strawberry.Private[SellerStock]

    @strawberry.field(description="Every change of these numbers, the newest first.", directives=[paged(20), APART])
    async def movements(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[StockMovement]:
        reads, item_id = info.context.reads, self.view.stock_item_id
        if item_id is None:
            return connection(Page((), (), has_next=False, has_previous=False), StockMovement.of, _nothing)
        request = movements_keyset(item_id).request(first, after, last, before)
        page = await movements_page(reads, item_id, request)
        return connection(page, StockMovement.of, lambda: count_movements(reads, item_id))

    @classmethod
    def of(cls, view: SellerStock) -> "Stock":
        return cls(
            variant_id=public_id("variant", view.variant_id),
            on_hand=view.on_hand,
            reserved=view.reserved,
            available=view.on_hand - view.reserved,
            view=view,
        )


@failure(errors.StockBelowReserved, "More are promised to buyers than would be left. Nothing was changed.")
class StockBelowReserved(UserError):
    on_hand: int = strawberry.field(description="How many are there.")
    reserved: int = strawberry.field(description="How many of them are promised: the least that it can become.")
    wanted: int = strawberry.field(description="How many would have been there.")

    @classmethod
    def of(cls, error: errors.StockBelowReserved) -> "StockBelowReserved":
        return cls(
            code=error.code, message=error.message, on_hand=error.on_hand, reserved=error.reserved, wanted=error.wanted
        )


def _who(view: Movement) -> str:
    """Buyers stay unnamed: what they bought stands in their orders, and only there."""
    if view.cause_id is not None:
        return "buyer" if view.actor.startswith("user:") else view.actor
    _, _, user = view.actor.partition("user:")
    return public_id("user", UUID(user)) if user else view.actor


async def _nothing() -> int:
    return 0
