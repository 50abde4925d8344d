"""The guarantee: an import killed anywhere is gone on with, and takes every row exactly once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from app.container import Container
from domain.catalog.model import Category
from domain.imports.model import ImportStatus
from domain.imports.running import Begun, ImportPorts, run_import
from domain.sellers.model import Seller
from domain.shared.actor import Actor
from tests.domain.imports.files import begin, csv_of, import_of, pieces, ports_of, run, shop_has
from tests.domain.inventory.stock_state import stock_of
from tests.faults.crashing import CrashingDatabase, Fuse, Killed
from tests.journeys.running import KEPT_VARIABLES
from tests.makers import a_category, a_seller, change

ROWS = 20


async def a_path(container: Container) -> str:
    category_id = await a_category(container)
    path = f"lamps-{category_id.hex}"
    await change(container, Category, category_id, path=path)
    return path


def many(path: str, rows: int = ROWS) -> bytes:
    lines = (
        f"L{number // 2},S{number},Lamp {number // 2},{path},{number},1.{number % 100:02},7" for number in range(rows)
    )
    return csv_of("listing_sku,sku,title,category,option.size,price,stock", *lines).encode()


async def check_all(container: Container, seller: Actor, import_id: UUID, rows: int = ROWS) -> None:
    view = await import_of(container, import_id)
    assert (view.status, view.rows_created, view.rows_updated) == (ImportStatus.COMPLETED, rows, 0)
    has = await shop_has(container, seller)
    assert sorted(has) == sorted(f"S{number}" for number in range(rows))
    assert all(len(found) == 1 and found[0].on_hand == 7 for found in has.values())
    assert len({found[0].listing_id for found in has.values()}) == rows // 2
    assert (await stock_of(container, has["S0"][0].variant_id)).on_hand == 7


async def test_killed_before_and_after_each_commit_an_import_is_gone_on_with(container: Container) -> None:
    path = await a_path(container)
    content, points, survived = many(path), 0, False
    while not survived:
        seller = await a_seller(container)
        import_id = await begin(container, seller, content)
        fuse = Fuse(points)
        ports = ports_of(container)
        dying = ImportPorts(db=CrashingDatabase(ports.db, fuse), clock=ports.clock, policy=ports.policy)
        try:
            await run(container, import_id, content, ports=dying, batch_rows=4)
            survived = True
        except Killed:
            await run(container, import_id, content, batch_rows=4)
        await check_all(container, seller, import_id)
        points += 1
    assert points > 3 * (ROWS // 4)


async def test_a_file_that_breaks_off_is_gone_on_with_where_it_broke(container: Container) -> None:
    seller, content = await a_seller(container), many(await a_path(container))
    import_id = await begin(container, seller, content)

    async def breaking(_: Begun) -> AsyncIterator[bytes]:
        async for piece in pieces(content[: len(content) // 2]):
            yield piece
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await run_import(import_id, open_file=breaking, ports=ports_of(container), batch_rows=4)
    half = await import_of(container, import_id)
    assert 0 < half.rows_created < ROWS
    assert half.status is ImportStatus.RUNNING
    await run(container, import_id, content)
    await check_all(container, seller, import_id)


async def test_two_workers_at_one_import_take_each_row_once(container: Container) -> None:
    seller, content = await a_seller(container), many(await a_path(container))
    import_id = await begin(container, seller, content)
    await asyncio.gather(*(run(container, import_id, content, batch_rows=2) for _ in range(3)))
    await run(container, import_id, content)
    await check_all(container, seller, import_id)


async def test_two_imports_at_once_make_each_article_once(container: Container) -> None:
    seller, path = await a_seller(container), await a_path(container)
    content = many(path)
    header, *lines = content.decode().splitlines()
    pairs = ["\n".join(lines[index : index + 2]) for index in range(0, len(lines), 2)]
    backwards = csv_of(header, *reversed(pairs)).encode()
    ids = [await begin(container, seller, each) for each in (content, backwards, content)]
    views = await asyncio.gather(
        *(run(container, id_, each, batch_rows=2) for id_, each in zip(ids, (content, backwards, content), strict=True))
    )
    assert [view.status for view in views] == [ImportStatus.COMPLETED] * 3
    assert sum(view.rows_created for view in views) == ROWS
    assert [view.rows_created + view.rows_updated + view.rows_unchanged for view in views] == [ROWS] * 3
    has = await shop_has(container, seller)
    assert all(len(found) == 1 for found in has.values())
    assert len(has) == ROWS


async def test_kill_minus_nine_of_the_command_and_the_same_command_again(container: Container, tmp_path: Path) -> None:
    """The process itself: started as a seller starts it, killed in the middle, started again."""
    seller, rows = await a_seller(container), 1_500
    slug = f"kill-{seller.seller().hex}"
    await change(container, Seller, seller.seller(), slug=slug)
    file = tmp_path / "lamps.csv"
    file.write_bytes(many(await a_path(container), rows))
    command = (sys.executable, "-m", "app.cli", "import", str(file), "--seller", slug)
    settings = container.settings
    environment = {
        **{name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "STORAGE_URL": f"file:{tmp_path / 'files'}",
    }
    first = await started(command, environment)
    import_id = await half_taken(settings.database_url, seller)
    first.send_signal(signal.SIGKILL)
    await first.communicate()
    half = await import_of(container, import_id)
    assert half.status is ImportStatus.RUNNING
    assert 0 < half.rows_created < rows
    second = await started(command, environment)
    said, _ = await second.communicate()
    assert second.returncode == 0, said
    await check_all(container, seller, import_id, rows)


async def started(command: Sequence[str], environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )


async def half_taken(url: str, seller: Actor) -> UUID:
    """The seller's one import, as soon as some of it is taken."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(60):
            while True:
                row = await connection.fetchrow(
                    "SELECT id FROM listing_import WHERE seller_id = $1 AND position_bytes > 0", seller.seller()
                )
                if row is not None:
                    return UUID(str(row["id"]))
                await asyncio.sleep(0.01)
    finally:
        await connection.close()
