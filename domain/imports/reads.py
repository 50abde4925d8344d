"""Imports as their shop sees them: how far they are, and which rows were not taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.imports.model import ImportFault, ImportFormat, ImportStatus, ListingImport
from domain.shared.database import Query, Reads, table
from domain.shared.paging import COUNT_MAX, Keyset, Page, PageRequest

_imports = table(ListingImport)
_faults = table(ImportFault)


@dataclass(frozen=True, slots=True)
class ImportView:
    id: UUID
    seller_id: UUID
    file_name: str
    format: ImportFormat
    status: ImportStatus
    size_bytes: int
    position_bytes: int
    rows_created: int
    rows_updated: int
    rows_unchanged: int
    rows_faulty: int
    failure_code: str
    failure_message: str
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class FaultView:
    id: UUID
    line: int
    place: str
    code: str
    message: str


_IMPORT = select(*(_imports.c[name] for name in ImportView.__dataclass_fields__))
_FAULT = select(*(_faults.c[name] for name in FaultView.__dataclass_fields__))
_BY_IDS = Query(_IMPORT.where(_imports.c.id == func.any(bindparam("ids"))), ImportView)
_COUNT = select(func.count()).select_from(
    select(_imports.c.id).where(_imports.c.seller_id == bindparam("seller_id")).limit(COUNT_MAX + 1).subquery()
)
_FAULT_COUNT = select(func.count()).select_from(
    select(_faults.c.id).where(_faults.c.import_id == bindparam("import_id")).limit(COUNT_MAX + 1).subquery()
)


async def imports_by_ids(reads: Reads, ids: Sequence[UUID]) -> Mapping[UUID, ImportView]:
    """Anybody's: callers compare `seller_id`."""
    return {each.id: each for each in await reads.all(_BY_IDS, ids=list(ids))}


def imports_keyset(seller_id: UUID) -> Keyset:
    return Keyset.of("newest", seller_id)


async def imports_page(reads: Reads, seller_id: UUID, request: PageRequest) -> Page[ImportView]:
    """Of one shop, the newest first."""
    parameters: dict[str, object] = {"seller_id": seller_id, "limit": request.first + 1}
    if request.key is not None:
        parameters["after"] = request.key_id()
    rows = await reads.all(_imports_query(request.key is not None, request.backwards), **parameters)
    return imports_keyset(seller_id).page(request, rows, lambda view: (view.id,))


async def count_imports(reads: Reads, seller_id: UUID) -> int:
    """At most COUNT_MAX + 1."""
    return int(await reads.scalar(_COUNT, seller_id=seller_id))


def faults_keyset(import_id: UUID) -> Keyset:
    return Keyset.of("line", import_id)


async def faults_page(reads: Reads, import_id: UUID, request: PageRequest) -> Page[FaultView]:
    """In the order of the file."""
    parameters: dict[str, object] = {"import_id": import_id, "limit": request.first + 1}
    if request.key is not None:
        parameters["after"] = request.key_id()
    rows = await reads.all(_faults_query(request.key is not None, request.backwards), **parameters)
    return faults_keyset(import_id).page(request, rows, lambda view: (view.id,))


async def count_faults(reads: Reads, import_id: UUID) -> int:
    """Those that are kept, at most COUNT_MAX + 1."""
    return int(await reads.scalar(_FAULT_COUNT, import_id=import_id))


@cache
def _imports_query(keyed: bool, backwards: bool) -> Query[ImportView]:
    statement = _IMPORT.where(_imports.c.seller_id == bindparam("seller_id")).limit(bindparam("limit"))
    if keyed:
        after = bindparam("after", type_=_imports.c.id.type)
        statement = statement.where(_imports.c.id > after if backwards else _imports.c.id < after)
    return Query(statement.order_by(_imports.c.id if backwards else _imports.c.id.desc()), ImportView)


@cache
def _faults_query(keyed: bool, backwards: bool) -> Query[FaultView]:
    statement = _FAULT.where(_faults.c.import_id == bindparam("import_id")).limit(bindparam("limit"))
    if keyed:
        after = bindparam("after", type_=_faults.c.id.type)
        statement = statement.where(_faults.c.id < after if backwards else _faults.c.id > after)
    return Query(statement.order_by(_faults.c.id.desc() if backwards else _faults.c.id), FaultView)
