"""Transfers from the platform's balance to a connected account's, and their reversals."""

from infra.sandbox.balance import move, need_available
from infra.sandbox.calls import Call, page
from infra.sandbox.errors import Body, refused
from infra.sandbox.events import emit
from infra.sandbox.store import PLATFORM, Tx, new_id


def create(call: Call) -> Body:
    form, tx = call.form, call.tx
    amount = form.integer("amount", required=True, least=1)
    currency = form.currency("currency")
    destination = form.text("destination", required=True)
    source_ref = form.text("source_transaction")
    group = form.text("transfer_group")
    description = form.text("description")
    metadata = form.metadata()
    form.end()
    source = None
    if source_ref is not None:
        source = tx.load("charge", source_ref, PLATFORM, param="source_transaction", status=400)
    return send(
        tx,
        amount,
        currency,
        destination,
        source=source,
        group=group,
        description=description,
        metadata=metadata,
    )


def send(
    tx: Tx,
    amount: int,
    currency: str,
    destination: str,
    *,
    source: Body | None = None,
    group: str | None = None,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Body:
    """With a `source` charge the money may still be pending; without, the balance must hold it now."""
    account = tx.load("account", destination, PLATFORM, param="destination", status=400)
    if account["capabilities"].get("transfers") != "active":
        raise refused(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers",
            code="insufficient_capabilities_for_transfer",
            param="destination",
        )
    if source is None:
        need_available(tx, PLATFORM, currency, amount)
    elif source["currency"] != currency or _used(source) + amount > source["amount_captured"]:
        raise refused(
            "The transfer is greater than what is left of its source charge, or in another currency.",
            code="balance_insufficient",
            param="amount",
        )
    ref = new_id("tr")
    transfer: Body = {
        "id": ref,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": move(tx, "transfer", -amount, currency, ref),
        "created": tx.now,
        "currency": currency,
        "description": description,
        "destination": destination,
        "destination_payment": new_id("py"),
        "livemode": False,
        "metadata": metadata or {},
        "reversals": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/transfers/{ref}/reversals",
        },
        "reversed": False,
        "source_transaction": None if source is None else source["id"],
        "source_type": "card",
        "transfer_group": group or (None if source is None else source["transfer_group"]),
    }
    move(tx, "payment", amount, currency, transfer["destination_payment"], account=destination)
    if source is not None:
        source["_transferred"] = _used(source) + amount
        tx.save(source)
    tx.insert(transfer, PLATFORM)
    emit(tx, "transfer.created", transfer)
    return transfer


def _used(charge: Body) -> int:
    return int(charge.get("_transferred", 0))


def reverse(call: Call) -> Body:
    form, tx = call.form, call.tx
    asked = form.integer("amount", least=1)
    form.text("description")
    metadata = form.metadata()
    form.end()
    transfer = tx.load("transfer", call.path["id"], PLATFORM, param="id")
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = left if asked is None else asked
    if left == 0:
        raise refused(f"Transfer {transfer['id']} is already fully reversed.", param="id")
    if amount > left:
        raise refused(f"Reversal amount ({amount}) is greater than what is left ({left}).", param="amount")
    need_available(tx, transfer["destination"], transfer["currency"], amount)
    ref = new_id("trr")
    reversal: Body = {
        "id": ref,
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": move(tx, "transfer_refund", amount, transfer["currency"], ref),
        "created": tx.now,
        "currency": transfer["currency"],
        "destination_payment_refund": new_id("pyr"),
        "metadata": metadata,
        "source_refund": None,
        "transfer": transfer["id"],
    }
    back = reversal["destination_payment_refund"]
    move(tx, "payment_refund", -amount, transfer["currency"], back, account=transfer["destination"])
    tx.insert(reversal, PLATFORM)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    del transfer["reversals"]["data"][10:]
    tx.save(transfer)
    emit(tx, "transfer.reversed", transfer)
    return reversal


def retrieve(call: Call) -> Body:
    call.form.end()
    return call.tx.load("transfer", call.path["id"], PLATFORM, param="id")


def listing(call: Call) -> Body:
    return page(call, "transfer", ("destination", "transfer_group"))


def reversals(call: Call) -> Body:
    ref = call.path["id"]
    call.tx.load("transfer", ref, PLATFORM, param="id")
    return page(call, "transfer_reversal", transfer=ref)
