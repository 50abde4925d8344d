"""Reviews over GraphQL: who sees what, what may be done, and pages of them."""

from typing import Any

import pytest

from app.container import Container
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.errors import DomainError
from domain.shared.ids import decode_id, encode_id
from domain.users.model import User, UserStatus
from tests.counting import SqlCounter
from tests.domain.reviews.reviewing import (
    a_delivery,
    count,
    decide,
    first_line,
    on_buyer,
    on_listing,
    on_seller,
    reply,
)
from tests.graphql.execution import SCHEMA, execute, refused
from tests.makers import a_buyer, a_moderator, change
from tests.sales import Sale, a_sale, the_lines

REVIEW = """
fragment Whole on Review {
  id kind rating title body status authorName createdAt editedAt editableUntil statusReason orderId orderLineId
  openReports allowedActions reply { text repliedAt } shop { id name } listing { id }
}
"""
LISTING = (
    REVIEW
    + """
query (
  $id: ID!, $first: Int = 20, $after: String, $last: Int, $before: String, $sort: ReviewSort! = NEWEST, $rating: Int
) {
  listing(id: $id) {
    rating ratingCount ratingHistogram { stars count }
    reviews(first: $first, after: $after, last: $last, before: $before, sort: $sort, rating: $rating) {
      nodes { ...Whole } totalCount { value } pageInfo { hasNextPage endCursor startCursor }
    }
  }
}
"""
)
SHOP = """
query ($slug: String!) { shop(slug: $slug) {
  rating ratingCount ratingHistogram { stars count } reviews { nodes { id kind rating reply { text } } } } }
"""
ORDER = """
fragment Parts on Order {
  reviewable { kind orderId orderLineId listingId until }
  reviews { id kind status }
  buyerReputation { rating ratingCount }
}
query ($id: ID!, $buyer: Boolean!) {
  me @include(if: $buyer) { order(id: $id) { ...Parts } }
  seller @skip(if: $buyer) { order(id: $id) { ...Parts } }
}
"""
NODE = "query ($id: ID!) { node(id: $id) { ... on Review { id rating status } } }"


def listing_id(sale: Sale) -> str:
    return encode_id("listing", sale.items[0].listing_id)


async def perform(container: Container, name: str, actor: Actor, **given: Any) -> dict[str, Any]:
    kind = name[0].upper() + name[1:]
    taken = "ModerateReview" if name in {"holdReview", "publishReview", "removeReview", "removeReviewReply"} else kind
    document = (
        REVIEW
        + f"mutation ($input: {taken}Input!) {{ {name}(input: $input) {{ __typename ... on UserError {{ code message }}"
        + ("" if name == "reportReview" else f" ... on {kind}Success {{ review {{ ...Whole }} }}")
        + (" ... on AlreadyReviewed { review { ...Whole } }" if name.startswith("review") else "")
        + " } }"
    )
    if name == "reportReview":
        document = document.removeprefix(REVIEW)
    found: dict[str, Any] = (await execute(container, document, {"input": given}, actor=actor))[name]
    return found


async def listed(container: Container, sale: Sale, actor: Actor = ANONYMOUS, **more: Any) -> Any:
    return (await execute(container, LISTING, {"id": listing_id(sale), **more}, actor=actor))["listing"]


async def order_of(container: Container, sale: Sale, actor: Actor) -> Any:
    variables = {"id": encode_id("order", sale.order_id), "buyer": actor is sale.buyer}
    (area,) = (await execute(container, ORDER, variables, actor=actor)).values()
    return area["order"]


async def test_a_review_is_written_and_everybody_reads_it(container: Container) -> None:
    sale = await a_delivery(container)
    await change(container, User, sale.buyer.user(), display_name="Anna Maria Schmidt")
    given = {"orderLineId": encode_id("order_line", await first_line(container, sale)), "rating": 4, "title": "Good"}
    written = (await perform(container, "reviewListing", sale.buyer, **given, body="It shines."))["review"]
    assert written["allowedActions"] == ["EDIT"]
    assert written["orderLineId"] == given["orderLineId"]
    assert written["editableUntil"] is not None
    await count(container, decode_id("review", written["id"]))
    page = await listed(container, sale)
    assert (page["rating"], page["ratingCount"]) == (4.0, 1)
    assert [each["count"] for each in page["ratingHistogram"]] == [0, 1, 0, 0, 0]
    (shown,) = page["reviews"]["nodes"]
    assert (shown["id"], shown["rating"], shown["title"], shown["body"]) == (written["id"], 4, "Good", "It shines.")
    assert shown["authorName"] == "Anna S."
    private = ("editableUntil", "orderId", "orderLineId", "openReports", "statusReason")
    assert [shown[name] for name in private] == [None] * len(private)
    assert shown["allowedActions"] == []
    assert shown["listing"] == {"id": listing_id(sale)}


async def test_a_second_try_answers_with_the_first(container: Container) -> None:
    sale = await a_delivery(container)
    given = {"orderId": encode_id("order", sale.order_id), "rating": 4}
    for name, actor in (("reviewSeller", sale.buyer), ("reviewBuyer", sale.seller)):
        first = await perform(container, name, actor, **given)
        again = await perform(container, name, actor, **(given | {"rating": 1}))
        assert (again["__typename"], again["code"]) == ("AlreadyReviewed", "ALREADY_REVIEWED")
        assert again["review"] == first["review"]


async def test_every_failure_is_a_type(container: Container) -> None:
    sale, open_sale = await a_delivery(container), await a_sale(container)
    order = {"orderId": encode_id("order", sale.order_id)}
    early = {"orderId": encode_id("order", open_sale.order_id), "rating": 5}
    assert (await perform(container, "reviewSeller", open_sale.buyer, **early))["__typename"] == "NotDelivered"
    assert (await perform(container, "reviewSeller", sale.seller, **order, rating=5))["__typename"] == "NotFound"
    for rating in (0, 6):
        wrong = await perform(container, "reviewSeller", sale.buyer, **order, rating=rating)
        assert wrong["__typename"] == "InvalidInput"
    written = (await perform(container, "reviewSeller", sale.buyer, **order, rating=5))["review"]
    stranger, moderator = await a_buyer(container), await a_moderator(container)
    again = await perform(container, "publishReview", moderator, reviewId=written["id"], reason="x")
    assert again["__typename"] == "IllegalTransition"
    not_mine = await perform(container, "editReview", stranger, reviewId=written["id"], rating=1)
    assert not_mine["__typename"] == "NotFound"
    document = "mutation ($input: ModerateReviewInput!) { holdReview(input: $input) { __typename } }"
    assert (
        await refused(container, document, {"input": {"reviewId": written["id"], "reason": "x"}}, actor=stranger)
        == "NOT_PERMITTED"
    )


async def test_the_shop_answers_and_reads_what_is_unanswered(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = encode_id("review", await on_listing(container, sale, rating=2))
    await on_seller(container, sale)
    document = """query ($unanswered: Boolean!, $kind: ReviewKind, $rating: Int) { seller {
        reviews(unanswered: $unanswered, kind: $kind, rating: $rating) {
          nodes { id reply { text } allowedActions } totalCount { value } } } }"""

    async def desk(**wanted: Any) -> list[Any]:
        data = await execute(container, document, {"unanswered": False, **wanted}, actor=sale.seller)
        nodes: list[Any] = data["seller"]["reviews"]["nodes"]
        assert data["seller"]["reviews"]["totalCount"]["value"] == len(nodes)
        return nodes

    assert len(await desk(unanswered=True)) == 2
    answered = await perform(container, "replyToReview", sale.seller, reviewId=review_id, text="Sorry!")
    assert answered["review"]["reply"]["text"] == "Sorry!"
    assert review_id not in [node["id"] for node in await desk(unanswered=True)]
    assert [node["reply"] for node in await desk(kind="LISTING", rating=2)] == [{"text": "Sorry!"}]
    assert (await desk())[0]["allowedActions"] == ["REPLY", "REPORT"]
    (shown,) = (await listed(container, sale))["reviews"]["nodes"]
    assert shown["reply"]["text"] == "Sorry!"


async def test_a_shop_page_shows_its_reviews_and_counts_of_stars(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_seller(container, sale, rating=4)
    await on_listing(container, sale, rating=1)
    await reply(container, review_id, sale.seller)
    await count(container, review_id)
    slug = (await execute(container, "{ seller { shop { slug } } }", actor=sale.seller))["seller"]["shop"]["slug"]
    shop = (await execute(container, SHOP, {"slug": slug}))["shop"]
    assert (shop["rating"], shop["ratingCount"]) == (4.0, 1)
    assert {each["stars"]: each["count"] for each in shop["ratingHistogram"]} == {5: 0, 4: 1, 3: 0, 2: 0, 1: 0}
    assert shop["reviews"]["nodes"] == [
        {"id": encode_id("review", review_id), "kind": "SELLER", "rating": 4, "reply": {"text": "Thank you."}}
    ]


async def test_an_order_offers_what_may_still_be_written(container: Container) -> None:
    sale = await a_delivery(container, items=2)
    one, two = await the_lines(container, sale.order_id)
    offered = (await order_of(container, sale, sale.buyer))["reviewable"]
    assert [(each["kind"], each["orderLineId"]) for each in offered] == [
        ("LISTING", encode_id("order_line", one.id)),
        ("LISTING", encode_id("order_line", two.id)),
        ("SELLER", None),
    ]
    assert offered[0]["listingId"] == listing_id(sale)
    assert [each["kind"] for each in (await order_of(container, sale, sale.seller))["reviewable"]] == ["BUYER"]
    await on_listing(container, sale, line_id=one.id)
    await on_seller(container, sale)
    offered = (await order_of(container, sale, sale.buyer))["reviewable"]
    assert [each["orderLineId"] for each in offered] == [encode_id("order_line", two.id)]
    await count(container, await on_buyer(container, sale, rating=3))
    seen = await order_of(container, sale, sale.seller)
    assert seen["reviewable"] == []
    assert seen["buyerReputation"] == {"rating": 3.0, "ratingCount": 1}
    assert [each["kind"] for each in seen["reviews"]] == ["LISTING", "SELLER", "BUYER"]
    assert (await order_of(container, sale, sale.buyer))["buyerReputation"] is None


async def test_nothing_is_offered_before_delivery(container: Container) -> None:
    sale = await a_sale(container)
    assert (await order_of(container, sale, sale.buyer))["reviewable"] == []


async def test_what_a_shop_says_of_a_buyer_these_two_read(container: Container) -> None:
    sale = await a_delivery(container)
    id_ = {"id": encode_id("review", await on_buyer(container, sale))}
    for actor, visible in (
        (sale.buyer, True),
        (sale.seller, True),
        (await a_moderator(container), True),
        (await a_buyer(container), False),
        (ANONYMOUS, False),
    ):
        found = (await execute(container, NODE, id_, actor=actor))["node"]
        assert (found is not None) is visible
    received = "{ me { reviewsReceived { nodes { id authorName } } } seller { reviewsOfBuyers { nodes { id } } } }"
    both = Actor(sale.buyer.kind, user_id=sale.buyer.user_id, seller_id=sale.seller.seller_id)
    data = await execute(container, received, actor=both)
    assert data["me"]["reviewsReceived"]["nodes"] == [{**id_, "authorName": "Anne's Lamps"}]
    assert data["seller"]["reviewsOfBuyers"]["nodes"] == [id_]


async def test_a_held_review_shows_to_its_author_and_moderators_only(container: Container) -> None:
    sale, moderator = await a_delivery(container), await a_moderator(container)
    review_id = await on_listing(container, sale)
    public = encode_id("review", review_id)
    assert (await perform(container, "reportReview", await a_buyer(container), reviewId=public, reason="FAKE"))[
        "__typename"
    ] == "ReportReviewSuccess"
    queue = "{ admin { reviews(reported: true, first: 100) { nodes { id openReports allowedActions } } } }"
    (waiting,) = [
        each
        for each in (await execute(container, queue, actor=moderator))["admin"]["reviews"]["nodes"]
        if each["id"] == public
    ]
    assert (waiting["openReports"], waiting["allowedActions"]) == (1, ["REPORT", "HOLD", "REMOVE"])
    held = await perform(container, "holdReview", moderator, reviewId=public, reason="Is it real?")
    assert held["review"]["status"] == "HELD"
    assert (await listed(container, sale))["reviews"]["nodes"] == []
    mine = "{ me { reviews { nodes { id status statusReason allowedActions } } } }"
    (own,) = (await execute(container, mine, actor=sale.buyer))["me"]["reviews"]["nodes"]
    assert own == {"id": public, "status": "HELD", "statusReason": "Is it real?", "allowedActions": ["EDIT"]}
    for actor, visible in ((sale.buyer, True), (moderator, True), (sale.seller, False), (ANONYMOUS, False)):
        assert ((await execute(container, NODE, {"id": public}, actor=actor))["node"] is not None) is visible
    assert (await perform(container, "publishReview", moderator, reviewId=public, reason="It is."))["review"][
        "statusReason"
    ] is None


async def test_pages_in_every_order_show_each_review_once(container: Container) -> None:
    sale = await a_delivery(container, items=7)
    ratings = [3, 5, 1, 5, 3, 1, 4]
    lines = await the_lines(container, sale.order_id)
    made = [
        await on_listing(container, sale, line_id=line.id, rating=rating)
        for line, rating in zip(lines, ratings, strict=True)
    ]
    newest = [encode_id("review", each) for each in reversed(made)]
    stars = dict(zip(newest, reversed(ratings), strict=True))
    expected = {
        "NEWEST": newest,
        "HIGHEST": sorted(newest, key=lambda each: -stars[each]),
        "LOWEST": sorted(newest, key=lambda each: stars[each]),
    }
    for sort, wanted in expected.items():
        assert await walked(container, sale, "first", "after", "endCursor", sort=sort) == wanted
        assert await walked(container, sale, "last", "before", "startCursor", sort=sort) == wanted
    fives = (await listed(container, sale, rating=5))["reviews"]
    assert [node["rating"] for node in fives["nodes"]] == [5, 5]
    assert fives["totalCount"]["value"] == 2


async def walked(container: Container, sale: Sale, size: str, place: str, end: str, **more: Any) -> list[str]:
    """All ids in list order, gone through in pages of three from one end to the other."""
    found: list[str] = []
    cursor = None
    for _ in range(3):
        wanted = {"first": None, size: 3, place: cursor, **more}
        page = (await listed(container, sale, **wanted))["reviews"]
        ids = [node["id"] for node in page["nodes"]]
        found = found + ids if size == "first" else ids + found
        cursor = page["pageInfo"][end]
    return found


async def test_a_cursor_of_another_list_and_a_rating_that_is_none_are_refused(container: Container) -> None:
    sale = await a_delivery(container, items=2)
    for line in await the_lines(container, sale.order_id):
        await on_listing(container, sale, line_id=line.id)
    cursor = (await listed(container, sale, first=1))["reviews"]["pageInfo"]["endCursor"]
    for more, code in (
        ({"after": cursor, "sort": "HIGHEST"}, "CURSOR_MISMATCH"),
        ({"after": cursor, "rating": 5}, "CURSOR_MISMATCH"),
        ({"rating": 6}, "INVALID_INPUT"),
    ):
        variables = {"id": listing_id(sale), **more}
        answer = await SCHEMA.execute(LISTING, variables, context_value=container.context(ANONYMOUS))
        assert answer.errors
        (error,) = answer.errors
        assert isinstance(error.original_error, DomainError)
        assert error.original_error.code == code


async def test_a_list_costs_as_many_statements_whatever_its_length(container: Container, count_sql: SqlCounter) -> None:
    sale = await a_delivery(container, items=6)
    costs = []
    for line in await the_lines(container, sale.order_id):
        await on_listing(container, sale, line_id=line.id)
        with count_sql() as seen:
            await listed(container, sale)
        costs.append(len(seen))
    assert len(set(costs)) == 1, costs


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna Schmidt", "Anna S."),
        ("Anna", "Anna"),
        ("anna von der heide", "anna H."),
        ("anna.schmidt@example.com", "A customer"),
        ("+49 170 1234567", "A customer"),
        ("Anna anna@example.com", "Anna"),
        ("李 雷", "李 雷."),
    ],
)
async def test_a_name_says_no_more_than_it_must(container: Container, name: str, shown: str) -> None:
    sale = await a_delivery(container)
    await change(container, User, sale.buyer.user(), display_name=name)
    await on_listing(container, sale)
    assert (await listed(container, sale))["reviews"]["nodes"][0]["authorName"] == shown


async def test_who_was_erased_has_no_name(container: Container) -> None:
    sale = await a_delivery(container)
    await on_listing(container, sale)
    await change(container, User, sale.buyer.user(), status=UserStatus.ERASED)
    assert (await listed(container, sale))["reviews"]["nodes"][0]["authorName"] == "A former customer"


async def test_a_removed_review_is_gone_for_the_shop(container: Container) -> None:
    sale = await a_delivery(container)
    review_id = await on_listing(container, sale)
    await decide(container, "remove", review_id, await a_moderator(container))
    assert (await order_of(container, sale, sale.seller))["reviews"] == []
    offered = (await order_of(container, sale, sale.buyer))["reviewable"]
    assert [each["kind"] for each in offered] == ["SELLER"], "it cannot be written again"
