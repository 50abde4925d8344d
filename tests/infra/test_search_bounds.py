"""What the embedded search does when there is too much: it counts some, drawn at random, scales, and says so."""

import asyncpg

from domain.catalog.model import Condition
from domain.search.model import SearchRow
from domain.search.ports import FacetKind, SearchQuery, SearchSort
from domain.shared.database import table
from infra.postgres.pools import open_pool
from infra.postgres.search_facets import counting_statement
from infra.postgres.search_filters import filters_of
from infra.postgres.search_index import SERVER_SETTINGS, PostgresSearchIndex
from infra.postgres.search_pages import page_statement
from infra.postgres.search_values import Value, Values
from tests.contracts.search_worlds import a_document
from tests.servers import Urls, copy_of_template


async def test_beyond_the_bound_facets_are_estimated_from_some_of_the_documents(urls: Urls) -> None:
    pool = await open_pool(await copy_of_template(urls), 2, SERVER_SETTINGS)
    try:
        index = PostgresSearchIndex(pool, pool, remembered_seconds=0, facet_documents_max=20, everything_max=20)
        await index.write([a_document(brand="Hellund") for _ in range(60)] + [a_document("Oak chair", brand="Sedia")])
        for query, estimated, count in (
            (SearchQuery(), True, 61),
            (SearchQuery(text="lamp"), True, 61),
            (SearchQuery(text="chair"), False, 1),
        ):
            answer = await index.search(query)
            facets = {facet.kind: facet for facet in await index.facets(query, answer.reading)}
            assert facets[FacetKind.CONDITION].estimated is estimated
            assert [value.count for value in facets[FacetKind.CONDITION].values] == [count]
            assert (await index.count(query, answer.reading)).value == count
    finally:
        await pool.close()


HOME, TECH = 767, 23_587
"""One seller has brought 19,353 of the latter in one go."""
_SPREAD = """
INSERT INTO search_document (listing_id, {columns})
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex($2 + number), 12, '0'))::uuid, {columns}
FROM search_document, generate_series(1, $3::int) number WHERE listing_id = $1
"""


async def written_one_after_the_other(pool: asyncpg.Pool, index: PostgresSearchIndex) -> None:
    """All of one category, then all of another; their ids are in the order of writing, as times make them."""
    home = a_document("Brass lamp", category_paths=("home",), brand="Hellund")
    tech = a_document("Desk lamp", category_paths=("tech",))
    await index.write([home, tech])
    columns = ", ".join(column.name for column in table(SearchRow).columns if column.name != "listing_id")
    async with pool.acquire() as connection, connection.transaction():
        for document, after, number in ((home, 0, HOME - 1), (tech, HOME, TECH - 1)):
            await connection.execute(_SPREAD.format(columns=columns), document.listing_id, after, number)
    await pool.execute("ANALYZE search_document")


async def test_counts_stay_near_the_truth_when_listings_of_one_kind_lie_together(urls: Urls) -> None:
    """Else whoever imports many of one kind decides what shops and categories seem to hold."""
    pool = await open_pool(await copy_of_template(urls), 2, SERVER_SETTINGS)
    try:
        index = PostgresSearchIndex(pool, pool, remembered_seconds=0)
        await written_one_after_the_other(pool, index)
        for query, estimated in ((SearchQuery(), False), (SearchQuery(text="lamp"), True)):
            answer = await index.search(query)
            facets = {facet.kind: facet for facet in await index.facets(query, answer.reading)}
            counted = {value.value: value.count for value in facets[FacetKind.CATEGORY].values}
            [condition] = facets[FacetKind.CONDITION].values
            [brand] = facets[FacetKind.BRAND].values
            assert facets[FacetKind.CATEGORY].estimated is estimated
            if estimated:
                assert abs(counted["home"] - HOME) < HOME * 0.2
                assert abs(counted["tech"] - TECH) < TECH * 0.05
                assert abs(sum(counted.values()) - condition.count) <= 1
            else:
                assert counted == {"tech": TECH, "home": HOME}
                assert condition.count == HOME + TECH
            assert brand.count == counted["home"]
    finally:
        await pool.close()


async def test_the_category_asked_for_counts_what_the_page_says_in_all(urls: Urls) -> None:
    """It is known from the page's own matches, and need not be guessed from those of all categories."""
    pool = await open_pool(await copy_of_template(urls), 2, SERVER_SETTINGS)
    try:
        index = PostgresSearchIndex(pool, pool, remembered_seconds=0)
        await written_one_after_the_other(pool, index)
        query = SearchQuery(category_path="home")
        answer = await index.search(query)
        [category] = [each for each in await index.facets(query, answer.reading) if each.kind is FacetKind.CATEGORY]
        counted = {value.value: value.count for value in category.values}
        assert category.estimated
        assert counted["home"] == (await index.count(query, answer.reading)).value == HOME
        assert abs(counted["tech"] - TECH) < TECH * 0.05
    finally:
        await pool.close()


async def test_between_the_bounds_counts_are_scaled_to_the_very_total_that_is_told(urls: Urls) -> None:
    pool = await open_pool(await copy_of_template(urls), 2, SERVER_SETTINGS)
    try:
        index = PostgresSearchIndex(pool, pool, remembered_seconds=0, facet_documents_max=50)
        await index.write([a_document(condition=each) for each in Condition for _ in range(60)])
        query = SearchQuery(text="lamp")
        answer = await index.search(query)
        facets = {facet.kind: facet for facet in await index.facets(query, answer.reading)}
        total = await index.count(query, answer.reading)
        assert total.exact
        assert facets[FacetKind.CATEGORY].values[0].count == total.value == 60 * len(Condition)
        assert len(facets[FacetKind.CONDITION].values) == len(Condition)
    finally:
        await pool.close()


async def test_documents_to_count_are_drawn_in_the_order_of_an_index(urls: Urls) -> None:
    """Else all that match would be read and sorted to draw some of them."""
    pool = await open_pool(await copy_of_template(urls), 2, SERVER_SETTINGS)
    try:
        index, values = PostgresSearchIndex(pool, pool, remembered_seconds=0), Values()
        await written_one_after_the_other(pool, index)
        await pool.execute("VACUUM ANALYZE search_document")
        async with pool.acquire() as connection:
            for query, way in ((SearchQuery(text="lamp"), "Index Scan"), (SearchQuery(), "Index Only Scan")):
                answer = await index.search(query)
                filters = await filters_of(connection, query, answer.reading, values)
                statement, parameters = counting_statement(filters, 1_000)
                plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {statement}", *parameters))
                assert f"{way} using ix_search_document_sample" in plan, plan
                assert "Sort Key: (uuid_hash" not in plan, plan
    finally:
        await pool.close()


async def test_a_dear_category_by_price_is_read_from_its_own_index(urls: Urls) -> None:
    """Else all that is cheaper would be looked at first, and be no part of it."""
    pool = await open_pool(await copy_of_template(urls), 2, SERVER_SETTINGS)
    try:
        index, values = PostgresSearchIndex(pool, pool, remembered_seconds=0), Values()
        cheap = [a_document(price_min_minor=100 + number) for number in range(600)]
        paths = ("tech", "tech/phones", "tech/phones/dear")
        dear = [a_document(category_paths=paths, price_min_minor=90_000 + number) for number in range(60)]
        await index.write([*cheap, *dear])
        async with pool.acquire() as connection:
            await connection.execute("ANALYZE search_document")
            for path in paths[:2]:
                query = SearchQuery(category_path=path, sort=SearchSort.PRICE_ASC, first=5)
                answer = await index.search(query)
                assert [hit.listing_id for hit in answer.hits] == [document.listing_id for document in dear[:5]]
                filters = await filters_of(connection, query, answer.reading, values)
                statement, parameters = page_statement(filters, 6)
                plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {statement}", *parameters))
                assert "_price" in plan, plan
                assert "facet_ids[" in plan.split("Index Cond:")[1].splitlines()[0], plan
            deepest = await index.search(SearchQuery(category_path=paths[2], sort=SearchSort.PRICE_DESC, first=1))
        assert [hit.listing_id for hit in deepest.hits] == [dear[-1].listing_id]
    finally:
        await pool.close()


async def test_who_forgets_numbers_still_answers_all_that_was_asked(urls: Urls) -> None:
    """Else a filter by a value whose number was just forgotten would find nothing."""
    pool = await open_pool(await copy_of_template(urls), 1)
    try:
        wanted = [Value(FacetKind.BRAND, "", name) for name in ("Hellund", "Sedia", "Torv")]
        values = Values(remembered_max=2)
        async with pool.acquire() as connection:
            numbers = await values.numbered(connection, wanted)
            for asked in (wanted[:2], wanted, wanted[1:]):
                assert await values.ids(connection, asked) == {value: numbers[value] for value in asked}
                by_number = {numbers[value]: value for value in asked}
                assert await values.values(connection, by_number) == by_number
    finally:
        await pool.close()
