"""How fast a file of listings is taken: new rows, the same again, and what memory that takes."""

import resource
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

import asyncpg
from rich.console import Console

from app.container import open_container
from app.jobs import handlers_of
from app.settings import Settings
from domain.imports.columns import ImportOptions
from domain.imports.model import ImportFormat
from domain.imports.reads import ImportView, imports_by_ids
from domain.imports.running import ImportPorts, run_import
from domain.imports.starting import CreateImport, take_up_file
from domain.shared.actor import Actor, ActorKind

CHUNK_BYTES: Final = 256 * 1024
WORDS: Final = "a lamp that stands and shines with a dimmer for reading in the evening " * 4


@dataclass(frozen=True)
class Taken:
    """One run over the file; memory is by how much the process grew during it."""

    what: str
    view: ImportView
    seconds: float
    grown_bytes: int


async def importing(settings: Settings, rows: int, console: Console) -> bool:
    """A file of so many rows, taken twice by a shop of the catalogue; whether every row was."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        seller_id = await connection.fetchval("SELECT id FROM seller WHERE status = 'active' ORDER BY id LIMIT 1")
        path = await connection.fetchval("SELECT path FROM category WHERE attributes = '[]' ORDER BY path LIMIT 1")
    finally:
        await connection.close()
    content = file_of(rows, path)
    taken = [await take(settings, seller_id, content, what) for what in ("new rows", "the same again")]
    console.print(f"\n[bold]import[/bold] of {rows:,} rows, {len(content) / 1e6:.1f} MB of CSV")
    for each in taken:
        console.print(
            f"  {each.what:<16}{rows / each.seconds:>8,.0f} rows/s   {each.view.rows_created:,} new, "
            f"{each.view.rows_unchanged:,} unchanged, {each.view.rows_faulty:,} faulty   "
            f"memory grew by {each.grown_bytes / 1e6:.0f} MB",
            highlight=False,
        )
    return taken[0].view.rows_created == rows and taken[1].view.rows_unchanged == rows


def file_of(rows: int, path: str) -> bytes:
    name = uuid4().hex[:8]
    lines = ["listing_sku,sku,title,description,brand,category,option.size,price,stock"]
    lines += [
        f"{name}-{number // 2},{name}-{number},Lamp {number // 2},{WORDS},Calzari,{path},{number},19.90,7"
        for number in range(rows)
    ]
    return "\n".join(lines).encode()


async def take(settings: Settings, seller_id: UUID, content: bytes, what: str) -> Taken:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), CHUNK_BYTES):
            yield content[start : start + CHUNK_BYTES]

    async with open_container(settings, handlers_of=handlers_of()) as container:
        ports = container.ports
        import_id = await take_up_file(
            CreateImport(format=ImportFormat.CSV, options=ImportOptions(submit=True)),
            seller_id=seller_id,
            source=f"file:{uuid4().hex}",
            size_bytes=len(content),
            actor=Actor(ActorKind.SYSTEM, seller_id=seller_id),
            db=ports.db,
        )
        before, began = peak_bytes(), time.perf_counter()
        work = ImportPorts(db=ports.db, clock=ports.clock, policy=ports.policy)
        await run_import(import_id, open_file=lambda _: pieces(), ports=work)
        seconds, after = time.perf_counter() - began, peak_bytes()
        view = (await imports_by_ids(ports.db.primary, [import_id]))[import_id]
    return Taken(what, view, seconds, after - before)


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
