"""What the embedded search does when there is too much: it counts some, scales, and says so."""

from domain.search.ports import FacetKind, SearchQuery
from infra.postgres.pools import open_pool
from infra.postgres.search_index import SERVER_SETTINGS, PostgresSearchIndex
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
