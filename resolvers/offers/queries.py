"""What sellers ask about their own offers."""

from typing import Annotated

import strawberry

from domain.catalog.reads import listings_for
from domain.shared.ids import decode_id
from resolvers.context import Info
from resolvers.offers.fields import OwnShipTo, own_standing
from resolvers.offers.types import OfferStanding
from resolvers.shared.permission import AccessLevel, query

ListingKey = Annotated[strawberry.ID, strawberry.argument(description="The listing's id.")]


@strawberry.type
class SellerOfferQueries:
    @query(
        AccessLevel.SELLER,
        "How one of the shop's listings stands among the offers of its product; null when it is not the shop's, or is "
        "no known product.",
    )
    async def offer_standing(
        self, info: Info, listing_id: ListingKey, ship_to: OwnShipTo = None
    ) -> OfferStanding | None:
        key, actor = decode_id("listing", listing_id), info.context.actor
        view = (await listings_for(info.context.reads, [key], actor)).get(key)
        if view is None or view.seller_id != actor.seller():
            return None
        return await own_standing(
            info, key, view.product_id, seller_id=view.seller_id, currency=view.currency, to=ship_to
        )
