"""Payouts of an account's balance to its bank."""

from infra.sandbox.balance import move, need_available
from infra.sandbox.calls import Call, page
from infra.sandbox.errors import Body, refused
from infra.sandbox.events import emit
from infra.sandbox.store import PLATFORM, Tx, new_id

SWEEP_MAX = 100


def create(call: Call) -> Body:
    form, tx = call.form, call.tx
    amount = form.integer("amount", required=True, least=1)
    currency = form.currency("currency")
    description = form.text("description")
    descriptor = form.text("statement_descriptor")
    metadata = form.metadata()
    form.end()
    if call.account != PLATFORM:
        account = tx.load("account", call.account, PLATFORM, param="account")
        if not account["payouts_enabled"]:
            raise refused("Payouts are not enabled for this account.", code="payouts_not_allowed")
    need_available(tx, call.account, currency, amount)
    ref = new_id("po")
    payout: Body = {
        "id": ref,
        "object": "payout",
        "amount": amount,
        "arrival_date": tx.now + tx.switches.payout_seconds,
        "automatic": False,
        "balance_transaction": move(tx, "payout", -amount, currency, ref, account=call.account),
        "created": tx.now,
        "currency": currency,
        "description": description,
        "destination": "ba_sandbox",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": metadata,
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": descriptor,
        "status": "pending",
        "type": "bank_account",
        "_account": call.account,
    }
    tx.insert(payout, call.account)
    emit(tx, "payout.created", payout, call.account)
    return payout


def retrieve(call: Call) -> Body:
    call.form.end()
    return call.tx.load("payout", call.path["id"], call.account, param="payout")


def listing(call: Call) -> Body:
    return page(call, "payout", ("status",))


def fail(tx: Tx, ref: str) -> Body:
    """The bank refuses the money; it comes back to the account's balance. Possible after `paid` too."""
    payout = tx.any(ref)
    if payout is None or payout["object"] != "payout" or payout["status"] == "failed":
        raise refused(f"No payout that could fail: '{ref}'", param="id")
    account = payout["_account"]
    payout["status"] = "failed"
    payout["failure_code"] = "account_closed"
    payout["failure_message"] = "The bank account has been closed."
    payout["failure_balance_transaction"] = move(
        tx, "payout_failure", payout["amount"], payout["currency"], ref, account=account
    )
    tx.save(payout)
    emit(tx, "payout.failed", payout, account)
    return payout


def sweep(tx: Tx) -> None:
    """Payouts whose day has come arrive."""
    rows = tx.connection.execute(
        "SELECT id FROM object INDEXED BY payout_travelling "
        "WHERE kind = 'payout' AND json_extract(body, '$.status') = 'pending' "
        "AND json_extract(body, '$.arrival_date') <= ? ORDER BY seq LIMIT ?",
        (tx.now, SWEEP_MAX),
    ).fetchall()
    for (ref,) in rows:
        payout = tx.any(ref)
        if payout is not None:
            payout["status"] = "paid"
            tx.save(payout)
            emit(tx, "payout.paid", payout, payout["_account"])
