"""The database as use cases see it: transactions that may be run again, and one door for reads.

Invariant: a step given to `Database.run` contains SQL and pure code only. It may be executed up to three times, so
nothing outside the database may happen inside it; what has to happen afterwards is recorded as an event.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ClauseElement, Executable, FromClause, Table, bindparam, column, func
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine

from domain.shared.events import Event
from domain.shared.table_row import TableRow

T = TypeVar("T")
V = TypeVar("V")
M = TypeVar("M", bound=TableRow)
Key: TypeAlias = UUID | str | tuple[UUID | str, ...]
"""A primary key; of several columns in their order."""


def table(model: type[TableRow]) -> Table:
    """The table of a model, for composing SQL with typed-free columns: `users = table(User); users.c.email`."""
    found = model.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass, undeclared
    assert isinstance(found, Table)
    return found


def only(value: UUID) -> UUID:
    """The view of a row that is an id."""
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Query(Generic[V]):
    """A statement and the frozen view its rows become: columns in the order of the view's fields.

    Made once per module and compiled once per process. Parameters are `bindparam`s, given by name when it runs;
    lists go through `column == func.any(bindparam("ids"))` (an `IN` cannot be compiled ahead).
    """

    statement: SelectBase
    view: Callable[..., V]


@dataclass(frozen=True, slots=True, eq=False)
class Write(Generic[V]):
    """The same for an INSERT, UPDATE or DELETE; the view is of the rows that it RETURNs."""

    statement: ClauseElement
    view: Callable[..., V]


class Given:
    """Rows that a statement is given: a list of parameters for each column, put together by `unnest`."""

    def __init__(self, name: str, /, **columns: type[TypeEngine[Any]]) -> None:
        self._parameters = tuple(f"{name}_{column_name}" for column_name in columns)
        lists = [
            bindparam(parameter, type_=ARRAY(kind))
            for parameter, kind in zip(self._parameters, columns.values(), strict=True)
        ]
        named = [column(column_name, kind) for column_name, kind in columns.items()]
        self.rows: FromClause = func.unnest(*lists).table_valued(*named).render_derived(name=name)

    def parameters(self, rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
        """For rows with a value per column, in their order."""
        return {parameter: [row[at] for row in rows] for at, parameter in enumerate(self._parameters)}


class Reads(Protocol):
    """The read door. Outside a transaction it may answer from a replica: decisions read through `Tx.reads`."""

    async def all(self, query: Query[V], /, **parameters: Any) -> list[V]: ...

    async def first(self, query: Query[V], /, **parameters: Any) -> V | None:
        """The first row, or None."""
        ...

    async def scalar(self, statement: SelectBase, /, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        ...


class Tx(Protocol):
    """One open transaction. Everything in it happens at `now`."""

    @property
    def reads(self) -> Reads:
        """The read door on this transaction's own connection: it sees what the transaction wrote."""
        ...

    @property
    def now(self) -> datetime:
        """When it began, by the database's clock: hosts whose own clocks differ agree on leases and deadlines."""
        ...

    async def add(self, *rows: TableRow) -> None:
        """Insert rows at once (so foreign keys hold in the order of the calls)."""
        ...

    def append(self, *rows: TableRow) -> None:
        """Rows that are written with the transaction's last changes; what is added at once must not refer to them."""
        ...

    async def get(self, model: type[M], key: Key, /) -> M | None:
        """A row by its primary key, without a lock; one that the transaction has in its hands is not read again."""
        ...

    async def load(self, model: type[M], keys: Sequence[UUID | str], /, *, by: str = "id") -> list[M]:
        """Rows by id, or by another column `by`, freshly read, in id order, without a lock of their own."""
        ...

    async def lock(
        self, model: type[M], ids: Sequence[UUID], /, *, by: str = "id", skip_locked: bool = False
    ) -> list[M]:
        """The same, locked FOR UPDATE in id order; missing ones are left out.

        Locks are taken in the order checkout < cart < order < payment < balance < reservation < stock item;
        against that order raises AssertionError (two such transactions would deadlock one day).
        """
        ...

    async def execute(self, statement: Executable, parameters: Any = None, /) -> Any:
        """Any other statement; the answer is SQLAlchemy's Result (`rowcount`, `scalars()`, ...)."""
        ...

    async def write(self, write: Write[V], /, **parameters: Any) -> list[V]:
        """A statement made once per module, for a fraction of what `execute` costs; the rows that it RETURNs."""
        ...

    def defer(self, write: Write[Any], /, **parameters: Any) -> None:
        """The same without an answer, after the transaction's last changes, and mostly together with them.

        A plain INSERT, UPDATE or DELETE; one with data-modifying CTEs cannot stand within another statement. What is
        about a table that the changes are about too is a round trip of its own.
        """
        ...

    def record(self, event: Event) -> None:
        """The event's jobs are enqueued by this transaction's commit, or not at all."""
        ...


class Database(Protocol):
    async def run(self, step: Callable[[Tx], Awaitable[T]]) -> T:
        """Run a step in one READ COMMITTED transaction; again, up to 3 times, on a serialisation fault or deadlock.

        Raises Busy (no lock in 2 s, no connection in 5 s, or it took too long), OutcomeUnknown (the commit's answer was
        lost), and whatever the step raises, after rolling back.
        """
        ...

    @property
    def primary(self) -> Reads:
        """Single statements on the primary, each by itself: for reads that a decision hangs on."""
        ...
