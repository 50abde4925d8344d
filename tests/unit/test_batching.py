"""Loads of one moment are one read; nothing of an operation waits for the garbage collector."""

import asyncio
import gc
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
import strawberry
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from domain.shared.database import Reads
from resolvers.context import LoaderScope
from resolvers.extensions.plain_fields import PlainFields
from resolvers.shared.batching import BATCH_MAX, Batcher

NO_READS = cast("Reads", None)


class FakeBatch:
    """Knows every number but those that it is told to forget; fails as often as it is told to."""

    def __init__(self, *, unknown: tuple[int, ...] = (), failures: int = 0) -> None:
        self.asked: list[list[int]] = []
        self._unknown = unknown
        self._failures = failures

    async def __call__(self, reads: Reads, keys: Sequence[int]) -> Mapping[int, str]:
        self.asked.append(list(keys))
        await asyncio.sleep(0)
        if len(self.asked) <= self._failures:
            raise ValueError("the read failed")
        return {key: str(key) for key in keys if key not in self._unknown}


async def test_keys_of_one_moment_are_read_together_and_once() -> None:
    batch = FakeBatch(unknown=(3,))
    batcher = Batcher(batch, NO_READS)

    async def after(turns: int, key: int) -> str | None:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await batcher.load(key)

    found = await asyncio.gather(after(0, 1), after(0, 2), after(1, 3), after(0, 1))
    assert list(found) == ["1", "2", None, "1"]
    assert await batcher.load(2) == "2"
    assert batch.asked == [[1, 2, 3]]


async def test_a_read_has_a_limit() -> None:
    batch = FakeBatch()
    batcher = Batcher(batch, NO_READS)
    assert len(await asyncio.gather(*map(batcher.load, range(BATCH_MAX + 1)))) == BATCH_MAX + 1
    assert [len(keys) for keys in batch.asked] == [BATCH_MAX, 1]


async def test_a_read_that_failed_is_not_made_again() -> None:
    batch = FakeBatch(failures=1)
    batcher = Batcher(batch, NO_READS)
    told = await asyncio.gather(batcher.load(1), batcher.load(2), return_exceptions=True)
    assert [str(each) for each in told] == ["the read failed"] * 2
    with pytest.raises(ValueError, match="the read failed"):
        await batcher.load(1)
    assert await batcher.load(3) == "3"
    assert batch.asked == [[1, 2], [3]]


async def test_one_who_gives_up_waiting_leaves_the_others_theirs() -> None:
    batch = FakeBatch()
    batcher = Batcher(batch, NO_READS)
    impatient, patient, another = batcher.load(1), batcher.load(1), batcher.load(2)
    impatient.cancel()
    assert [await patient, await another, await batcher.load(1)] == ["1", "2", "1"]
    assert batch.asked == [[1, 2]]


class Row:
    name = "a row"


async def rows_by_ids(reads: Reads, ids: Sequence[int]) -> Mapping[int, Row]:
    return {id_: Row() for id_ in ids}


@strawberry.type
class Thing:
    row: strawberry.Private[Row]

    @strawberry.field
    async def again(self, info: strawberry.Info) -> "Thing | None":
        row = await info.context.load(rows_by_ids, 2)
        return Thing(row=row)

    @strawberry.field
    def name(self) -> str:
        return self.row.name

    @strawberry.field
    async def broken(self, info: strawberry.Info) -> str | None:
        return str(await info.context.load(info.root_value[0], 1))


@strawberry.type
class Shelf:
    """Of two the first breaks down while both wait for one row."""

    broken: strawberry.Private[bool]

    @strawberry.field
    async def label(self) -> str:
        if self.broken:
            raise ValueError("no label")
        return "a label"

    @strawberry.field
    async def row(self, info: strawberry.Info) -> str | None:
        row = await info.context.load(rows_by_ids, 1)
        return None if row is None else str(row.name)


@strawberry.type
class Query:
    @strawberry.field
    def shelves(self) -> list[Shelf | None]:
        return [Shelf(broken=True), Shelf(broken=False)]

    @strawberry.field
    async def things(self, info: strawberry.Info) -> list[Thing]:
        row = await info.context.load(rows_by_ids, 1)
        # Told here, while nothing but the operation holds it.
        info.root_value.append(weakref.ref(row))
        return [Thing(row=row), Thing(row=row)]


@pytest.mark.parametrize("executor", [PlainFields, StrawberryGraphQLCoreExecutionContext])
async def test_what_is_null_because_of_a_fault_takes_nothing_from_what_stands_beside_it(
    executor: type[StrawberryGraphQLCoreExecutionContext],
) -> None:
    """The executor gives up what else it began of the broken one, and the other waits for the very same row."""
    schema = strawberry.Schema(Query, execution_context_class=executor)
    answer = await schema.execute("{ shelves { label row } }", context_value=LoaderScope(NO_READS))
    assert answer.data == {"shelves": [None, {"label": "a label", "row": "a row"}]}
    assert [error.path for error in answer.errors or ()] == [["shelves", 0, "label"]]


@pytest.mark.parametrize("document", ["{ things { name } }", "{ things { name again { name again { name } } } }"])
async def test_what_an_operation_loaded_goes_when_it_is_over(document: str) -> None:
    """The guarantee: it goes at once, and no request is stopped for a collection of what others left."""
    schema = strawberry.Schema(Query, execution_context_class=PlainFields)
    left: list[weakref.ref[Row]] = []

    async def ask() -> Any:
        return await schema.execute(document, root_value=left, context_value=LoaderScope(NO_READS))

    gc.disable()
    try:
        answer = await ask()
        assert answer.errors is None
        del answer
        await asyncio.sleep(0)
        assert [each() for each in left] == [None]
    finally:
        gc.enable()


async def test_a_load_that_failed_is_told_by_the_executor_and_not_made_again() -> None:
    schema = strawberry.Schema(Query, execution_context_class=PlainFields)
    batch = FakeBatch(failures=9)
    document = "{ things { name broken } }"
    answer = await schema.execute(document, root_value=[batch], context_value=LoaderScope(NO_READS))
    assert answer.data == {"things": [{"name": "a row", "broken": None}] * 2}
    assert [each.path for each in answer.errors or ()] == [["things", 0, "broken"], ["things", 1, "broken"]]
    assert batch.asked == [[1]]
