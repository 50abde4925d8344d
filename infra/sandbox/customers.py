"""Customers: who pays."""

from infra.sandbox.calls import Call, page
from infra.sandbox.errors import Body
from infra.sandbox.events import emit
from infra.sandbox.store import new_id

DELETED = "deleted_customer"
"""The kind under which a deleted customer is kept, so that lists and payments do not find it."""


def create(call: Call) -> Body:
    form = call.form
    customer: Body = {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": call.tx.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": form.text("description"),
        "email": form.text("email"),
        "invoice_prefix": None,
        "invoice_settings": {"default_payment_method": None},
        "livemode": False,
        "metadata": form.metadata(),
        "name": form.text("name"),
        "phone": form.text("phone"),
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
    }
    form.end()
    call.tx.insert(customer, call.account)
    emit(call.tx, "customer.created", customer, call.account)
    return customer


def update(call: Call) -> Body:
    form = call.form
    customer = retrieve_raw(call)
    for name in ("description", "email", "name", "phone"):
        if form.has(name):
            customer[name] = form.text(name, clearable=True) or None
    customer["metadata"] = form.metadata(customer["metadata"])
    form.end()
    call.tx.save(customer)
    emit(call.tx, "customer.updated", customer, call.account)
    return customer


def retrieve_raw(call: Call) -> Body:
    return call.tx.load("customer", call.path["id"], call.account, param="id")


def retrieve(call: Call) -> Body:
    """Of one that was deleted only this is told; for everything else it is not there any more."""
    call.form.end()
    return call.tx.get(DELETED, call.path["id"], call.account) or retrieve_raw(call)


def delete(call: Call) -> Body:
    call.form.end()
    customer = retrieve_raw(call)
    emit(call.tx, "customer.deleted", customer, call.account)
    gone: Body = {"id": customer["id"], "object": "customer", "deleted": True}
    call.tx.save(gone, kind=DELETED)
    return gone


def listing(call: Call) -> Body:
    return page(call, "customer", ("email",))
