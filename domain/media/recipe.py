"""Which renditions a picture gets, how large, and what its content is called.

Invariant: everything that decides how a rendition looks is in RECIPE's name: changed rules make other keys, and what
was stored under the old ones stays true.
"""

import hashlib
from typing import Final

RECIPE: Final = "a"
"""Renew it with every change of the widths, the quality or the way in which pictures are made."""
WIDTHS: Final = (160, 480, 960, 1600)
TALL_MAX: Final = 3
"""No rendition is higher than so many times the width that it is made for."""


def content_key(source: bytes) -> str:
    """The name of all that is made of these bytes."""
    return RECIPE + hashlib.sha256(source).hexdigest()[:40]


def height_at(width: int, height: int, rendition_width: int) -> int:
    """How high the rendition of that width is, of an original of `width` by `height`; all in pixels."""
    return max(1, round(height * rendition_width / width))


def rendition_sizes(width: int, height: int) -> list[tuple[int, int]]:
    """(width, height) of each rendition, the narrowest first; at least one, and never larger than the original."""
    found = set()
    for wanted in WIDTHS:
        scale = min(1.0, wanted / width, TALL_MAX * wanted / height)
        found.add(max(1, int(width * scale)))
    return [(each, height_at(width, height, each)) for each in sorted(found)]
