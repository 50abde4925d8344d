"""What the storefront adds to shops."""

from functools import partial

from domain.storefront.card_reads import count_shop_cards, shop_cards, shop_keyset
from resolvers.context import Info
from resolvers.sellers.types import Shop
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import paged
from resolvers.shared.extending import extends
from resolvers.storefront.types import ListingCard


@extends(
    Shop,
    "What it has on sale, the newest first. To look for something in it, `search` with `filter.sellerId`.",
    name="listings",
    size=paged(20),
)
async def shop_listings(
    root: Shop, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Connection[ListingCard]:
    reads, seller_id = info.context.reads, root.seller_id
    page = await shop_cards(reads, seller_id, shop_keyset(seller_id).request(first, after, last, before))
    return connection(page, ListingCard.of, partial(count_shop_cards, reads, seller_id))
