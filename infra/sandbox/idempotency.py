"""Answers remembered by idempotency key for 24 hours.

A key belongs to one account and one request: repeated, the first answer comes again, declines and server
errors included; with other parameters, or for another endpoint, it is refused.
"""

import hashlib
from dataclasses import dataclass

import orjson

from infra.sandbox.errors import Body, invalid, key_mismatch
from infra.sandbox.form import Value
from infra.sandbox.store import Tx, as_text

KEY_SECONDS = 24 * 3_600
KEY_MAX = 255
FORGET_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request that may be repeated: its account and key, and what makes it the same request."""

    account: str
    key: str
    method: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Body
    request_id: str
    replayed: bool = False


def keyed(account: str, key: str, method: str, path: str, form: dict[str, Value]) -> Keyed:
    if len(key) > KEY_MAX:
        raise invalid(f"Idempotency keys can be at most {KEY_MAX} characters long.")
    digest = hashlib.sha256(orjson.dumps(form, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Keyed(account, key, method, path, digest)


def recall(tx: Tx, keyed: Keyed) -> Answer | None:
    row = tx.connection.execute(
        "SELECT method, path, digest, request, status, body FROM answer WHERE account = ? AND key = ? AND created > ?",
        (keyed.account, keyed.key, tx.now - KEY_SECONDS),
    ).fetchone()
    if row is None:
        return None
    method, path, digest, request, status, body = row
    if (method, path) != (keyed.method, keyed.path):
        raise key_mismatch(keyed.key, "for the same endpoint")
    if digest != keyed.digest:
        raise key_mismatch(keyed.key, "with the same parameters")
    return Answer(status, orjson.loads(body), request, replayed=True)


def remember(tx: Tx, keyed: Keyed, answer: Answer) -> None:
    tx.connection.execute(
        "INSERT OR REPLACE INTO answer (account, key, method, path, digest, request, status, body, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            keyed.account,
            keyed.key,
            keyed.method,
            keyed.path,
            keyed.digest,
            answer.request_id,
            answer.status,
            as_text(answer.body),
            tx.now,
        ),
    )


def forget(tx: Tx) -> None:
    """Drop keys older than a day, some at a time."""
    tx.connection.execute(
        "DELETE FROM answer WHERE (account, key) IN (SELECT account, key FROM answer WHERE created <= ? LIMIT ?)",
        (tx.now - KEY_SECONDS, FORGET_MAX),
    )
