"""Money that moved: balance transactions, and the balance as their sum.

Every change of an account's money is one balance transaction; nothing else changes a balance.
"""

from infra.sandbox.calls import Call, page
from infra.sandbox.errors import Body, refused
from infra.sandbox.store import PLATFORM, Tx, new_id

FEE_PPM = 29_000
FEE_FIXED_MINOR = 30


def fee_of(amount: int) -> int:
    """2.9 % and 30 minor units, rounded half up: the provider's list price for cards."""
    return min(amount, (amount * FEE_PPM + 500_000) // 1_000_000 + FEE_FIXED_MINOR)


def move(
    tx: Tx,
    kind: str,
    amount: int,
    currency: str,
    source: str,
    *,
    account: str = PLATFORM,
    fee: int = 0,
    pending_seconds: int = 0,
) -> str:
    """Book `amount` (signed, minor units) less `fee`; the id of the balance transaction."""
    available_on = tx.now + pending_seconds
    details = {"amount": fee, "application": None, "currency": currency, "type": "stripe_fee"}
    entry: Body = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": tx.now,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [details | {"description": "Stripe processing fees"}] if fee else [],
        "net": amount - fee,
        "reporting_category": kind,
        "source": source,
        "status": "pending" if pending_seconds else "available",
        "type": kind,
    }
    tx.insert(entry, account)
    tx.connection.execute(
        "INSERT INTO movement (account, currency, available_on, net) VALUES (?, ?, ?, ?)",
        (account, currency, available_on, amount - fee),
    )
    return str(entry["id"])


def available(tx: Tx, account: str, currency: str) -> int:
    row = tx.connection.execute(
        "SELECT coalesce(sum(net), 0) FROM movement WHERE account = ? AND currency = ? "
        "AND (available_on <= ? OR net < 0)",
        (account, currency, tx.now),
    ).fetchone()
    return int(row[0])


def need_available(tx: Tx, account: str, currency: str, amount: int) -> None:
    held = available(tx, account, currency)
    if held < amount:
        raise refused(
            f"You have insufficient available funds in your account: {held} of {amount} {currency}.",
            code="balance_insufficient",
        )


def retrieve_balance(call: Call) -> Body:
    call.form.end()
    rows = call.tx.connection.execute(
        "SELECT currency, sum(net), sum(CASE WHEN available_on <= ? OR net < 0 THEN net ELSE 0 END) "
        "FROM movement WHERE account = ? GROUP BY currency ORDER BY currency",
        (call.tx.now, call.account),
    ).fetchall()
    return {
        "object": "balance",
        "available": [_funds(currency, ready) for currency, _, ready in rows],
        "livemode": False,
        "pending": [_funds(currency, total - ready) for currency, total, ready in rows],
    }


def _funds(currency: str, amount: int) -> Body:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


def retrieve(call: Call) -> Body:
    call.form.end()
    return _as_of(call.tx, call.tx.load("balance_transaction", call.path["id"], call.account, param="id"))


def listing(call: Call) -> Body:
    found = page(call, "balance_transaction", ("type", "source", "currency"))
    found["data"] = [_as_of(call.tx, entry) for entry in found["data"]]
    return found


def _as_of(tx: Tx, entry: Body) -> Body:
    return entry | {"status": "available" if entry["available_on"] <= tx.now else "pending"}
