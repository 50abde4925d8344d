"""Every object of the sandbox as a JSON document in one SQLite file.

A request is one transaction: its effect, its events, their deliveries and the answer remembered for its
idempotency key are kept together or not at all, so a process killed at any moment leaves no half of them.
"""

import secrets
import sqlite3
import string
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import orjson

from infra.sandbox.errors import Body, missing
from infra.sandbox.switches import Switches

T = TypeVar("T")

PLATFORM = "acct_platform"
"""The account of the marketplace itself; connected accounts are the others."""

BUSY_TIMEOUT_SECONDS = 10.0
_ALPHABET = string.ascii_letters + string.digits
_FIELD_CHARACTERS = frozenset(string.ascii_lowercase + "_.")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL,
    created INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS object_list ON object (kind, account, seq);
CREATE INDEX IF NOT EXISTS intent_by_customer ON object (account, json_extract(body, '$.customer'), seq)
    WHERE kind = 'payment_intent';
CREATE INDEX IF NOT EXISTS intent_waiting ON object (account, created)
    WHERE kind = 'payment_intent' AND json_extract(body, '$.status') = 'requires_capture';
CREATE INDEX IF NOT EXISTS refund_by_intent ON object (account, json_extract(body, '$.payment_intent'), seq)
    WHERE kind = 'refund';
CREATE INDEX IF NOT EXISTS dispute_by_charge ON object (account, json_extract(body, '$.charge'), seq)
    WHERE kind = 'dispute';
CREATE INDEX IF NOT EXISTS dispute_by_intent ON object (account, json_extract(body, '$.payment_intent'), seq)
    WHERE kind = 'dispute';
CREATE INDEX IF NOT EXISTS transfer_by_account ON object (account, json_extract(body, '$.destination'), seq)
    WHERE kind = 'transfer';
CREATE INDEX IF NOT EXISTS payout_travelling ON object (seq)
    WHERE kind = 'payout' AND json_extract(body, '$.status') = 'pending';
CREATE TABLE IF NOT EXISTS movement (
    account TEXT NOT NULL, currency TEXT NOT NULL, available_on INTEGER NOT NULL, net INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS movement_balance ON movement (account, currency, available_on, net);
CREATE TABLE IF NOT EXISTS answer (
    account TEXT NOT NULL, key TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, digest TEXT NOT NULL,
    request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, created INTEGER NOT NULL,
    PRIMARY KEY (account, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answer_age ON answer (created);
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, due_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting', last TEXT);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, due_at);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """The request that causes what is written; empty for what time causes."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Which objects a list asks for, newest first."""

    equal: Mapping[str, str]
    created: Mapping[str, int]
    limit: int
    starting_after: str | None = None
    ending_before: str | None = None


class Tx:
    """One open transaction. `now` is the sandbox's own time in whole seconds, offset included.

    `subscribed` are the types of event that the webhook wants; `*` stands for all.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        now: int,
        wall: float,
        switches: Switches,
        origin: Origin,
        subscribed: frozenset[str],
    ) -> None:
        self.connection = connection
        self.now = now
        self.wall = wall
        self.switches = switches
        self.origin = origin
        self.subscribed = subscribed

    def store_switches(self, switches: Switches) -> None:
        self.switches = switches
        self.connection.execute(
            "INSERT INTO setting (name, value) VALUES ('switches', ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (switches.model_dump_json(),),
        )

    def insert(self, body: Body, account: str) -> Body:
        self.connection.execute(
            "INSERT INTO object (id, kind, account, created, body) VALUES (?, ?, ?, ?, ?)",
            (body["id"], body["object"], account, body["created"], as_text(body)),
        )
        return body

    def save(self, body: Body, *, kind: str | None = None) -> None:
        self.connection.execute(
            "UPDATE object SET body = ?, kind = coalesce(?, kind) WHERE id = ?", (as_text(body), kind, body["id"])
        )

    def get(self, kind: str, ref: str, account: str) -> Body | None:
        row = self.connection.execute(
            "SELECT body FROM object WHERE id = ? AND kind = ? AND account = ?", (ref, kind, account)
        ).fetchone()
        return None if row is None else _parse(row[0])

    def load(self, kind: str, ref: str, account: str, *, param: str, status: int = 404) -> Body:
        body = self.get(kind, ref, account)
        if body is None:
            raise missing(kind, ref, param=param, status=status)
        return body

    def any(self, ref: str) -> Body | None:
        """Whatever has that id: what `expand` follows."""
        row = self.connection.execute("SELECT body FROM object WHERE id = ?", (ref,)).fetchone()
        return None if row is None else _parse(row[0])

    def list(self, kind: str, account: str, listing: Listing) -> tuple[list[Body], bool]:
        """A page and whether more follows."""
        # The kind is written out, not bound: only so can SQLite use an index made for one kind.
        clauses, values = [f"kind = '{_field(kind)}'", "account = ?"], [account, *listing.equal.values()]
        clauses += [f"json_extract(body, '$.{_field(name)}') = ?" for name in listing.equal]
        bounds: list[str | int] = []
        for name, operator in (("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=")):
            if name in listing.created:
                clauses.append(f"created {operator} ?")
                bounds.append(listing.created[name])
        backwards = listing.ending_before is not None
        for ref, operator in ((listing.starting_after, "<"), (listing.ending_before, ">")):
            if ref is not None:
                clauses.append(f"seq {operator} (SELECT seq FROM object WHERE id = ?)")  # noqa: S608 - constants
                bounds.append(ref)
        rows = self.connection.execute(
            f"SELECT body FROM object WHERE {' AND '.join(clauses)} "  # noqa: S608 - names are checked by _field
            f"ORDER BY seq {'ASC' if backwards else 'DESC'} LIMIT ?",
            (*values, *bounds, listing.limit + 1),
        ).fetchall()
        page = [_parse(row[0]) for row in rows[: listing.limit]]
        return (page[::-1] if backwards else page), len(rows) > listing.limit


class Store:
    """The file. Safe to use from any thread; writers wait for each other, here and across processes.

    A transaction takes a fraction of a millisecond, less than handing it to another thread: the event loop runs it.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float], wall: Callable[[], float], subscribed: Collection[str] = ("*",)
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._wall = wall
        self._subscribed = frozenset(subscribed)
        self._lock = threading.Lock()
        self._known_switches = ("", Switches())
        self._connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        # NORMAL with a write-ahead log loses nothing when the process is killed; only a power cut could undo
        # the last commits, which a development double may suffer.
        self._connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {_SCHEMA}")

    @contextmanager
    def transaction(self, origin: Origin | None = None) -> Iterator[Tx]:
        with self._lock:
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                switches = self._switches()
                wall = self._wall()
                now = int(self._clock() + switches.clock_offset_seconds)
                yield Tx(connection, now, wall, switches, origin or Origin(), self._subscribed)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def run(self, step: Callable[[Tx], T], origin: Origin | None = None) -> T:
        with self.transaction(origin) as tx:
            return step(tx)

    def switches(self) -> Switches:
        with self._lock:
            return self._switches()

    def _switches(self) -> Switches:
        """Read each time, since another process may change them; understood once."""
        row = self._connection.execute("SELECT value FROM setting WHERE name = 'switches'").fetchone()
        text = "" if row is None else row[0]
        if text != self._known_switches[0]:
            self._known_switches = (text, Switches.model_validate_json(text) if text else Switches())
        return self._known_switches[1]

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def new_id(prefix: str, length: int = 24) -> str:
    # 248 is the greatest multiple of 62 in a byte: the rest of the bytes are passed over, so no letter is favoured.
    letters = (_ALPHABET[byte % 62] for byte in secrets.token_bytes(length * 2) if byte < 248)
    text = "".join(islice(letters, length))
    return f"{prefix}_{text}" if len(text) == length else new_id(prefix, length)


def _field(name: str) -> str:
    if not set(name) <= _FIELD_CHARACTERS:
        raise ValueError(f"not a field name: {name}")
    return name


def _parse(text: str) -> Body:
    body: Body = orjson.loads(text)
    return body


def as_text(body: object) -> str:
    return orjson.dumps(body).decode()
