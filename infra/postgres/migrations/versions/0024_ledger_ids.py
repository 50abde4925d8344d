"""Accounts and balances of older databases get the ids that follow from what they are.

Until then both had ids of chance, and whoever books goes by the others. Entries name their account, and the sealed chain
is a hash over entries: so both are rewritten with them, once and here, past the triggers that refuse any change. Links
that do not follow from their rows are left as they are, and stay broken. Newer databases have nothing to rewrite.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from alembic import op
from sqlalchemy import Connection, text

revision = "0024"
down_revision = "0023"

_HEADERS = text(
    "SELECT xid::text, id, kind, cause, order_id, reverses_id, effective_on, created_at FROM ledger_transaction"
    " WHERE (xid, id) > (CAST(CAST(:xid AS text) AS xid8), :id)"
    " AND (xid, id) <= (CAST(CAST(:up_to_xid AS text) AS xid8), :up_to_id) ORDER BY xid, id"
)
_ENTRIES = text(
    "SELECT transaction_id, id, account_id, order_id, amount_minor, currency FROM entry"
    " WHERE transaction_id = ANY(:ids) ORDER BY id"
)
_LINKS = text("SELECT number, up_to_xid::text, up_to_id, transactions, digest FROM ledger_seal ORDER BY number")


def upgrade() -> None:
    connection = op.get_bind()
    renamed = dict(_renamed(connection))
    if renamed:
        digests = dict(_sealed_again(connection, renamed))
        _rename(connection, renamed)
        _seal(connection, digests)
    connection.execute(
        text("UPDATE balance SET id = coalesce(order_id, account_id) WHERE id <> coalesce(order_id, account_id)")
    )


def downgrade() -> None:
    """Ids are ids: what was booked before knows these as well."""


def _renamed(connection: Connection) -> Iterator[tuple[UUID, UUID]]:
    for id_, kind, owner_id, currency in connection.execute(text("SELECT id, kind, owner_id, currency FROM account")):
        follows = _made_of(kind.encode(), owner_id.bytes if owner_id is not None else b"", currency.encode())
        if follows != id_:
            yield id_, follows


def _made_of(*parts: bytes) -> UUID:
    digest = hashlib.sha256(b"\x00".join(parts)).digest()
    return UUID(int=(int.from_bytes(digest[:16]) & ~(0xF << 76) & ~(3 << 62)) | (8 << 76) | (2 << 62))


def _rename(connection: Connection, renamed: Mapping[UUID, UUID]) -> None:
    """The foreign keys go and come back, and with them each row is looked at: nothing is left without its account."""
    pairs = {"old": list(renamed), "new": list(renamed.values())}
    given = "unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[])) AS given (old, new)"
    op.execute("ALTER TABLE entry DISABLE TRIGGER append_only")
    for table in ("entry", "balance"):
        op.drop_constraint(f"fk_{table}_account_id", table)
    connection.execute(text(f"UPDATE account SET id = given.new FROM {given} WHERE id = given.old"), pairs)
    for table in ("entry", "balance"):
        connection.execute(
            text(f"UPDATE {table} SET account_id = given.new FROM {given} WHERE account_id = given.old"), pairs
        )
        op.create_foreign_key(f"fk_{table}_account_id", table, "account", ["account_id"], ["id"])
    op.execute("ALTER TABLE entry ENABLE TRIGGER append_only")


def _sealed_again(connection: Connection, renamed: Mapping[UUID, UUID]) -> Iterator[tuple[int, str]]:
    """Number and new digest of each link, as long as the old ones follow from their rows."""
    old_before = new_before = ""
    place = {"xid": "0", "id": UUID(int=0)}
    for number, up_to_xid, up_to_id, transactions, digest in connection.execute(_LINKS).all():
        headers = connection.execute(_HEADERS, place | {"up_to_xid": up_to_xid, "up_to_id": up_to_id}).all()
        entries = _entries_of(connection, [header[1] for header in headers])
        if len(headers) != transactions or _digest(old_before, headers, entries, {}) != digest:
            return
        old_before, new_before = digest, _digest(new_before, headers, entries, renamed)
        yield number, new_before
        place = {"xid": up_to_xid, "id": up_to_id}


def _entries_of(connection: Connection, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for entry in connection.execute(_ENTRIES, {"ids": ids}):
        found[entry[0]].append(entry)
    return found


def _digest(
    before: str, headers: Sequence[Any], entries: Mapping[UUID, Sequence[Any]], renamed: Mapping[UUID, UUID]
) -> str:
    digest = hashlib.sha256(before.encode())
    for header in headers:
        digest.update(_line(header))
        for transaction_id, id_, account_id, *rest in entries.get(header[1], ()):
            digest.update(_line([transaction_id, id_, renamed.get(account_id, account_id), *rest]))
    return digest.hexdigest()


def _line(row: Sequence[Any]) -> bytes:
    values = [value.isoformat() if isinstance(value, date) else str(value) for value in row]
    return "".join(f"{len(value)}:{value}" for value in values).encode() + b"\n"


def _seal(connection: Connection, digests: Mapping[int, str]) -> None:
    op.execute("ALTER TABLE ledger_seal DISABLE TRIGGER append_only")
    for number, digest in digests.items():
        connection.execute(
            text("UPDATE ledger_seal SET digest = :digest WHERE number = :number"), {"number": number, "digest": digest}
        )
    op.execute("ALTER TABLE ledger_seal ENABLE TRIGGER append_only")
