"""What every search index promises: words, filters, facets, sorts, pages, corrections and rewriting.

Filters and facets mean the same in each; how good the order of relevance is, each decides within these bounds.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.catalog.model import Condition, Fulfilment
from domain.inventory.model import StockStatus
from domain.search.ports import (
    AttributeFilter,
    Facet,
    FacetKind,
    Match,
    Near,
    PriceRange,
    SearchAnswer,
    SearchQuery,
    SearchSort,
)
from domain.search.ranking import explained
from domain.shared.paging import CursorMismatch
from tests.contracts.search_worlds import NOON, WORLDS, World, a_document
from tests.servers import Urls

HOSTILE = (
    "'; DROP TABLE search_document; --", '"unclosed phrase', "a & | ! <-> (b", "lamp:*", "\\", "%_", "👩‍🚀🪐",
    "\x00lamp", "\u202elamp", "ß İ ﬁ", "((((((((", "NOT", "*", "~2", "{\"query\": {}}", "lamp" * 2_500,
    "ł" * 10_000, "-" * 10_000, "a " * 5_000, "\ud800",
)  # fmt: skip


ANYWHERE = Near(0, 0, 20_100_000)
"""Orders by distance, and leaves nothing out that has a place."""


@pytest.fixture(params=sorted(WORLDS))
async def world(request: pytest.FixtureRequest, urls: Urls) -> AsyncIterator[World]:
    async with WORLDS[request.param](urls) as made:
        yield made


async def found(world: World, **query: Any) -> list[UUID]:
    return ids(await world.index.search(SearchQuery(**query)))


def ids(answer: SearchAnswer) -> list[UUID]:
    return [hit.listing_id for hit in answer.hits]


async def facets(world: World, **query: Any) -> dict[tuple[FacetKind, str], dict[str, int]]:
    asked = SearchQuery(**query)
    answer = await world.index.search(asked)
    made = await world.index.facets(asked, answer.reading)
    return {(facet.kind, facet.name): counts(facet) for facet in made}


def counts(facet: Facet) -> dict[str, int]:
    return {value.value: value.count for value in facet.values}


async def walked(world: World, query: SearchQuery) -> list[UUID]:
    """All hits, page after page."""
    seen: list[UUID] = []
    for _ in range(100):
        answer = await world.index.search(query)
        seen += ids(answer)
        if not answer.has_next:
            return seen
        query = replace(query, after=answer.hits[-1].position)
    raise AssertionError("the pages do not end")


# Words


async def test_a_listing_is_found_by_words_of_its_title_brand_category_attributes_and_description(world: World) -> None:
    [listing_id] = await world.add(
        a_document(
            "Reading lamp", brand="Hellund", description="For quiet evenings.", attributes=(("material", "Brass"),)
        )
    )
    for text in ("reading", "HELLUND", "evenings", "brass", "lamps home", "hellund evenings brass", "Réading"):
        assert await found(world, text=text) == [listing_id], text
    assert await found(world, text="submarine") == []


async def test_singular_and_plural_are_one_word(world: World) -> None:
    [listing_id] = await world.add(a_document("Trekking tents"))
    assert await found(world, text="tent") == [listing_id]


async def test_numbers_and_hyphens_are_found_as_they_are_typed(world: World) -> None:
    [listing_id] = await world.add(a_document('USB-C/Wi-Fi dock 15.6" 8GB'))
    for text in ("usb-c dock", "usb c", "wi-fi", "15.6", "8gb"):
        assert await found(world, text=text) == [listing_id], text


async def test_words_that_buyers_use_for_the_same_thing_find_the_same(world: World) -> None:
    [listing_id] = await world.add(a_document("Tessel Orbit notebook"))
    assert await found(world, text="laptop") == [listing_id]


async def test_a_word_in_the_title_counts_more_than_in_the_description(world: World) -> None:
    mentioned, named = await world.add(
        a_document("Oak table", description="Goes well with a lantern.", sold=50), a_document("Garden lantern")
    )
    assert await found(world, text="lantern") == [named, mentioned]


async def test_where_no_listing_has_all_words_those_with_some_follow_the_complete_ones(world: World) -> None:
    complete, partial = await world.add(a_document("Red wool blanket"), a_document("Wool blanket", sold=900))
    assert await found(world, text="red blanket") == [complete, partial]
    assert set(await found(world, text="blanket submarine")) == {complete, partial}


async def test_the_last_word_may_be_unfinished(world: World) -> None:
    [listing_id] = await world.add(a_document("Espresso machine"))
    assert await found(world, text="espresso mach") == [listing_id]


async def test_a_misspelt_word_is_put_right_and_the_answer_says_so(world: World) -> None:
    [listing_id] = await world.add(a_document("Wireless headphones"))
    answer = await world.index.search(SearchQuery(text="wireles haedphones"))
    assert ids(answer) == [listing_id]
    assert answer.corrected_text == "wireless headphones"
    assert (await world.index.search(SearchQuery(text="wireless headphones"))).corrected_text is None


async def test_a_word_that_nothing_resembles_stays_as_it_is(world: World) -> None:
    await world.add(a_document())
    answer = await world.index.search(SearchQuery(text="xylophonist"))
    assert (answer.hits, answer.corrected_text) == ((), None)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_text_is_syntax(world: World, text: str) -> None:
    await world.add(a_document())
    answer = await world.index.search(SearchQuery(text=text))
    await world.index.facets(SearchQuery(text=text), answer.reading)
    await world.index.count(SearchQuery(text=text), answer.reading)
    await world.index.suggest(text, 5)
    assert len(await found(world)) == 1


@pytest.mark.parametrize("value", [text for text in HOSTILE if "\x00" not in text and "\ud800" not in text])
async def test_no_filter_value_is_syntax(world: World, value: str) -> None:
    await world.add(a_document())
    filters: dict[str, Any] = {
        "brands": (value,),
        "category_path": value,
        "attributes": (AttributeFilter(value, (value,)),),
    }
    for name, each in filters.items():
        assert await found(world, **{name: each}) == []
        await facets(world, **{name: each})


# Filters


async def test_filters_narrow_and_combine(world: World) -> None:
    lamp, dear, chair, used, sold_out, abroad = await world.add(
        a_document("Lamp", brand="Hellund", attributes=(("colour", "Red"), ("material", "Oak"))),
        a_document("Lamp", brand="Hellund", price_min_minor=90_000, attributes=(("colour", "Blue"),)),
        a_document("Chair", category_paths=("home", "home/chairs"), brand="Sedia"),
        a_document("Lamp", condition=Condition.USED, seller_id=UUID(int=2)),
        a_document("Lamp", stock_status=StockStatus.OUT_OF_STOCK),
        a_document("Lamp", currency="USD"),
    )
    everything = {lamp, dear, chair, used, sold_out, abroad}
    cases: list[tuple[dict[str, Any], set[UUID]]] = [
        ({}, everything),
        ({"category_path": "home/lamps"}, everything - {chair}),
        ({"category_path": "home"}, everything),
        ({"category_path": "hom"}, set()),
        ({"brands": ("Hellund",)}, {lamp, dear}),
        ({"brands": ("Hellund", "Sedia")}, {lamp, dear, chair}),
        ({"conditions": (Condition.USED,)}, {used}),
        ({"seller_id": UUID(int=2)}, {used}),
        ({"in_stock_only": True}, everything - {sold_out}),
        ({"currency": "USD"}, {abroad}),
        ({"price": PriceRange(min_minor=1_001)}, {dear}),
        ({"price": PriceRange(max_minor=1_000), "currency": "EUR"}, everything - {dear, abroad}),
        ({"attributes": (AttributeFilter("colour", ("Red", "Blue")),)}, {lamp, dear}),
        ({"attributes": (AttributeFilter("colour", ("Red",)), AttributeFilter("material", ("Oak",)))}, {lamp}),
        ({"attributes": (AttributeFilter("material", ("Red",)),)}, set()),
        ({"text": "lamp", "brands": ("Hellund",), "price": PriceRange(90_000, 90_000)}, {dear}),
    ]
    for query, expected in cases:
        assert set(await found(world, **query)) == expected, query


# Facets


async def test_what_can_be_had_in_two_ways_is_found_and_counted_in_both(world: World) -> None:
    ship, pickup = Fulfilment.SHIP, Fulfilment.PICKUP
    sent, both, fetched = await world.add(
        *(a_document(fulfilments=ways) for ways in ((ship,), (ship, pickup), (pickup,)))
    )
    assert {*await found(world, fulfilments=(pickup,))} == {both, fetched}
    assert {*await found(world, fulfilments=(ship,))} == {sent, both}
    assert len(await found(world, fulfilments=(ship, pickup))) == 3
    assert (await facets(world, fulfilments=(pickup,)))[FacetKind.FULFILMENT, ""] == {"ship": 2, "pickup": 2}


async def test_a_facet_is_not_narrowed_by_its_own_filter_but_by_all_others(world: World) -> None:
    await world.add(
        a_document(brand="Hellund", attributes=(("colour", "Red"),)),
        a_document(brand="Hellund", attributes=(("colour", "Blue"),), price_min_minor=4_000),
        a_document(brand="Ember", attributes=(("colour", "Red"),), condition=Condition.USED),
        a_document("Chair", category_paths=("home", "home/chairs"), attributes=(("colour", "Red"),)),
    )
    brand, colour, condition, category, price = (
        (FacetKind.BRAND, ""),
        (FacetKind.ATTRIBUTE, "colour"),
        (FacetKind.CONDITION, ""),
        (FacetKind.CATEGORY, ""),
        (FacetKind.PRICE, ""),
    )
    plain = await facets(world)
    assert plain[brand] == {"Hellund": 2, "Ember": 1}
    assert plain[colour] == {"Red": 3, "Blue": 1}
    assert plain[condition] == {"new": 3, "used": 1}
    assert plain[category] == {"home": 4, "home/lamps": 3, "home/chairs": 1}
    assert sum(plain[price].values()) == 4

    hellund = await facets(world, brands=("Hellund",))
    assert hellund[brand] == plain[brand]
    assert hellund[colour] == {"Red": 1, "Blue": 1}
    assert hellund[category] == {"home": 2, "home/lamps": 2}

    red_lamps = await facets(
        world, category_path="home/lamps", attributes=(AttributeFilter("colour", ("Red",)),), text="lamp"
    )
    assert red_lamps[colour] == {"Red": 2, "Blue": 1}
    assert red_lamps[brand] == {"Hellund": 1, "Ember": 1}
    cheap = await facets(world, price=PriceRange(max_minor=2_000))
    assert cheap[price] == plain[price]
    assert cheap[brand] == {"Hellund": 1, "Ember": 1}


async def test_price_ranges_hold_each_listing_once_and_follow_one_another(world: World) -> None:
    prices = (0, 99, 100, 999, 1_000, 5_500, 123_456, 10**12)
    await world.add(*(a_document(price_min_minor=price) for price in prices))
    asked = SearchQuery()
    answer = await world.index.search(asked)
    [facet] = [each for each in await world.index.facets(asked, answer.reading) if each.kind is FacetKind.PRICE]
    assert facet.currency == "EUR"
    for value in facet.values:
        inside = [
            price
            for price in prices
            if (value.min_minor or 0) <= price and (value.max_minor is None or price < value.max_minor)
        ]
        assert value.count == len(inside) > 0
    assert sum(value.count for value in facet.values) == len(prices)


async def test_the_count_is_that_of_all_hits(world: World) -> None:
    await world.add(*(a_document() for _ in range(25)), a_document("Oak chair", category_names=("Home", "Chairs")))
    asked = SearchQuery(text="lamp", first=10)
    answer = await world.index.search(asked)
    total = await world.index.count(asked, answer.reading)
    assert (total.value, total.exact) == (25, True)


# Order and pages


async def test_sorts_order_by_what_they_say(world: World) -> None:
    old, cheap, rated, sold = await world.add(
        a_document(age_days=300, price_min_minor=5_000),
        a_document(age_days=20, price_min_minor=100, rating_millis=2_000, rating_count=9),
        a_document(age_days=10, price_min_minor=7_000, rating_millis=4_800, rating_count=3),
        a_document(age_days=1, price_min_minor=6_000, rating_millis=4_800, rating_count=2, sold=80),
    )
    expected = {
        SearchSort.NEWEST: [sold, rated, cheap, old],
        SearchSort.PRICE_ASC: [cheap, old, sold, rated],
        SearchSort.PRICE_DESC: [rated, sold, old, cheap],
        SearchSort.RATING: [rated, sold, cheap, old],
    }
    for sort, order in expected.items():
        assert await found(world, sort=sort) == order, sort
        assert await found(world, sort=sort, text="lamp") == order, sort
    assert (await found(world, sort=SearchSort.POPULARITY))[0] == sold
    assert (await found(world))[0] == sold


async def test_prices_of_several_currencies_are_not_mixed(world: World) -> None:
    yen, euro, dear = await world.add(
        a_document(currency="JPY", price_min_minor=900),
        a_document(currency="EUR", price_min_minor=1_000),
        a_document(currency="EUR", price_min_minor=2_000),
    )
    assert await found(world, sort=SearchSort.PRICE_ASC) == [euro, dear, yen]
    assert await found(world, sort=SearchSort.PRICE_ASC, currency="EUR") == [euro, dear]


@pytest.mark.parametrize("sort", SearchSort)
@pytest.mark.parametrize("text", ["", "lamp", "lamp submarine"])
async def test_pages_hold_every_hit_once_whatever_comes_meanwhile(world: World, sort: SearchSort, text: str) -> None:
    # Many equals: only the id tells them apart.
    before = await world.add(
        *(
            a_document(
                age_days=number % 3, price_min_minor=number % 4 * 100, sold=number % 2, latitude=number % 3, longitude=9
            )
            for number in range(23)
        )
    )
    query = SearchQuery(text=text, sort=sort, first=5, near=ANYWHERE)
    first = await world.index.search(query)
    await world.add(
        *(
            a_document(age_days=number, price_min_minor=number * 100, latitude=number, longitude=9)
            for number in range(8)
        )
    )
    rest = await walked(world, replace(query, after=first.hits[-1].position))
    seen = ids(first) + rest
    assert len(seen) == len(set(seen))
    assert set(before) <= set(seen)


@pytest.mark.parametrize("sort", SearchSort)
async def test_numbered_pages_are_the_same_pages(world: World, sort: SearchSort) -> None:
    places: list[dict[str, Any]] = [{"latitude": number % 3, "longitude": number % 2} for number in range(13)]
    await world.add(
        *(
            a_document(age_days=number % 3, price_min_minor=number % 4 * 100, **place)
            for number, place in enumerate(places)
        )
    )
    walk = await walked(world, SearchQuery(sort=sort, first=5, near=ANYWHERE))
    pages = [await found(world, sort=sort, first=5, page=number, near=ANYWHERE) for number in (1, 2, 3, 4)]
    assert pages == [walk[:5], walk[5:10], walk[10:], []]


async def test_a_corrected_search_goes_on_as_it_began(world: World) -> None:
    added = await world.add(*(a_document("Wireless headphones") for _ in range(7)))
    assert set(await walked(world, SearchQuery(text="wireles headphons", first=3))) == set(added)


@pytest.mark.parametrize(
    "position",
    [(), ("nonsense",), ("all", "lamp"), ("all", "lamp", "x", "y"), ("everything", "", 1.0, "no id"), ("all", 5, 1, 2)],
)
async def test_a_position_of_something_else_is_refused(world: World, position: tuple[Any, ...]) -> None:
    with pytest.raises(CursorMismatch):
        await world.index.search(SearchQuery(after=position))


async def test_a_score_is_the_sum_of_its_signals(world: World) -> None:
    await world.add(a_document(age_days=40, sold=30, rating_millis=4_700, rating_count=12))
    for text in ("", "lamp", "brass submarine"):
        [hit] = (await world.index.search(SearchQuery(text=text))).hits
        assert sum(each.value * each.weight for each in explained(hit.signals)) == pytest.approx(hit.score, abs=1e-5)
    assert {"recency", "conversion", "rating", "text"} <= set(hit.signals)


# Suggestions


async def test_suggestions_complete_the_last_word_with_what_there_is(world: World) -> None:
    await world.add(
        a_document("Wireless headphones"), a_document("Wireless headset"), a_document("Headphones"), a_document("Wok")
    )
    assert await world.index.suggest("wir", 5) == ["wireless"]
    assert await world.index.suggest("headp", 5) == ["headphones"]
    assert set(await world.index.suggest("wireless hea", 5)) == {"wireless headphones", "wireless headset"}
    assert len(await world.index.suggest("w", 1)) == 1
    assert await world.index.suggest("  ", 5) == []


# Writing


async def test_a_document_is_replaced_by_a_newer_reading_only(world: World) -> None:
    document = a_document("Lamp")
    await world.add(document)
    await world.add(replace(document, title="Lantern", as_of=NOON + timedelta(seconds=2)))
    await world.add(replace(document, title="Lamp again", as_of=NOON + timedelta(seconds=1)))
    assert await found(world, text="lantern") == [document.listing_id]
    assert await found(world, text="lamp again", category_path="home/lamps", brands=("none",)) == []
    await world.index.remove([document.listing_id], NOON + timedelta(seconds=1))
    assert await found(world) == [document.listing_id]
    await world.index.remove([document.listing_id], NOON + timedelta(seconds=2))
    assert await found(world) == []


async def test_a_rebuild_keeps_answering_and_ends_with_what_was_written_since(world: World) -> None:
    stale, kept = await world.add(a_document("Stale lamp"), a_document("Kept lamp"))
    later = NOON + timedelta(hours=1)
    async with world.index.rebuild(later) as making:
        await making.write([a_document("Kept lamp", listing_id=kept, as_of=later)])
        assert stale in await found(world)
        meanwhile = a_document("Other lamp", as_of=later + timedelta(seconds=1))
        await world.add(meanwhile)
    assert set(await found(world)) == {kept, meanwhile.listing_id}


async def test_old_readings_are_told(world: World) -> None:
    old, _ = await world.add(a_document(as_of=NOON - timedelta(days=2)), a_document())
    assert await world.index.older_than(NOON - timedelta(days=1), 10) == [old]


async def test_how_a_text_was_read_is_told(world: World) -> None:
    await world.add(*(a_document() for _ in range(30)))
    cases = {"": Match.EVERYTHING, "brass lamp": Match.ALL, "brass la": Match.PREFIX, "lamp submarine": Match.ANY}
    for text, match in cases.items():
        assert (await world.index.search(SearchQuery(text=text))).reading.match is match, text
