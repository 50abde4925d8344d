"""Words of texts and queries: one way to cut them for both, so that what is written is found.

Invariant: what comes out holds letters, digits and the points of decimal numbers only. No character with a meaning in
a query language survives, whatever was typed.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from domain.search.ports import TEXT_MAX

QUERY_WORDS_MAX: Final = 12
WORD_MAX: Final = 40

_SEPARATORS: Final = re.compile(r"[^\w.,]|_|[.,](?!\d)|(?<!\d)[.,]")
_LETTERS: Final = re.compile(r"[^\W\d_]{3,40}")

_GROUPS: Final = (
    ("laptop", "notebook"),
    ("tv", "television"),
    ("phone", "smartphone"),
    ("headphones", "headset", "earphones"),
    ("earbuds", "earphones"),
    ("bike", "bicycle"),
    ("ebike", "electric bike"),
    ("sofa", "couch"),
    ("flashlight", "torch"),
    ("fridge", "refrigerator"),
    ("sneakers", "trainers"),
    ("trousers", "pants"),
    ("jumper", "sweater", "pullover"),
    ("backpack", "rucksack"),
    ("duvet", "comforter"),
    ("puzzle", "jigsaw"),
    ("pan", "skillet"),
    ("display", "monitor"),
    ("powerbank", "power bank"),
)
"""Words that buyers use for the same thing. Singular: the stemmer takes care of the plural.

Words that mean other things as well (`light`, `mobile`) are left out: they bring more wrong hits than right ones.
"""


def _neighbours() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for group in _GROUPS:
        for word in group:
            forms = (word, f"{word}s") if not word.endswith("s") else (word, word.removesuffix("s"))
            for form in forms:
                found.setdefault(form, []).extend(other for other in group if other != word)
    return {word: tuple(dict.fromkeys(others)) for word, others in found.items()}


SYNONYMS: Final = _neighbours()
"""Word -> what else it may be called; some of them are two words."""


def normalised(text: str) -> str:
    """Lower case, without accents, words apart by single spaces. `Wi-Fi 6E, 15.6"` -> `wi fi 6e 15.6`."""
    plain = text.casefold()
    if not plain.isascii():
        folded = unicodedata.normalize("NFKD", plain)
        plain = "".join(character for character in folded if not unicodedata.combining(character))
    return " ".join(_SEPARATORS.sub(" ", plain).split())


def query_words(text: str) -> list[str]:
    """The words of a query, each once: at most QUERY_WORDS_MAX of the first TEXT_MAX characters."""
    words = dict.fromkeys(word[:WORD_MAX] for word in normalised(text[:TEXT_MAX]).split())
    return list(words)[:QUERY_WORDS_MAX]


def terms_of(*texts: str) -> list[str]:
    """The words worth suggesting and correcting towards: of letters only, each once."""
    return sorted({word for text in texts for word in normalised(text).split() if _LETTERS.fullmatch(word)})


def deletions(word: str) -> set[str]:
    """The word itself, and what is left of it without one letter, or without two from six letters on."""
    once = {word[:place] + word[place + 1 :] for place in range(len(word))}
    if len(word) < 6:
        return {word, *once}
    return {word, *once, *(each[:place] + each[place + 1 :] for each in once for place in range(len(each)))}


def distance(one: str, other: str) -> int:
    """Edits from one word to the other: insertion, deletion, substitution, swap of neighbours."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, left in enumerate(one, 1):
        current = [row]
        for column, right in enumerate(other, 1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (left != right))
            if row > 1 and column > 1 and left == other[column - 2] and one[row - 2] == right:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, last = last, current
    return last[-1]


def edits_allowed(word: str) -> int:
    """How far a correction may be from what was typed: short words have too many neighbours."""
    return 0 if len(word) < 4 else 1 if len(word) < 6 else 2
