"""Files to import, as texts, and what a shop has afterwards."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from app.container import Container
from domain.catalog.model import Listing, Variant
from domain.imports.columns import Constant, ImportOptions, Rename
from domain.imports.model import ImportFormat, UnknownAttributes
from domain.imports.reads import FaultView, ImportView, faults_keyset, faults_page, imports_by_ids
from domain.imports.running import Begun, ImportPorts, run_import
from domain.imports.starting import CreateImport, take_up_file
from domain.inventory.model import StockItem
from domain.shared.actor import Actor
from domain.shared.database import Tx, table


def csv_of(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def options(**more: Any) -> ImportOptions:
    """`renames` and `constants` as mappings from the format's columns."""
    renames = tuple(Rename(column=column, source=source) for column, source in more.pop("renames", {}).items())
    constants = tuple(Constant(column=column, value=value) for column, value in more.pop("constants", {}).items())
    unknown = UnknownAttributes(more.pop("unknown", "refuse"))
    return ImportOptions(renames=renames, constants=constants, unknown_attributes=unknown, **more)


def pieces(content: bytes, size: int = 97) -> AsyncIterator[bytes]:
    """Small ones, that end in the middle of everything."""

    async def give() -> AsyncIterator[bytes]:
        for start in range(0, len(content), size):
            yield content[start : start + size]

    return give()


def ports_of(container: Container) -> ImportPorts:
    return ImportPorts(db=container.ports.db, clock=container.ports.clock, policy=container.ports.policy)


async def begin(
    container: Container, seller: Actor, content: bytes, form: ImportFormat = ImportFormat.CSV, **more: Any
) -> UUID:
    """An import that is ready to run, of its own whatever the content."""
    return await take_up_file(
        CreateImport(format=form, options=options(**more)),
        seller_id=seller.seller(),
        source=f"file:{uuid4().hex}",
        size_bytes=len(content),
        actor=seller,
        db=container.ports.db,
    )


async def run(container: Container, import_id: UUID, content: bytes, **more: Any) -> ImportView:
    def open_file(_: Begun) -> AsyncIterator[bytes]:
        return pieces(content)

    await run_import(import_id, open_file=open_file, ports=more.pop("ports", ports_of(container)), **more)
    return await import_of(container, import_id)


async def take(
    container: Container, seller: Actor, text: str | bytes, form: ImportFormat = ImportFormat.CSV, **more: Any
) -> ImportView:
    """A whole import; `more` are its options, and `batch_rows`."""
    batch_rows = more.pop("batch_rows", 4)
    content = text.encode() if isinstance(text, str) else text
    import_id = await begin(container, seller, content, form, **more)
    return await run(container, import_id, content, batch_rows=batch_rows)


async def import_of(container: Container, import_id: UUID) -> ImportView:
    return (await imports_by_ids(container.ports.db.primary, [import_id]))[import_id]


async def faults_of(container: Container, import_id: UUID) -> Sequence[FaultView]:
    page = await faults_page(container.ports.db.primary, import_id, faults_keyset(import_id).request(100))
    return page.items


async def named_faults(container: Container, view: ImportView) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.place, fault.code) for fault in await faults_of(container, view.id)]


@dataclass(frozen=True)
class Had:
    """One variant of a shop."""

    listing_id: UUID
    variant_id: UUID
    title: str
    status: str
    version: int
    sku: str
    price_minor: int
    on_hand: int | None


async def shop_has(container: Container, seller: Actor) -> dict[str, list[Had]]:
    """Article number -> the shop's variants with it."""
    listings, variants, items = table(Listing), table(Variant), table(StockItem)
    statement = (
        select(
            listings.c.id, variants.c.id, listings.c.title, listings.c.status, listings.c.version,
            variants.c.sku, variants.c.price_minor, items.c.on_hand,
        )
        .join(variants, variants.c.listing_id == listings.c.id)
        .outerjoin(items, items.c.variant_id == variants.c.id)
        .where(listings.c.seller_id == seller.seller())
        .order_by(variants.c.id)
    )  # fmt: skip

    async def step(tx: Tx) -> dict[str, list[Had]]:
        found: dict[str, list[Had]] = {}
        for row in await tx.execute(statement):
            found.setdefault(row.sku, []).append(Had(*row))
        return found

    return await container.ports.db.run(step)


async def listing_of(container: Container, listing_id: UUID) -> Listing:
    async def step(tx: Tx) -> Listing:
        row = await tx.get(Listing, listing_id)
        assert row is not None
        return row

    return await container.ports.db.run(step)
