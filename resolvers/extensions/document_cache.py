"""Parsed and validated documents by their text, so that a repeated operation skips both steps.

Only valid documents are kept, and nothing that depends on variables or on the viewer: an entry may be used
for anyone.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from graphql import DocumentNode

from resolvers.extensions.costs import KnownPrices
from resolvers.extensions.measures import Measures


@dataclass(frozen=True, slots=True)
class Prepared:
    document: DocumentNode
    measures: Measures
    prices: KnownPrices = field(default_factory=KnownPrices)


class DocumentCache:
    """Least recently used entries go first, by count and by characters of text."""

    def __init__(self, *, entries_max: int, characters_max: int) -> None:
        self._entries_max = entries_max
        self._characters_max = characters_max
        self._characters = 0
        self._entries: OrderedDict[str, Prepared] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, text: str) -> Prepared | None:
        prepared = self._entries.get(text)
        if prepared is not None:
            self._entries.move_to_end(text)
        return prepared

    def put(self, text: str, prepared: Prepared) -> None:
        """Keep a document; one that would fill more than an eighth of the cache is not worth the others it
        drives out.
        """
        length = len(text)
        if length * 8 > self._characters_max or text in self._entries:
            return
        self._entries[text] = prepared
        self._characters += length
        while len(self._entries) > self._entries_max or self._characters > self._characters_max:
            oldest, _ = self._entries.popitem(last=False)
            self._characters -= len(oldest)
