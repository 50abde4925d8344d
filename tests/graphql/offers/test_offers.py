"""Offers over GraphQL: destinations, pages, who is told why, and the number of statements."""

from typing import Any

from app.container import Container
from domain.catalog.model import Product
from domain.catalog.reads import public_listings_by_ids
from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.database import Tx
from domain.shared.ids import encode_id, new_id
from domain.users.addresses import AddAddress, add_address
from tests.counting import SqlCounter
from tests.domain.offers.test_comparing import a_product, offered
from tests.graphql.execution import execute, refused
from tests.makers import OnSale, a_buyer, a_category, a_payment_account, a_seller, a_shipping_rate, on_sale

OFFERS = """
query Offers($id: ID!, $first: Int, $after: String, $sort: OfferSort! = BEST, $condition: Condition, $shipTo: String) {
  product(id: $id) {
    title
    offers(first: $first, after: $after, sort: $sort, condition: $condition, shipTo: $shipTo) {
      nodes {
        listingId variantId title condition stockStatus country estimated rank winsBuyBox score taxIncluded
        price { amountMinor } tax { amountMinor } landedPrice { amountMinor currency }
        delivery { name daysMin daysMax price { amountMinor } }
        shop { sellerId name rating } signals { signal points weight contribution }
        reasons { kind actual compared }
      }
      pageInfo { hasNextPage endCursor }
      totalCount { value exact }
    }
    buyBox(condition: $condition, shipTo: $shipTo) {
      considered currency condition winner { listingId reasons { kind actual compared } }
    }
  }
}
"""
STANDING = """
query Standing($id: ID!, $shipTo: String) {
  seller { offerStanding(listingId: $id, shipTo: $shipTo) { ...Standing } }
  listing(id: $id) { buyBox(shipTo: $shipTo) { ...Standing } }
}
fragment Standing on OfferStanding {
  country rank considered wins price { amountMinor } landedPrice { amountMinor } winningLandedPrice { amountMinor }
  priceToWin { amountMinor } reasons { kind actual compared message } signals { signal value }
}
"""


async def two_offers(container: Container) -> tuple[str, tuple[Actor, OnSale], tuple[Actor, OnSale]]:
    """A product, and two sellers with their listings of it: 10.00 and 12.00 EUR, sent everywhere for 5.00 EUR."""
    category_id, product_id = await a_category(container), new_id()

    async def step(tx: Tx) -> None:
        await tx.add(Product(id=product_id, category_id=category_id, title="Lamp", created_at=tx.now))

    await container.ports.db.run(step)
    made = []
    asked: dict[str, Any]
    for price_minor in (1_000, 1_200):
        seller = await a_seller(container)
        await a_payment_account(container, seller.seller())
        await a_shipping_rate(container, seller.seller())
        asked = {"price_minor": price_minor, "category_id": category_id, "product_id": product_id}
        made.append((seller, await on_sale(container, seller.seller(), **asked)))
    return encode_id("product", product_id), made[0], made[1]


async def product(container: Container, actor: Actor = ANONYMOUS, **variables: Any) -> Any:
    return (await execute(container, OFFERS, variables, actor=actor))["product"]


async def test_a_product_shows_its_offers_with_prices_delivered_and_the_winner(container: Container) -> None:
    id_, (_, cheap), (_, dear) = await two_offers(container)
    found = await product(container, id=id_)
    first, second = found["offers"]["nodes"]
    assert [first["listingId"], second["listingId"]] == [
        encode_id("listing", each.listing_id) for each in (cheap, dear)
    ]
    assert first["landedPrice"] == {"amountMinor": 1_500, "currency": "EUR"}
    assert first["delivery"]["price"]["amountMinor"] == 500
    assert (first["delivery"]["daysMin"], first["delivery"]["daysMax"]) == (4, 7)
    assert (first["rank"], first["winsBuyBox"], second["rank"], second["winsBuyBox"]) == (1, True, 2, False)
    assert first["score"] == sum(each["contribution"] for each in first["signals"])
    assert found["offers"]["totalCount"] == {"value": 2, "exact": True}
    box = found["buyBox"]
    assert (box["considered"], box["currency"], box["condition"]) == (2, "EUR", "NEW")
    assert box["winner"]["listingId"] == first["listingId"]
    assert box["winner"]["reasons"][0] == {"kind": "LOWEST_PRICE", "actual": 1_500, "compared": 1_700}


async def test_pages_go_on_and_belong_to_their_list(container: Container) -> None:
    id_, _, (_, dear) = await two_offers(container)
    page = (await product(container, id=id_, first=1))["offers"]
    assert page["pageInfo"]["hasNextPage"]
    cursor = page["pageInfo"]["endCursor"]
    rest = (await product(container, id=id_, first=1, after=cursor))["offers"]
    assert [node["listingId"] for node in rest["nodes"]] == [encode_id("listing", dear.listing_id)]
    assert not rest["pageInfo"]["hasNextPage"]
    for other in ({"sort": "PRICE"}, {"condition": "NEW"}, {"shipTo": "FR"}):
        assert await refused(container, OFFERS, {"id": id_, "after": cursor, **other}) == "CURSOR_MISMATCH"
    assert await refused(container, OFFERS, {"id": id_, "shipTo": "Germany"}) == "INVALID_INPUT"


async def test_it_goes_where_it_is_asked_for_else_home_else_to_each_shops_country(container: Container) -> None:
    id_, _, _ = await two_offers(container)
    buyer = await a_buyer(container)
    home = AddAddress(name="Ann", line1="1 High Street", city="Dublin", country="IE")
    await add_address(home, actor=buyer, db=container.ports.db)

    async def where(actor: Actor, **more: str) -> set[str]:
        return {each["country"] for each in (await product(container, actor, id=id_, **more))["offers"]["nodes"]}

    assert await where(buyer, shipTo="FR") == {"FR"}
    assert await where(buyer) == {"IE"}
    assert await where(ANONYMOUS) == {"DE"}
    assert await where(await a_buyer(container)) == {"DE"}


async def test_why_an_offer_loses_is_its_shops_affair(container: Container) -> None:
    id_, (winner, _), (loser, dear) = await two_offers(container)
    for actor, told in ((ANONYMOUS, False), (winner, False), (loser, True)):
        nodes = (await product(container, actor, id=id_))["offers"]["nodes"]
        assert (nodes[1]["reasons"] is not None) is told
        assert nodes[0]["reasons"] is not None
    asked = {"id": encode_id("listing", dear.listing_id)}
    found = await execute(container, STANDING, asked, actor=loser)
    standing = found["seller"]["offerStanding"]
    assert found["listing"]["buyBox"] == standing
    assert (standing["rank"], standing["considered"], standing["wins"], standing["country"]) == (2, 2, False, "DE")
    [reason] = standing["reasons"]
    assert (reason["kind"], reason["actual"], reason["compared"]) == ("ABOVE_PRICE_BAND", 1_700, 1_575)
    assert reason["message"] == "It costs 17.00 EUR delivered; with more than 15.75 EUR no offer can win."
    # As fast and as well rated as the other, which was listed first.
    assert standing["priceToWin"] == {"amountMinor": 999}
    assert standing["winningLandedPrice"] == {"amountMinor": 1_500}
    other = await execute(container, STANDING, asked, actor=winner)
    assert (other["seller"]["offerStanding"], other["listing"]["buyBox"]) == (None, None)


async def test_any_number_of_sellers_costs_the_same_statements(container: Container, count_sql: SqlCounter) -> None:
    """The product, the viewer's country, the candidates, the rates, the taxes, the listings and their pictures."""
    id_, (_, sale), _ = await two_offers(container)
    buyer = await a_buyer(container)
    counts = []
    for more in (0, 9):
        for _ in range(more):
            await another_of(container, sale)
        with count_sql() as seen:
            nodes = await nodes_alone(container, id_, buyer)
        assert len(nodes) == 2 + more
        assert all(node["listing"]["id"] == node["listingId"] for node in nodes)
        counts.append(len(seen))
    assert counts == [7, 7]


async def nodes_alone(container: Container, id_: str, actor: Actor) -> Any:
    document = "query($id: ID!) { product(id: $id) { offers(first: 100) { nodes { ...Offered } } } } "
    document += "fragment Offered on Offer { rank listingId shop { name } listing { id images(first: 1) { altText } } }"
    return (await execute(container, document, {"id": id_}, actor=actor))["product"]["offers"]["nodes"]


async def another_of(container: Container, sale: OnSale) -> None:
    """The same product from another shop."""
    known = (await public_listings_by_ids(container.reads, [sale.listing_id]))[sale.listing_id]
    await on_sale(container, category_id=known.category_id, product_id=known.product_id)


async def test_any_number_of_products_costs_the_same_statements(container: Container, count_sql: SqlCounter) -> None:
    async def count(products: int) -> int:
        made = [await a_product(container) for _ in range(products)]
        for product in made:
            for _ in range(2):
                await offered(container, product)
        fields = 'buyBox(shipTo: "IS") { winner { listingId } } offers(shipTo: "IS", first: 5) { nodes { listingId } }'
        asked = " ".join(
            f'p{place}: product(id: "{encode_id("product", product[0])}") {{ {fields} }}'
            for place, product in enumerate(made)
        )
        with count_sql() as seen:
            found = await execute(container, f"{{ {asked} }}")
        assert all(len(each["offers"]["nodes"]) == 2 for each in found.values())
        return len(seen)

    assert await count(2) == await count(7)
