"""Feeds: replay from a cursor, then live, with no gap and no duplicate.

Invariant: a hint carries no data and may be lost. The reader subscribes first and then reads the primary from its
cursor, on each hint and at least every POLL_SECONDS, so what is committed is delivered, once, in order.

Where no lock makes rows commit in an order of their own, a feed goes by (xid, id) and is read only below the oldest
open transaction, the horizon: a reader who saw 101 must not miss a 100 that commits later.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import takewhile
from typing import Final, Protocol, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, bindparam, cast, func, select, tuple_

from domain.shared.columns import Xid8
from domain.shared.database import Reads
from domain.shared.paging import CursorMismatch, Keyset

Place: TypeAlias = tuple[int, UUID]
"""(xid, id) of a row of a feed without an order of its own."""


class Placed(Protocol):
    @property
    def id(self) -> UUID: ...

    @property
    def xid(self) -> int: ...

    @property
    def settled(self) -> bool:
        """Below the horizon: nothing that is still to commit can stand before it."""
        ...


C = TypeVar("C")
T = TypeVar("T")
P = TypeVar("P", bound=Placed)

POLL_SECONDS: Final = 5.0
BATCH_MAX: Final = 100
SETTLE_TRIES_MAX: Final = 20
SETTLE_SECONDS: Final = 0.05
"""How often, and after what pause, what is visible but not yet below the horizon is looked at again."""

_HORIZON: Final = select(func.pg_snapshot_xmin(func.pg_current_snapshot()))
_NOTHING: Final = UUID(int=0)


class HintStream(Protocol):
    async def wait(self, timeout_seconds: float) -> None:
        """Returns when a hint came since the last call, or after the timeout."""
        ...


class Hints(Protocol):
    """Word that there may be something new: told after commits, across processes, without promise."""

    def publish(self, topics: Sequence[str]) -> None:
        """Never waits and never raises; what cannot be sent is dropped."""
        ...

    def listen(self, topics: Sequence[str]) -> AbstractAsyncContextManager[HintStream]:
        """Subscribed once the context is entered."""
        ...


async def follow(
    read: Callable[[C], Awaitable[Sequence[tuple[C, T]]]], cursor: C, *, topic: str, hints: Hints
) -> AsyncGenerator[T, None]:
    """Everything after `cursor` in order, for ever. `read` gives at most BATCH_MAX items with their cursors."""
    async with hints.listen([topic]) as stream:
        while True:
            batch = await read(cursor)
            for _, item in batch:
                yield item
            if batch:
                cursor = batch[-1][0]
            else:
                await stream.wait(POLL_SECONDS)


def is_settled(rows: FromClause) -> ColumnElement[bool]:
    """The column `settled` of a feed's query."""
    settled: ColumnElement[bool] = rows.c.xid < _HORIZON.scalar_subquery()
    return settled


def is_after_place(rows: FromClause) -> ColumnElement[bool]:
    """For WHERE: after the place in the parameters `xid` and `id`."""
    place = tuple_(cast(bindparam("xid"), Xid8()), bindparam("id"))
    after: ColumnElement[bool] = tuple_(rows.c.xid, rows.c.id) > place
    return after


async def place_of(reads: Reads, keyset: Keyset, after: str | None) -> Place:
    """Where to begin: after a cursor, or (None) with whatever commits from now on. Raises CursorMismatch."""
    if after is None:
        # Everything older is settled; whatever is open now is still to come.
        return int(await reads.scalar(_HORIZON)), _NOTHING
    values = keyset.decode(after)
    try:
        xid, id_ = values
        return int(str(xid)), UUID(str(id_))
    except ValueError as fault:
        raise CursorMismatch() from fault


async def read_settled(read: Callable[[Place], Awaitable[Sequence[P]]], place: Place) -> list[P]:
    """Rows after the place up to the horizon. When all that is new lies beyond it, a few more looks: the hint has
    been used up, and the poll would be late."""
    for _ in range(SETTLE_TRIES_MAX):
        rows = await read(place)
        settled = list(takewhile(lambda row: row.settled, rows))
        if settled or not rows:
            return settled
        await asyncio.sleep(SETTLE_SECONDS)
    return []
