"""What the embedded search does when there is too much: it counts some, scales, and says so."""

from domain.search.ports import FacetKind, SearchQuery, SearchSort
from infra.postgres.pools import open_pool
from infra.postgres.search_filters import filters_of
from infra.postgres.search_index import SERVER_SETTINGS, PostgresSearchIndex
from infra.postgres.search_pages import page_statement
from infra.postgres.search_values import Value, Values
from tests.contracts.search_worlds import a_document
from tests.servers import Urls, copy_of_template


async def test_beyond_the_bound_facets_are_estimated_from_some_of_the_documents(urls: Urls) -> None:
    pool = await open_pool(await copy_of_template(urls), 2, SERVER_SETTINGS)
    try:
        index = PostgresSearchIndex(pool, pool, remembered_seconds=0, facet_documents_max=20)
        await index.write([a_document(brand="Hellund") for _ in range(60)] + [a_document("Oak chair", brand="Sedia")])
        for query, estimated, count in ((SearchQuery(), True, 61), (SearchQuery(text="chair"), False, 1)):
            answer = await index.search(query)
            facets = {facet.kind: facet for facet in await index.facets(query, answer.reading)}
            assert facets[FacetKind.CONDITION].estimated is estimated
            assert [value.count for value in facets[FacetKind.CONDITION].values] == [count]
            assert (await index.count(query, answer.reading)).value == count
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
