"""Taking `@defer` and `@stream` out of a document: here every answer comes whole, whatever its client could read."""

from typing import Any

from graphql import DirectiveNode, DocumentNode, Visitor, visit

_INCREMENTAL = frozenset({"defer", "stream"})


def without_increments(document: DocumentNode, text: str) -> DocumentNode:
    """The same document, answered in one piece."""
    # Almost no document has them; reading the text is a thousand times cheaper than walking the tree.
    if "@" not in text or not any(name in text for name in _INCREMENTAL):
        return document
    stripped: DocumentNode = visit(document, _Remover())
    return stripped


class _Remover(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: Any) -> Any:
        return self.REMOVE if node.name.value in _INCREMENTAL else None
