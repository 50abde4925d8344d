"""One request as a handler sees it, and the shape of a list that every resource shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.sandbox.errors import Body, invalid
from infra.sandbox.form import Form
from infra.sandbox.store import Listing, Tx

LIMIT_DEFAULT = 10
LIMIT_MAX = 100
SECONDS_MAX = 2**40


@dataclass(frozen=True, slots=True)
class Call:
    """`account` is the platform, or the connected account that the `Stripe-Account` header names.

    `publishable`: made with a publishable key, as a buyer's browser does; it may touch only what it has the
    client secret of.
    """

    tx: Tx
    form: Form
    path: Mapping[str, str]
    url: str
    account: str
    publishable: bool
    base_url: str


def page(call: Call, kind: str, filters: Sequence[str] = (), *, url: str | None = None, **fixed: str) -> Body:
    """The list of `kind`, newest first, by the filters that the resource has."""
    form = call.form
    created: dict[str, int] = {}
    bounds: Any = form.child("created") if form.has("created") else None
    if bounds is not None:
        for name in ("gt", "gte", "lt", "lte"):
            bound = bounds.integer(name, most=SECONDS_MAX)
            if bound is not None:
                created[name] = bound
    limit = form.integer("limit", least=1, most=LIMIT_MAX)
    equal = dict(fixed)
    for name in filters:
        wanted = form.text(name)
        if wanted is not None:
            equal[name] = wanted
    starting_after, ending_before = form.text("starting_after"), form.text("ending_before")
    if starting_after and ending_before:
        raise invalid("You cannot use both `starting_after` and `ending_before`.", param="starting_after")
    form.end()
    for name, cursor in (("starting_after", starting_after), ("ending_before", ending_before)):
        if cursor is not None:
            call.tx.load(kind, cursor, call.account, param=name)
    wanted_page = Listing(equal, created, limit or LIMIT_DEFAULT, starting_after, ending_before)
    data, has_more = call.tx.list(kind, call.account, wanted_page)
    return {"object": "list", "url": url or call.url, "has_more": has_more, "data": data}
