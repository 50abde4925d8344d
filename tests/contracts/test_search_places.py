"""What every search index promises about places: the circle is a circle everywhere on earth, and counts follow it."""

import math
import random
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from domain.search.ports import EARTH_RADIUS_M, FacetKind, Near, SearchQuery, SearchSort, Total
from tests.contracts.search_worlds import WORLDS, World, a_document
from tests.servers import Urls

BERLIN, POTSDAM, HAMBURG = (52.52, 13.405), (52.4, 13.06), (53.55, 9.99)


@pytest.fixture(params=sorted(WORLDS))
async def world(request: pytest.FixtureRequest, urls: Urls) -> AsyncIterator[World]:
    async with WORLDS[request.param](urls) as made:
        yield made


async def at(world: World, *places: tuple[float, float]) -> list[UUID]:
    """A document at each place."""
    return await world.add(*(a_document(latitude=latitude, longitude=longitude) for latitude, longitude in places))


async def near(world: World, place: tuple[float, float], km: float) -> list[tuple[UUID, int | None]]:
    """Hits and their distances, the nearest first."""
    query = SearchQuery(near=Near(*place, round(km * 1_000)), sort=SearchSort.DISTANCE, first=100)
    return [(hit.listing_id, hit.distance_m) for hit in (await world.index.search(query)).hits]


def great_circle(one: tuple[float, float], other: tuple[float, float]) -> float:
    """By the law of cosines: another way than the adapter's."""
    a, b = (tuple(math.radians(degrees) for degrees in place) for place in (one, other))
    cosine = math.sin(a[0]) * math.sin(b[0]) + math.cos(a[0]) * math.cos(b[0]) * math.cos(a[1] - b[1])
    return EARTH_RADIUS_M * math.acos(max(-1.0, min(1.0, cosine)))


async def test_what_lies_in_the_circle_is_found_the_nearest_first(world: World) -> None:
    berlin, potsdam, hamburg = await at(world, BERLIN, POTSDAM, HAMBURG)
    await world.add(a_document("A lamp of no place"))
    assert [id_ for id_, _ in await near(world, BERLIN, 50)] == [berlin, potsdam]
    assert await near(world, BERLIN, 0.1) == [(berlin, 0)]
    found = dict(await near(world, BERLIN, 300))
    assert set(found) == {berlin, potsdam, hamburg}
    assert found[hamburg] == pytest.approx(255_000, rel=0.01)


async def test_without_a_place_to_be_near_to_there_is_no_distance(world: World) -> None:
    await at(world, BERLIN)
    [hit] = (await world.index.search(SearchQuery())).hits
    assert hit.distance_m is None


@pytest.mark.parametrize(
    ("centre", "inside", "outside"),
    [
        ((-17.0, 179.9), [(-17.0, -179.9), (-17.1, 179.5)], [(-17.0, -178.0), (-17.0, 0.0)]),
        ((-17.0, -179.9), [(-17.0, 179.9)], [(-17.0, 178.0)]),
        ((89.9, 0.0), [(89.9, 180.0), (89.8, -90.0), (90.0, 45.0)], [(89.0, 0.0)]),
        ((-89.9, 10.0), [(-89.9, -170.0), (-90.0, 0.0)], [(-88.9, 10.0)]),
        ((90.0, 0.0), [(89.8, 123.0)], [(89.0, 123.0), (-90.0, 0.0)]),
        ((0.0, 180.0), [(0.0, -180.0), (0.3, 180.0)], [(1.0, 180.0)]),
        ((70.0, 20.0), [(70.0, 21.0)], [(70.0, 22.0)]),
    ],
)
async def test_the_circle_goes_over_the_antimeridian_and_around_the_poles(
    world: World, centre: tuple[float, float], inside: list[tuple[float, float]], outside: list[tuple[float, float]]
) -> None:
    wanted = await at(world, *inside)
    await at(world, *outside)
    assert {id_ for id_, _ in await near(world, centre, 50)} == set(wanted)


async def test_the_circle_is_the_great_circle_everywhere(world: World) -> None:
    draw = random.Random(11)
    places = [(draw.uniform(-90, 90), draw.uniform(-180, 180)) for _ in range(60)]
    places += [(draw.choice([90, -90, 89.99, -89.99]), draw.uniform(-180, 180)) for _ in range(10)]
    places += [(draw.uniform(-90, 90), draw.choice([180, -180, 179.99, -179.99])) for _ in range(10)]
    known = dict(zip(await at(world, *places), places, strict=True))
    for _ in range(25):
        centre, km = draw.choice(places), draw.choice([1, 50, 800, 5_000, 12_000, 20_100])
        centre = (max(-90, min(90, centre[0] + draw.uniform(-1, 1))), centre[1])
        distances = {id_: great_circle(centre, place) for id_, place in known.items()}
        found = await near(world, centre, km)
        # What lies within some metres of the rim may be on either side: the other formula rounds otherwise.
        rim = {id_ for id_, far in distances.items() if abs(far - km * 1_000) < 5}
        assert {id_ for id_, _ in found} - rim == {id_ for id_, far in distances.items() if far <= km * 1_000} - rim
        assert [far for _, far in found] == sorted(far for _, far in found if far is not None)
        for id_, far in found:
            assert far == pytest.approx(distances[id_], abs=5)


async def test_counts_and_facets_are_of_what_lies_in_the_circle(world: World) -> None:
    await world.add(
        a_document(brand="Here", latitude=BERLIN[0], longitude=BERLIN[1]),
        a_document(brand="Near", latitude=POTSDAM[0], longitude=POTSDAM[1]),
        a_document(brand="Far", latitude=HAMBURG[0], longitude=HAMBURG[1]),
        a_document(brand="Nowhere"),
    )
    query = SearchQuery(near=Near(*BERLIN, 50_000), brands=("Here",))
    answer = await world.index.search(query)
    assert len(answer.hits) == 1
    assert await world.index.count(query, answer.reading) == Total(1, exact=True)
    facets = {facet.kind: facet for facet in await world.index.facets(query, answer.reading)}
    assert {value.value: value.count for value in facets[FacetKind.BRAND].values} == {"Here": 1, "Near": 1}


async def test_a_document_may_move_and_lose_its_place(world: World) -> None:
    [listing_id] = await at(world, BERLIN)
    for place, found in ((HAMBURG, 1), ((None, None), 0), (HAMBURG, 1)):
        await world.add(a_document(listing_id=listing_id, latitude=place[0], longitude=place[1]))
        assert len(await near(world, HAMBURG, 10)) == found
        assert await near(world, BERLIN, 10) == []
