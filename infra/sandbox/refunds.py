"""Refunds of captured money. The fee is not given back."""

from infra.sandbox.balance import move
from infra.sandbox.calls import Call, page
from infra.sandbox.disputes import refuse_disputed
from infra.sandbox.errors import Body, invalid, refused
from infra.sandbox.events import emit
from infra.sandbox.store import Tx, new_id

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(call: Call) -> Body:
    form, tx = call.form, call.tx
    intent_ref, charge_ref = form.text("payment_intent"), form.text("charge")
    asked = form.integer("amount", least=1)
    reason = form.choice("reason", REASONS)
    metadata = form.metadata()
    form.end()
    charge = _charge(call, intent_ref, charge_ref)
    refuse_disputed(tx, charge, call.account)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = left if asked is None else asked
    if amount > left:
        raise refused(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")
    refund = _make(call, charge, amount, reason, metadata)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    tx.save(charge)
    emit(tx, "refund.created", refund, call.account)
    emit(tx, "charge.refunded", charge, call.account)
    return refund


def _charge(call: Call, intent_ref: str | None, charge_ref: str | None) -> Body:
    if (intent_ref is None) == (charge_ref is None):
        raise invalid("One of the following params should be provided: payment_intent or charge.")
    tx = call.tx
    if intent_ref is not None:
        intent = tx.load("payment_intent", intent_ref, call.account, param="payment_intent", status=404)
        charge_ref = intent["latest_charge"]
    charge = None if charge_ref is None else tx.get("charge", charge_ref, call.account)
    if intent_ref is None and charge is None:
        return tx.load("charge", charge_ref or "", call.account, param="charge")
    if charge is None or not charge["captured"]:
        raise refused(
            f"This PaymentIntent ({intent_ref}) does not have a successful charge to refund.",
            code="payment_intent_unexpected_state",
            param="payment_intent",
        )
    return charge


def _make(call: Call, charge: Body, amount: int, reason: str | None, metadata: dict[str, str]) -> Body:
    ref = new_id("re")
    refund: Body = {
        "id": ref,
        "object": "refund",
        "amount": amount,
        "balance_transaction": move(call.tx, "refund", -amount, charge["currency"], ref, account=call.account),
        "charge": charge["id"],
        "created": call.tx.now,
        "currency": charge["currency"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "failure_reason": None,
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    return call.tx.insert(refund, call.account)


def fail(tx: Tx, ref: str, account: str) -> Body:
    """The buyer's bank sends the money back some time after the refund had succeeded."""
    refund = tx.load("refund", ref, account, param="id")
    if refund["status"] != "succeeded":
        raise refused(f"Refund {ref} has a status of {refund['status']}.", param="id")
    refund["status"] = "failed"
    refund["failure_reason"] = "expired_or_canceled_card"
    refund["failure_balance_transaction"] = move(
        tx, "refund_failure", refund["amount"], refund["currency"], ref, account=account
    )
    tx.save(refund)
    charge = tx.load("charge", refund["charge"], account, param="charge")
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    tx.save(charge)
    emit(tx, "refund.updated", refund, account)
    emit(tx, "refund.failed", refund, account)
    return refund


def retrieve(call: Call) -> Body:
    call.form.end()
    return call.tx.load("refund", call.path["id"], call.account, param="id")


def listing(call: Call) -> Body:
    return page(call, "refund", ("payment_intent", "charge"))
