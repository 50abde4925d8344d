"""Depth, aliases and fields of a document, counted in one linear walk.

Each fragment is measured once and remembered. Expanding fragments as they are met is exponential: twelve
fragments that each spread the next one three times are half a million fields from 700 bytes of text.
"""

from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from resolvers.extensions.limits import Limits
from resolvers.extensions.refusals import over_limit

# Selection sets within selection sets, through inline fragments and spreads too: bounds this walk's own
# recursion.
NESTING_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Measures:
    """Of all operations of a document together; the depth is the deepest one's."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    introspects: bool = False

    def beside(self, other: "Measures") -> "Measures":
        return Measures(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.fields + other.fields,
            self.introspects or other.introspects,
        )


_NOTHING: Final = Measures()


class NestedTooDeep(Exception):
    """The document nests selection sets deeper than `NESTING_MAX`."""


def measure(document: DocumentNode) -> Measures:
    """Measure a parsed document, valid or not: unknown and circular fragments count as empty.

    Raises `NestedTooDeep`.
    """
    walk = _Walk(document)
    total = _NOTHING
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            total = total.beside(walk.selections(definition.selection_set, 1))
    return total


def excess(document: DocumentNode, limits: Limits) -> tuple[Measures, GraphQLError | None]:
    """The measures of a document, and the refusal if one of them is over its limit."""
    try:
        found = measure(document)
    except NestedTooDeep:
        return _NOTHING, over_limit("depth", limits.depth_max, "The document is nested too deeply.")
    for name, value, maximum in (
        ("depth", found.depth, limits.depth_max),
        ("aliases", found.aliases, limits.aliases_max),
        ("fields", found.fields, limits.fields_max),
    ):
        if value > maximum:
            # The value itself may have hundreds of digits, so it is not printed.
            return found, over_limit(name, maximum, f"The document has more {name} than the {maximum} allowed.")
    return found, None


class _Walk:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[str, Measures] = {}

    def selections(self, selection_set: SelectionSetNode, nesting: int) -> Measures:
        if nesting > NESTING_MAX:
            raise NestedTooDeep
        depth = aliases = fields = 0
        introspects = False
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                found = self._field(selection, nesting)
            elif isinstance(selection, InlineFragmentNode):
                found = self.selections(selection.selection_set, nesting + 1)
            elif isinstance(selection, FragmentSpreadNode):
                found = self._fragment(selection.name.value, nesting)
            else:
                continue
            depth = max(depth, found.depth)
            aliases += found.aliases
            fields += found.fields
            introspects = introspects or found.introspects
        return Measures(depth, aliases, fields, introspects)

    def _field(self, node: FieldNode, nesting: int) -> Measures:
        below = self.selections(node.selection_set, nesting + 1) if node.selection_set else _NOTHING
        return Measures(
            below.depth + 1,
            below.aliases + (node.alias is not None),
            below.fields + 1,
            below.introspects or node.name.value in ("__schema", "__type"),
        )

    def _fragment(self, name: str, nesting: int) -> Measures:
        measured = self._measured.get(name)
        if measured is None:
            fragment = self._fragments.get(name)
            if fragment is None:
                return _NOTHING
            self._measured[name] = _NOTHING  # a fragment that leads back to itself adds nothing more
            measured = self.selections(fragment.selection_set, nesting + 1)
            self._measured[name] = measured
        return measured
