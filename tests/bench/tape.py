"""What one operation asks of PostgreSQL and of the payment provider, recorded so that it can be asked again elsewhere.

The endpoint that the product is compared with replays these tapes: the very same statements, so that the two cannot
drift apart. A replay is somebody else's operation, and a later one: ids and keys made while recording are made anew,
those of the recorded buyer are exchanged, and times are as much later as the replay is. With the recorded times a
purchase would look abandoned, and the worker would take it over in the middle.
"""

import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from app.container import Container, open_container
from app.jobs import handlers_of
from app.settings import Settings
from domain.ledger.model import AccountKind
from domain.ledger.posting import account_id
from domain.shared.ids import new_id

UUID_TEXT: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ORDER_NUMBER: Final = re.compile(r"[0-9A-Z]{10}")
NOT_ASKED: Final = ("pg_advisory_unlock_all", "typeinfo_tree", "'jit'")
"""What the driver does of its own accord: tidying a connection that goes back to its pool, looking up a type once."""
PLACEHOLDER: Final = re.compile(r"\$\d+")
CURRENCY: Final = "EUR"
ACCOUNTS: Final = {id_: id_ for kind in AccountKind for id_ in [account_id(kind, None, CURRENCY)]}
"""Ids made by a rule, that every purchase shares."""
TOLD_LATE_MAX: Final = 6
KEY: Final = "the-recorded-idempotency-key"


@dataclass(frozen=True, slots=True)
class Sql:
    """A statement; `many` stands for a list of argument lists."""

    text: str
    arguments: tuple[Any, ...] = ()
    many: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A call to the provider, and the reference that came back."""

    method: str
    arguments: tuple[Any, ...]
    reference: str | None


@dataclass(slots=True)
class Tape:
    """`began` is an id made just before, at `began_at`: later ones were made by the operation."""

    began: UUID = field(default_factory=new_id)
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    steps: list[Sql | Call] = field(default_factory=list)

    def sql(self, text: str, arguments: tuple[Any, ...], *, many: bool = False) -> None:
        if any(word in text for word in NOT_ASKED):
            return
        # The driver tells a moment later than SQLAlchemy. What has many arguments is told by both.
        lately = [step for step in self.steps[-TOLD_LATE_MAX:] if isinstance(step, Sql)]
        if any(step.many and step.text == text for step in lately):
            return
        self.steps.append(Sql(text, arguments, many))


class _RecordingGateway:
    """Every method of the gateway, written down."""

    def __init__(self, gateway: Any, tape: Callable[[], Tape | None]) -> None:
        self._gateway = gateway
        self._tape = tape

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._gateway, name)

        async def recorded(*arguments: Any) -> Any:
            result = await method(*arguments)
            if (tape := self._tape()) is not None:
                tape.steps.append(Call(name, arguments, reference_of(result)))
            return result

        return recorded


def reference_of(result: Any) -> str | None:
    """The provider's reference in whatever a gateway answered."""
    found = result if isinstance(result, str) else getattr(result, "provider_ref", None)
    return found if isinstance(found, str) else None


class Recorder:
    """A product in this process whose statements are written down while `on` is open."""

    def __init__(self, container: Container) -> None:
        self.tape: Tape | None = None
        gateway: Any = _RecordingGateway(container.ports.gateway, lambda: self.tape)
        checkout = replace(container.ports.checkout, gateway=gateway)
        self.container = replace(container, ports=replace(container.ports, gateway=gateway, checkout=checkout))

    @asynccontextmanager
    async def on(self) -> AsyncIterator[Tape]:
        self.tape = Tape()
        yield self.tape
        self.tape = None

    def by_driver(self, query: asyncpg.connection.LoggedQuery) -> None:
        if self.tape is not None:
            self.tape.sql(query.query, tuple(query.args), many=is_many(query.query, query.args))

    def by_sqlalchemy(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        if self.tape is not None:
            given = tuple(parameters or ())
            # Rows that SQLAlchemy has put into one statement come as one flat list.
            self.tape.sql(statement, given, many=many and bool(given) and type(given[0]) in (list, tuple))


def is_many(text: str, arguments: Sequence[Any]) -> bool:
    """Whether the driver was given a list of argument lists: it does not say so itself."""
    wanted = len(set(PLACEHOLDER.findall(text)))
    lists = [each for each in arguments if type(each) in (list, tuple) and len(each) == wanted]
    return text.startswith("INSERT") and bool(lists) and len(lists) == len(arguments)


@asynccontextmanager
async def recorder(settings: Settings) -> AsyncIterator[Recorder]:
    """Opened with one connection in each pool, so that nothing is asked beside those that are listened to."""
    narrow = settings.model_copy(update={"database_pool_size": 1, "database_read_pool_size": 1})
    async with open_container(narrow, handlers_of=handlers_of()) as container:
        made = Recorder(container)

        def listen(connection: Any, _record: object) -> None:
            connection.driver_connection.add_query_logger(made.by_driver)

        event.listen(Pool, "connect", listen)
        event.listen(Engine, "before_cursor_execute", made.by_sqlalchemy)
        try:
            for pool in (container.reads._pool, container.ports.db.primary._pool):  # type: ignore[attr-defined]  # the read door is a pool's
                async with pool.acquire() as connection:
                    connection.add_query_logger(made.by_driver)
            yield made
        finally:
            event.remove(Pool, "connect", listen)
            event.remove(Engine, "before_cursor_execute", made.by_sqlalchemy)


class Replay:
    """Who a tape is played for: `ids` are the recorded buyer's ids -> theirs; the rest is found while playing."""

    def __init__(self, tape: Tape, ids: Mapping[UUID, UUID]) -> None:
        self._began = tape.began
        self._later = datetime.now(UTC) - tape.began_at
        self._ids = ACCOUNTS | dict(ids)
        self._texts: dict[str, str] = {KEY: uuid4().hex}

    def call(self, step: Call, reference: str | None) -> None:
        """The provider's reference of this replay stands for the recorded one from now on."""
        if step.reference is not None and reference is not None:
            self._texts[step.reference] = reference

    def arguments(self, values: Any) -> Any:
        """The recorded arguments as this replay has to give them."""
        kind = type(values)
        if isinstance(values, UUID):
            return self._id(values)
        if kind is str:
            return self._text(values)
        if kind is datetime:
            return values + self._later
        if kind in (list, tuple):
            return kind(self.arguments(value) for value in values)
        if is_dataclass(values) and not isinstance(values, type):
            return replace(values, **{each.name: self.arguments(getattr(values, each.name)) for each in fields(values)})
        return values

    def _id(self, id_: UUID) -> UUID:
        found = self._ids.get(id_)
        if found is None:
            # Made by the operation: by time, or from other ids.
            made = id_.version == 8 or (id_.version == 7 and id_ > self._began)
            found = self._ids[id_] = new_id() if made else id_
        return found

    def _text(self, text: str) -> str:
        found = self._texts.get(text)
        if found is None:
            if ORDER_NUMBER.fullmatch(text):
                found = secrets.token_hex(5).upper()
            else:
                found = UUID_TEXT.sub(lambda match: str(self._id(UUID(match[0]))), text)
            self._texts[text] = found
        return found
