"""Rounding of places: coarse enough to hide a house, and the same wherever one asks from."""

import math
import random

import pytest

from domain.catalog.places import rounded
from domain.search.ports import EARTH_RADIUS_M


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    north = math.radians(one[0] - other[0]) * EARTH_RADIUS_M
    east = math.radians(one[1] - other[1]) * EARTH_RADIUS_M * math.cos(math.radians(one[0]))
    return math.hypot(north, east)


def test_a_place_is_moved_by_less_than_a_kilometre() -> None:
    draw = random.Random(3)
    for _ in range(2_000):
        exact = (draw.uniform(-85, 85), draw.uniform(-179, 179))
        assert metres(exact, rounded(*exact)) < 800


def test_neighbours_within_a_grid_field_have_one_place() -> None:
    assert rounded(52.5201, 13.4051) == rounded(52.5219, 13.4069)
    places = {rounded(52.52 + step / 10_000, 13.4) for step in range(100)}
    assert len(places) == 2


@pytest.mark.parametrize("exact", [(90.0, 0.0), (-90.0, 180.0), (89.999, -180.0), (0.0, 180.0), (0.0, -180.0)])
def test_the_ends_of_the_earth_stay_on_it(exact: tuple[float, float]) -> None:
    latitude, longitude = rounded(*exact)
    assert -90 <= latitude <= 90
    assert -180 <= longitude <= 180


def test_rounding_twice_changes_nothing() -> None:
    for exact in ((52.5201, 13.4051), (-33.8701, 151.2099), (70.123, -20.456)):
        once = rounded(*exact)
        assert metres(once, rounded(*once)) < 20
