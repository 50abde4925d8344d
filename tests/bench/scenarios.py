"""What is measured: six things that clients do all day, as GraphQL operations and as tapes for the comparison."""

import itertools
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from domain.shared.actor import ANONYMOUS, Actor
from domain.shared.ids import encode_id
from resolvers.schema import build_schema
from tests.bench.load import request
from tests.bench.offers import products_of_many
from tests.bench.tape import KEY, Recorder, Tape
from tests.journeys.shoppers import Goods, Shopper, goods_to_buy, shoppers

PAGES: Final = 100
"""How many different listings, categories or words are asked for in turn."""
SHOPPERS: Final = 64
PAIRS: Final = 20
"""Of goods that are bought together."""
GOODS_EACH: Final = 3
ADDS_MAX: Final = 80
"""A cart line holds 99; whoever has put in this many of each is not asked again."""
PRICE: Final = "{ amountMinor currency formatted }"

PRODUCT_PAGE: Final = f"""query ProductPage($id: ID!) {{ listing(id: $id) {{
    id title description brand condition rating ratingCount category {{ name path }}
    seller {{ id name slug country rating ratingCount }}
    variants {{ id sku title options {{ name value }} price {PRICE} stockStatus }} }} }}"""
CARD: Final = f"""listingId title brand condition stockStatus rating publishedAt
    price {{ lowest {PRICE} highest {PRICE} }} shop {{ sellerId name slug rating }}"""
LISTING_PAGE: Final = f"""query ListingPage($path: String!) {{
    search(filter: {{ categoryPath: $path }}, sort: NEWEST, first: 20) {{
        nodes {{ {CARD} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
FACETED_SEARCH: Final = f"""query FacetedSearch($text: String!) {{ search(text: $text, first: 20) {{
    nodes {{ {CARD} }} pageInfo {{ hasNextPage endCursor }} totalCount {{ value exact }}
    facets {{ kind name label values {{ value label count }} }} }} }}"""
OFFERS: Final = f"""query Offers($product: ID!) {{ product(id: $product) {{ id title
    offers(first: 50, shipTo: "DE") {{ nodes {{ listingId variantId condition stockStatus rank winsBuyBox score
        price {PRICE} landedPrice {PRICE} delivery {{ daysMin daysMax price {PRICE} }}
        shop {{ sellerId name slug rating }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
ADD_TO_CART: Final = f"""mutation AddToCart($input: AddToCartInput!) {{ addToCart(input: $input) {{ __typename
    ... on AddToCartSuccess {{ cart {{ id version quantity total {PRICE} warnings {{ __typename }}
        groups {{ sellerId total {PRICE} lines {{ id title quantity unitPrice {PRICE} total {PRICE} }} }} }} }}
    ... on UserError {{ code message }} }} }}"""
CHECKOUT: Final = f"""mutation Buy($input: CheckoutInput!) {{ checkout(input: $input) {{ __typename
    ... on CheckoutSuccess {{ checkout {{ id status total {PRICE} orders {{ id number status total {PRICE} }} }} }}
    ... on UserError {{ code message }} }} }}"""


@dataclass
class Scenario(ABC):
    """`product` and `baseline` give fresh requests for one run; both bring the same load in the same order."""

    name: str
    tapes: dict[str, Tape] = field(default_factory=dict)

    @abstractmethod
    async def record(self, recorder: Recorder, catalogue: "Catalogue") -> None:
        """Play what the product does once, and keep the tape of it."""

    @abstractmethod
    async def requests(self, catalogue: "Catalogue", *, product: bool) -> Iterator[bytes]:
        """What is sent, to the product or to the baseline."""


@dataclass
class Catalogue:
    """What there is to ask for and to buy; `url` is the database's."""

    url: str
    listings: list[str]
    paths: list[str]
    words: list[str]
    goods: list[Goods]
    products: list[str]

    @classmethod
    async def of(cls, url: str) -> "Catalogue":
        connection = await asyncpg.connect(url)
        try:
            rows = await connection.fetch("SELECT id FROM listing WHERE status = 'active' ORDER BY id LIMIT $1", PAGES)
            paths = await connection.fetch("SELECT path FROM category ORDER BY path LIMIT $1", PAGES)
            words = await connection.fetch("SELECT term FROM search_term ORDER BY documents DESC, term LIMIT $1", PAGES)
        finally:
            await connection.close()
        goods = await goods_to_buy(url, PAGES)
        products = await products_of_many(url)
        listings = [encode_id("listing", row["id"]) for row in rows]
        return cls(url, listings, [row["path"] for row in paths], [row["term"] for row in words], goods, products)


@dataclass
class Reading(Scenario):
    """A query without a viewer, asked with many values of its one variable in turn."""

    document: str = ""
    variable: str = ""

    def values(self, catalogue: Catalogue) -> list[str]:
        return {
            "id": catalogue.listings,
            "path": catalogue.paths,
            "text": catalogue.words,
            "product": catalogue.products,
        }[self.variable]

    async def record(self, recorder: Recorder, catalogue: Catalogue) -> None:
        values = self.values(catalogue)
        for number, value in enumerate([values[0], *values], -1):
            # The first is recorded over again: connections do a little more when they are new.
            variables = {self.variable: value}
            self.tapes[f"{self.name} {max(number, 0)}"] = await play(recorder, self.document, variables, ANONYMOUS)

    async def requests(self, catalogue: Catalogue, *, product: bool) -> Iterator[bytes]:
        if product:
            bodies = ({"query": self.document, "variables": {self.variable: v}} for v in self.values(catalogue))
            return itertools.cycle([request("/graphql", body) for body in bodies])
        return itertools.cycle([request("/play", {"tape": name}) for name in self.tapes])


@dataclass
class AddingToCart(Scenario):
    """Buyers who put one more of what they have into their carts."""

    recorded: list[Shopper] = field(default_factory=list)

    async def record(self, recorder: Recorder, catalogue: Catalogue) -> None:
        # The last tape stands: connections do a little more when they are new.
        for _ in range(2):
            self.recorded = await shoppers(catalogue.url, [catalogue.goods[:GOODS_EACH]])
            variables = self._variables(self.recorded[0], 0)
            self.tapes[self.name] = await play(recorder, ADD_TO_CART, variables, self.recorded[0].actor)

    async def requests(self, catalogue: Catalogue, *, product: bool) -> Iterator[bytes]:
        carts = [catalogue.goods[number % 20 : number % 20 + GOODS_EACH] for number in range(SHOPPERS)]
        people = await shoppers(catalogue.url, carts)
        bodies = [
            (ADD_TO_CART, self._variables(each, number), self.recorded[0].ids(each), each.token)
            for number in range(GOODS_EACH)
            for each in people
        ]
        made = [self._request(*body, product=product) for body in bodies]
        return itertools.chain.from_iterable(itertools.repeat(made, ADDS_MAX))

    def _variables(self, shopper: Shopper, number: int) -> dict[str, Any]:
        return {"input": {"variantId": encode_id("variant", shopper.goods[number].variant_id), "quantity": 1}}

    def _request(
        self, document: str, variables: dict[str, Any], ids: dict[str, str], token: str, *, product: bool
    ) -> bytes:
        if product:
            return request("/graphql", {"query": document, "variables": variables}, token=token)
        return request("/play", {"tape": self.name, "ids": ids})


@dataclass
class CheckingOut(Scenario):
    """Whole purchases, each of a cart with two lines: quoted, reserved, authorized, captured, booked.

    The replay books what was recorded, so both sides buy the same PAIRS of goods, in turn.
    """

    recorded: list[Shopper] = field(default_factory=list)
    count: int = 400

    async def record(self, recorder: Recorder, catalogue: Catalogue) -> None:
        pairs = [self._goods(catalogue, number) for number in range(PAIRS)]
        # The first is recorded over again: connections do a little more when they are new.
        people = await shoppers(catalogue.url, [pairs[0], *pairs])
        self.recorded = people[1:]
        for number, each in enumerate(people, -1):
            variables = {"input": checkout_input(each, KEY)}
            self.tapes[f"{self.name} {max(number, 0)}"] = await play(recorder, CHECKOUT, variables, each.actor)

    async def requests(self, catalogue: Catalogue, *, product: bool) -> Iterator[bytes]:
        chosen = random.Random(7)
        people = await shoppers(catalogue.url, [self._goods(catalogue, number) for number in range(self.count)])
        if not product:
            tapes = [
                {"tape": f"{self.name} {number % PAIRS}", "ids": self.recorded[number % PAIRS].ids(each)}
                for number, each in enumerate(people)
            ]
            return iter([request("/play", tape) for tape in tapes])
        keys = [f"{chosen.getrandbits(128):032x}" for _ in people]
        inputs = [checkout_input(each, key) for each, key in zip(people, keys, strict=True)]
        return iter(
            [
                request("/graphql", {"query": CHECKOUT, "variables": {"input": given}}, token=each.token)
                for each, given in zip(people, inputs, strict=True)
            ]
        )

    def _goods(self, catalogue: Catalogue, number: int) -> list[Goods]:
        first = 2 * (number % PAIRS)
        return catalogue.goods[first : first + 2]


def checkout_input(shopper: Shopper, key: str) -> dict[str, Any]:
    """Paid by a card that works, whatever it costs."""
    return {
        "idempotencyKey": key,
        "cartVersion": 1,
        "expectedTotalMinor": 10_000_000,
        "addressId": shopper.address,
        "paymentMethod": "pm_card_visa",
    }


async def play(recorder: Recorder, document: str, variables: dict[str, Any], actor: Actor) -> Tape:
    """One operation, and all that it asked of the database and of the provider."""
    async with recorder.on() as tape:
        context = recorder.container.context(actor)
        result = await _SCHEMA.execute(document, variable_values=variables, context_value=context)
    assert not result.errors, result.errors
    assert "'code'" not in str(result.data), result.data
    return tape


_SCHEMA: Final = build_schema()


def scenarios() -> list[Scenario]:
    return [
        Reading("product page", document=PRODUCT_PAGE, variable="id"),
        Reading("listing page of 20", document=LISTING_PAGE, variable="path"),
        Reading("faceted search", document=FACETED_SEARCH, variable="text"),
        Reading("offers of 50 sellers", document=OFFERS, variable="product"),
        AddingToCart("add to cart"),
        CheckingOut("whole checkout"),
    ]
