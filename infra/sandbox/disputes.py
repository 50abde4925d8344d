"""Disputes: a buyer's bank takes money back, and gives it back if it is persuaded.

As in the provider's test mode the evidence decides: the text `winning_evidence`, `losing_evidence`, or, of an inquiry,
`escalate_inquiry_evidence`.
"""

from typing import Final

from infra.sandbox.balance import move
from infra.sandbox.calls import Call, page
from infra.sandbox.cards import TestCard
from infra.sandbox.errors import Body, refused
from infra.sandbox.events import emit
from infra.sandbox.store import Listing, Tx, new_id

FEE_MINOR: Final = 1_500
DISPUTES_MAX: Final = 10
RESPONSE_SECONDS: Final = 9 * 86_400
_CLOSED: Final = ("won", "lost", "warning_closed")


def open_dispute(tx: Tx, charge: Body, card: TestCard, account: str) -> None:
    """What the bank of such a card does as soon as its money was taken."""
    dispute: Body = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": charge["amount_captured"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": tx.now,
        "currency": charge["currency"],
        "evidence": {"uncategorized_text": None},
        "evidence_details": {
            "due_by": tx.now + RESPONSE_SECONDS,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": card.inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": card.dispute,
        "status": "warning_needs_response" if card.inquiry else "needs_response",
    }
    tx.insert(dispute, account)
    charge["disputed"] = True
    tx.save(charge)
    emit(tx, "charge.dispute.created", dispute, account)
    if not card.inquiry:
        _withdraw(tx, dispute, account)


def refuse_disputed(tx: Tx, charge: Body, account: str) -> None:
    """Raises for a charge whose money the bank has, or may yet get."""
    if not charge["disputed"]:
        return
    of_charge, _ = tx.list("dispute", account, Listing({"charge": charge["id"]}, {}, DISPUTES_MAX))
    if not all(dispute["is_charge_refundable"] for dispute in of_charge):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise refused(message, code="charge_disputed")


def _withdraw(tx: Tx, dispute: Body, account: str) -> None:
    _book(tx, dispute, account, -dispute["amount"], FEE_MINOR)
    emit(tx, "charge.dispute.funds_withdrawn", dispute, account)


def _book(tx: Tx, dispute: Body, account: str, amount: int, fee: int) -> None:
    ref = move(tx, "adjustment", amount, dispute["currency"], dispute["id"], account=account, fee=fee)
    dispute["balance_transactions"].append(tx.load("balance_transaction", ref, account, param="id"))
    tx.save(dispute)


def update(call: Call) -> Body:
    form, tx = call.form, call.tx
    dispute = _load(call)
    evidence = form.child("evidence")
    text = evidence.text("uncategorized_text") if evidence is not None else None
    submitted = form.boolean("submit")
    dispute["metadata"] = form.metadata(dispute["metadata"])
    form.end()
    _refuse_closed(dispute)
    if text is not None:
        dispute["evidence"]["uncategorized_text"] = text
        dispute["evidence_details"]["has_evidence"] = True
    tx.save(dispute)
    if submitted is not False and dispute["evidence_details"]["has_evidence"]:
        dispute["evidence_details"]["submission_count"] += 1
        _judge(tx, dispute, call.account)
    return dispute


def _judge(tx: Tx, dispute: Body, account: str) -> None:
    inquiry = dispute["status"].startswith("warning_")
    text = dispute["evidence"]["uncategorized_text"]
    if text == "winning_evidence":
        _end(tx, dispute, account, "warning_closed" if inquiry else "won")
    elif text == "losing_evidence":
        _end(tx, dispute, account, "lost")
    elif text == "escalate_inquiry_evidence" and inquiry:
        dispute["is_charge_refundable"] = False
        _become(tx, dispute, account, "needs_response")
        _withdraw(tx, dispute, account)
    else:
        _become(tx, dispute, account, "warning_under_review" if inquiry else "under_review")


def _become(tx: Tx, dispute: Body, account: str, status: str) -> None:
    dispute["status"] = status
    tx.save(dispute)
    emit(tx, "charge.dispute.updated", dispute, account)


def _end(tx: Tx, dispute: Body, account: str, status: str) -> None:
    dispute["status"] = status
    dispute["is_charge_refundable"] = status != "lost"
    tx.save(dispute)
    emit(tx, "charge.dispute.closed", dispute, account)
    if status == "won":
        _book(tx, dispute, account, dispute["amount"], -FEE_MINOR)
        emit(tx, "charge.dispute.funds_reinstated", dispute, account)


def close(call: Call) -> Body:
    """The marketplace gives in."""
    call.form.end()
    dispute = _load(call)
    _refuse_closed(dispute)
    _end(call.tx, dispute, call.account, "lost")
    return dispute


def _refuse_closed(dispute: Body) -> None:
    if dispute["status"] in _CLOSED:
        raise refused("This dispute is already closed", param="dispute")


def _load(call: Call) -> Body:
    return call.tx.load("dispute", call.path["id"], call.account, param="dispute")


def retrieve(call: Call) -> Body:
    call.form.end()
    return _load(call)


def listing(call: Call) -> Body:
    return page(call, "dispute", ("payment_intent", "charge"))
