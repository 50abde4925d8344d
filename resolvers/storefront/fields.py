"""What the storefront adds to shops and offers."""

from functools import partial

from domain.catalog.reads import public_listings_by_ids
from domain.shared.ids import decode_id
from domain.storefront.card_reads import count_shop_cards, shop_cards, shop_keyset
from resolvers.catalog.types import Listing
from resolvers.context import Info
from resolvers.offers.types import Offer
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


@extends(Offer, "The whole listing, as its pictures; null when it was taken off sale just now.", name="listing")
async def offer_listing(root: Offer, info: Info) -> Listing | None:
    found = await info.context.loaders.load(public_listings_by_ids, decode_id("listing", root.listing_id))
    return Listing.of(found) if found is not None else None
