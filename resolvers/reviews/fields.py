"""What reviews add to listings, shops and orders."""

from typing import Final

from domain.orders.contents import lines_by_orders
from domain.reviews.access import may_read
from domain.reviews.counting import average_millis
from domain.reviews.eligibility import open_reviews
from domain.reviews.list_reads import ReviewList, ReviewSort, Scope
from domain.reviews.reads import reviews_by_orders, tallies_of_buyers, tallies_of_listings, tallies_of_sellers
from domain.shared.transitions import Party
from resolvers.catalog.types import Listing
from resolvers.context import Info
from resolvers.orders.types import Order
from resolvers.reviews.lists import Rating, Sort, review_list
from resolvers.reviews.types import Reputation, Review, ReviewOpportunity, StarCount, histogram
from resolvers.sellers.types import Shop
from resolvers.shared.connections import After, Before, Connection, First, Last
from resolvers.shared.directives import ListSize, paged
from resolvers.shared.extending import extends

FIVE: Final = ListSize(assumed_size=5)


@extends(Listing, "What its buyers say of it.", name="reviews", size=paged(20))
async def listing_reviews(
    root: Listing,
    info: Info,
    sort: Sort = ReviewSort.NEWEST,
    rating: Rating = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[Review]:
    wanted = ReviewList(scope=Scope.LISTING, subject_id=root.view.id, sort=sort, rating=rating)
    return await review_list(info.context, wanted, first, after, last, before)


@extends(
    Listing, "How many reviews give how many stars: five rows, five stars first.", name="rating_histogram", size=FIVE
)
async def listing_histogram(root: Listing, info: Info) -> list[StarCount]:
    return histogram(await info.context.loaders.load(tallies_of_listings, root.view.id))


@extends(Shop, "What buyers say of the shop.", name="reviews", size=paged(20))
async def shop_reviews(
    root: Shop,
    info: Info,
    sort: Sort = ReviewSort.NEWEST,
    rating: Rating = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[Review]:
    wanted = ReviewList(scope=Scope.SHOP, subject_id=root.seller_id, sort=sort, rating=rating)
    return await review_list(info.context, wanted, first, after, last, before)


@extends(Shop, "How many reviews give how many stars: five rows, five stars first.", name="rating_histogram", size=FIVE)
async def shop_histogram(root: Shop, info: Info) -> list[StarCount]:
    return histogram(await info.context.loaders.load(tallies_of_sellers, root.seller_id))


@extends(Order, "The reviews that the viewer may still write about it; empty until it is delivered.", size=FIVE)
async def reviewable(root: Order, info: Info) -> list[ReviewOpportunity]:
    loaders, order = info.context.loaders, root.view
    if order.delivered_at is None and order.completed_at is None:
        return []
    written = await loaders.load(reviews_by_orders, order.id) or ()
    found = open_reviews(
        order.id,
        order,
        await loaders.load(lines_by_orders, order.id) or (),
        written=[(review.kind, review.order_line_id) for review in written],
        parties=root.parties,
        now=info.context.ports.clock.now(),
    )
    return [ReviewOpportunity.of(each) for each in found]


@extends(
    Order, "What was written about it by either side, as far as the viewer may read it.", name="reviews", size=FIVE
)
async def order_reviews(root: Order, info: Info) -> list[Review]:
    actor = info.context.actor
    found = await info.context.loaders.load(reviews_by_orders, root.view.id) or ()
    return [Review.of(review, actor) for review in found if may_read(actor, review)]


@extends(Order, "What shops say of its buyer; null for the buyer.")
async def buyer_reputation(root: Order, info: Info) -> Reputation | None:
    if not {Party.SELLER, Party.ADMIN} & set(root.parties):
        return None
    tally = await info.context.loaders.load(tallies_of_buyers, root.view.buyer_id)
    counts = tally.counts() if tally is not None else {}
    millis = average_millis(counts)
    return Reputation(rating=None if millis is None else millis / 1000, rating_count=sum(counts.values()))
