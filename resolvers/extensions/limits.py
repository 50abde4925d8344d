"""How much one operation may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a document and on what it costs.

    Depth, aliases and fields are counted after fragments are expanded. `cost_max` is in the units of `@cost`;
    a list that says nothing about its size counts `list_size_default` items. Cached documents are bounded by
    count and by characters, because a parsed document takes about a hundred times the memory of its text.
    """

    source_length_max: int = 50_000
    tokens_max: int = 5_000
    comments_max: int = 100
    depth_max: int = 20
    aliases_max: int = 30
    fields_max: int = 1_000
    cost_max: int = 5_000
    list_size_default: int = 10
    introspection_cost: int = 50
    cached_documents_max: int = 500
    cached_characters_max: int = 500_000
