"""Distances in SQL: a box that an index finds, and within it the great circle.

Invariant: the box holds every place within the distance, over the antimeridian and around the poles as well; it only
spares work, the great circle decides.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.search.ports import EARTH_RADIUS_M, Near
from infra.postgres.search_parameters import Parameters

_SLACK_DEGREES: Final = 1e-6
"""A tenth of a metre: more than rounding can lose, so that nothing is lost on the rim of the box."""


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees. `spans` are ranges of longitudes, two where the box lies across the antimeridian; none: all of them."""

    south: float
    north: float
    spans: tuple[tuple[float, float], ...]


def box_around(near: Near) -> Box:
    """The smallest box that holds the circle, and a little."""
    angle = near.within_m / EARTH_RADIUS_M
    reach = math.degrees(angle) + _SLACK_DEGREES
    south, north = near.latitude - reach, near.latitude + reach
    if south <= -90 or north >= 90:
        # A pole is inside: whoever walks around it crosses every meridian.
        return Box(max(south, -90.0), min(north, 90.0), ())
    # The widest point of the circle lies polewards of its centre, where meridians are closer together.
    wide = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(near.latitude))))) + _SLACK_DEGREES
    west, east = near.longitude - wide, near.longitude + wide
    if west < -180:
        return Box(south, north, ((west + 360, 180.0), (-180.0, east)))
    if east > 180:
        return Box(south, north, ((west, 180.0), (-180.0, east - 360)))
    return Box(south, north, ((west, east),))


def distance(near: Near, parameters: Parameters) -> str:
    """Whole metres from there to a document's place (haversine); null without a place."""
    latitude, longitude = (f"{parameters.add(each)}::float8" for each in (near.latitude, near.longitude))
    across = f"sind((latitude - {latitude}) / 2) ^ 2"
    along = f"cosd({latitude}) * cosd(latitude) * sind((longitude - {longitude}) / 2) ^ 2"
    return f"round({2 * EARTH_RADIUS_M} * asin(least(1, sqrt({across} + {along}))))::bigint"


def near_conditions(near: Near, parameters: Parameters) -> Sequence[str]:
    box = box_around(near)
    found = [f"latitude BETWEEN {parameters.add(box.south)}::float8 AND {parameters.add(box.north)}::float8"]
    spans = [
        f"longitude BETWEEN {parameters.add(west)}::float8 AND {parameters.add(east)}::float8"
        for west, east in box.spans
    ]
    if spans:
        found.append(f"({' OR '.join(spans)})")
    return [*found, f"{distance(near, parameters)} <= {parameters.add(near.within_m)}"]
