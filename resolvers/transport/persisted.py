"""Operations that are named by a hash: automatic persisted queries and trusted documents.

A hash never stands for another text than its own: what is registered is compared first, so no client can put
its text under the hash that another one asks for.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from resolvers.extensions.refusals import (
    BAD_REQUEST,
    PERSISTED_QUERY_HASH_MISMATCH,
    PERSISTED_QUERY_NOT_FOUND,
    TRUSTED_DOCUMENT_REQUIRED,
    refused,
)
from resolvers.transport.bodies import OperationRequest

C = TypeVar("C")

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PREFIX: Final = "sha256:"


class DocumentStore(Protocol):
    """Texts of automatic persisted queries by the hex SHA-256 of their UTF-8.

    Losing one costs its client one more round trip, so an adapter whose store is away answers None and
    forgets.
    """

    async def get(self, sha256: str) -> str | None: ...

    async def put(self, sha256: str, text: str) -> None: ...


class RecentDocuments:
    """`DocumentStore` of one process; the least recently used go first, by count and by characters."""

    def __init__(self, *, entries_max: int = 2_000, characters_max: int = 4_000_000) -> None:
        self._entries_max = entries_max
        self._characters_max = characters_max
        self._characters = 0
        self._texts: OrderedDict[str, str] = OrderedDict()

    async def get(self, sha256: str) -> str | None:
        text = self._texts.get(sha256)
        if text is not None:
            self._texts.move_to_end(sha256)
        return text

    async def put(self, sha256: str, text: str) -> None:
        if sha256 in self._texts:
            return
        self._texts[sha256] = text
        self._characters += len(text)
        while self._texts and (len(self._texts) > self._entries_max or self._characters > self._characters_max):
            _, dropped = self._texts.popitem(last=False)
            self._characters -= len(dropped)


class NearAndFar:
    """`DocumentStore` of two: what this process used lately, and behind it what all processes know."""

    def __init__(self, near: DocumentStore, far: DocumentStore) -> None:
        self._near = near
        self._far = far

    async def get(self, sha256: str) -> str | None:
        text = await self._near.get(sha256)
        if text is None:
            text = await self._far.get(sha256)
            if text is not None:
                await self._near.put(sha256, text)
        return text

    async def put(self, sha256: str, text: str) -> None:
        # Clients that send text and hash together do so with every operation.
        if await self._near.get(sha256) is None:
            await self._near.put(sha256, text)
            await self._far.put(sha256, text)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The text to execute, and the hash under which to store it once it has proved valid."""

    text: str
    registers: str | None = None


class PersistedDocuments(Generic[C]):
    """Finds the text of an operation request.

    `manifest` maps document ids to texts, as `read_manifest` returns them. A context for which `trusted_only`
    is true may execute nothing else: no free text, and nothing that was registered at run time.
    """

    def __init__(self, *, store: DocumentStore, manifest: Mapping[str, str], trusted_only: Callable[[C], bool]) -> None:
        self._store = store
        self._manifest = manifest
        self._trusted_texts = frozenset(manifest.values())
        self._trusted_only = trusted_only

    async def resolve(self, request: OperationRequest, context: C) -> Resolved:
        """Raises `GraphQLError` with the code that tells the client what to do next."""
        sha256 = _persisted_hash(request.extensions)
        document_id = sha256 or (request.document_id or "").removeprefix(_PREFIX)
        trusted = self._manifest.get(document_id) if document_id else None
        if trusted is not None:
            return Resolved(trusted)
        if self._trusted_only(context):
            if request.text in self._trusted_texts and not document_id:
                return Resolved(request.text or "")
            raise refused(TRUSTED_DOCUMENT_REQUIRED, "Only documents of the registered manifest are executed here.")
        if request.text:
            if sha256 and hashlib.sha256(request.text.encode()).hexdigest() != sha256:
                raise refused(PERSISTED_QUERY_HASH_MISMATCH, "The hash is not that of the query's text.")
            return Resolved(request.text, registers=sha256)
        if not document_id:
            raise refused(BAD_REQUEST, "The request has no query.")
        return Resolved(await self._stored(document_id))

    async def register(self, sha256: str, text: str) -> None:
        await self._store.put(sha256, text)

    async def _stored(self, document_id: str) -> str:
        text = await self._store.get(document_id) if _SHA256.fullmatch(document_id) else None
        if text is None:
            raise refused(PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
        return text


def read_manifest(content: object) -> dict[str, str]:
    """Document texts by id, from the parsed JSON that a client's build wrote.

    Known are Apollo's `{"operations": [{"id", "body"}]}` and flat maps of id to text (Relay, client preset,
    urql); a `sha256:` before an id is dropped. Clients print one source differently, so each one's own
    manifest is needed: hashes of the source would not match. Raises `ValueError`.
    """
    if not isinstance(content, Mapping):
        content = {"": None}  # refused below, like any other map that is not one of ids to texts
    operations = content.get("operations")
    pairs: list[tuple[Any, Any]]
    if isinstance(operations, list):
        pairs = [(each.get("id"), each.get("body")) for each in operations if isinstance(each, Mapping)]
    else:
        pairs = list(content.items())
    if not all(isinstance(id_, str) and isinstance(text, str) for id_, text in pairs):
        raise ValueError("a manifest maps document ids to texts")
    return {id_.removeprefix(_PREFIX): text for id_, text in pairs}


def _persisted_hash(extensions: Mapping[str, Any] | None) -> str | None:
    asked = (extensions or {}).get("persistedQuery")
    if asked is None:
        return None
    sha256 = asked.get("sha256Hash") if isinstance(asked, Mapping) else None
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256.removeprefix(_PREFIX)):
        raise refused(BAD_REQUEST, "`persistedQuery` needs a `sha256Hash` of 64 hex digits.")
    return sha256.removeprefix(_PREFIX)
