"""What shoppers look at besides a search: a shop's listings, and what sending costs."""

from functools import partial
from typing import Annotated

import strawberry

from domain.shared.ids import decode_id
from domain.storefront.card_reads import cards_by_ids, count_shop_cards, shop_cards, shop_keyset
from domain.storefront.shipping_reads import shipping_estimate
from resolvers.context import Info
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import paged
from resolvers.shared.permission import AccessLevel, query
from resolvers.storefront.types import ListingCard, ShippingEstimate

ShopKey = Annotated[strawberry.ID, strawberry.argument(description="The shop's id.")]
ListingKey = Annotated[strawberry.ID, strawberry.argument(description="The listing's id.")]
Country = Annotated[str, strawberry.argument(description="Where it is to be sent, ISO 3166-1 alpha-2.")]


@strawberry.type
class PublicStorefrontQueries:
    @query(AccessLevel.PUBLIC, "What a shop has on sale, the newest first.", size=paged(20))
    async def shop_listings(
        self,
        info: Info,
        shop_id: ShopKey,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ListingCard]:
        reads, seller_id = info.context.reads, decode_id("seller", shop_id)
        request = shop_keyset(seller_id).request(first, after, last, before)
        page = await shop_cards(reads, seller_id, request)
        return connection(page, ListingCard.of, partial(count_shop_cards, reads, seller_id))

    @query(
        AccessLevel.PUBLIC,
        "What it costs to have one unit of a listing sent; null when the shop does not send it there.",
    )
    async def shipping_estimate(self, info: Info, listing_id: ListingKey, country: Country) -> ShippingEstimate | None:
        key = decode_id("listing", listing_id)
        card = (await cards_by_ids(info.context.reads, [key])).get(key)
        if card is None:
            return None
        found = await shipping_estimate(card, country, rates=info.context.ports.shipping_rates)
        return ShippingEstimate.of(found) if found is not None else None
