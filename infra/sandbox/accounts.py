"""Connected accounts of sellers, and the links through which they are onboarded."""

from infra.sandbox.calls import Call, page
from infra.sandbox.errors import Body, refused
from infra.sandbox.events import emit
from infra.sandbox.form import Form
from infra.sandbox.store import PLATFORM, Tx, new_id

LINK_SECONDS = 300
CURRENCIES = {"US": "usd", "GB": "gbp", "CH": "chf", "SE": "sek", "PL": "pln", "JP": "jpy", "CA": "cad"}
OPEN_REQUIREMENTS = ["external_account", "individual.verification.document", "tos_acceptance.date"]


def create(call: Call) -> Body:
    form = call.form
    country = (form.text("country") or "US").upper()
    account: Body = {
        "id": new_id("acct", 16),
        "object": "account",
        "business_profile": {"name": None, "url": None},
        "business_type": form.choice("business_type", ("individual", "company", "non_profit")),
        "capabilities": _capabilities(form.child("capabilities")),
        "charges_enabled": False,
        "controller": {"type": "application"},
        "country": country,
        "created": call.tx.now,
        "default_currency": CURRENCIES.get(country, "eur"),
        "details_submitted": False,
        "email": form.text("email"),
        "external_accounts": {"object": "list", "data": [], "has_more": False, "url": ""},
        "future_requirements": _requirements([]),
        "metadata": form.metadata(),
        "payouts_enabled": False,
        "requirements": _requirements(OPEN_REQUIREMENTS),
        "settings": {"payouts": {"schedule": _schedule(form.child("settings"))}},
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": form.choice("type", ("express", "custom", "standard")) or "none",
    }
    form.end()
    call.tx.insert(account, PLATFORM)
    return account


def _capabilities(form: Form | None) -> Body:
    result: Body = {}
    for name in ("card_payments", "transfers"):
        one = None if form is None else form.child(name)
        if one is not None and one.boolean("requested"):
            result[name] = "inactive"
    return result


def _schedule(form: Form | None) -> Body:
    payouts = None if form is None else form.child("payouts")
    schedule = None if payouts is None else payouts.child("schedule")
    interval = None if schedule is None else schedule.choice("interval", ("manual", "daily", "weekly", "monthly"))
    return {"delay_days": 2, "interval": interval or "daily"}


def _requirements(due: list[str]) -> Body:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }


def retrieve(call: Call) -> Body:
    call.form.end()
    return call.tx.load("account", call.path["id"], PLATFORM, param="account")


def update(call: Call) -> Body:
    form = call.form
    account = call.tx.load("account", call.path["id"], PLATFORM, param="account")
    account["email"] = form.text("email") or account["email"]
    account["metadata"] = form.metadata(account["metadata"])
    form.end()
    call.tx.save(account)
    emit(call.tx, "account.updated", account, account["id"])
    return account


def listing(call: Call) -> Body:
    return page(call, "account")


def create_link(call: Call) -> Body:
    form = call.form
    ref = form.text("account", required=True)
    return_url, refresh_url = form.text("return_url"), form.text("refresh_url")
    form.choice("type", ("account_onboarding", "account_update"), required=True)
    form.end()
    if return_url is None or refresh_url is None:
        raise refused("You must provide both `return_url` and `refresh_url` for this type of link.")
    call.tx.load("account", ref, PLATFORM, param="account", status=400)
    link: Body = {
        "id": new_id("link", 32),
        "object": "account_link",
        "created": call.tx.now,
        "expires_at": call.tx.now + LINK_SECONDS,
        "_account": ref,
        "_return_url": return_url,
        "_refresh_url": refresh_url,
        "_used": False,
    }
    call.tx.insert(link, PLATFORM)
    url = f"{call.base_url}/_sandbox/onboard/{link['id']}"
    return {name: link[name] for name in ("object", "created", "expires_at")} | {"url": url}


def link_is_open(tx: Tx, link: Body) -> bool:
    return not link["_used"] and bool(link["expires_at"] > tx.now)


def complete(tx: Tx, link: Body) -> None:
    """The seller has told the provider everything: the account may take money and be paid out."""
    link["_used"] = True
    tx.save(link)
    account = tx.load("account", link["_account"], PLATFORM, param="account")
    previous = {name: account[name] for name in ("charges_enabled", "details_submitted", "payouts_enabled")}
    account |= {"charges_enabled": True, "details_submitted": True, "payouts_enabled": True}
    account["capabilities"] = dict.fromkeys(account["capabilities"], "active")
    account["requirements"] = _requirements([])
    tx.save(account)
    emit(tx, "account.updated", account, account["id"], previous)
