"""Slugs: the unique names of shops in addresses."""

import re
import secrets
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

SLUG_MIN: Final = 3
SLUG_MAX: Final = 60
DERIVED_MAX: Final = 6
_RESERVED: Final = frozenset(
    {"about", "account", "admin", "api", "cart", "checkout", "graphql", "help", "login", "new", "search", "seller",
     "sellers", "settings", "shop", "shops", "support", "system"}
)  # fmt: skip
"""Words that a front-end may want for pages of its own."""


_FORM: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def could_be_slug(text: str) -> bool:
    """Whether a shop could have it: anything else need not be asked for, and cannot always be (a NUL)."""
    return len(text) <= SLUG_MAX and re.fullmatch(_FORM, text) is not None


def _free_for_shops(slug: str) -> str:
    if slug in _RESERVED:
        raise ValueError(f"{slug} is reserved")
    return slug


Slug = Annotated[
    str,
    StringConstraints(min_length=SLUG_MIN, max_length=SLUG_MAX, pattern=_FORM),
    AfterValidator(_free_for_shops),
]
"""3 to 60 lower-case letters, digits and single hyphens between them."""


def derived(name: str) -> Iterator[str]:
    """Slugs for a name to try one after the other: its own, then with a random end; DERIVED_MAX in all."""
    folded = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    # An apostrophe joins (anne's -> annes); everything else that is no letter or digit parts.
    stem = re.sub(r"[^a-z0-9]+", "-", folded.replace("'", "")).strip("-")[: SLUG_MAX - 7].rstrip("-")
    if len(stem) >= SLUG_MIN and stem not in _RESERVED:
        yield stem
    for _ in range(DERIVED_MAX - 1):
        yield f"{stem or 'shop'}-{secrets.token_hex(3)}"
