"""The page of the local mailbox: the mails that would have been sent, on a developer's machine only.

Invariant: what people wrote is shown as text. A mail's HTML stands in a frame without scripts, forms, links and
origin, and only who sits at this machine sees any of it.
"""

from collections.abc import Awaitable, Callable, Sequence
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.health import is_local
from infra.mail.mailbox import MailboxDirectory, StoredMail

Endpoint = Callable[[Request], Awaitable[Response]]
HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ text-align: left; padding: .3em .8em .3em 0 }}
tr + tr td {{ border-top: 1px solid #ddd }} pre {{ background: #f5f5f5; padding: 1em; white-space: pre-wrap }}
iframe {{ width: 100%; height: 24em; border: 1px solid #ddd }}
</style></head><body>{body}</body></html>
"""


def mailbox_routes(mailbox: MailboxDirectory) -> list[Route]:
    """`/mailbox` and `/mailbox/<name>`."""

    async def inbox(_request: Request) -> Response:
        mails = await mailbox.newest()
        return page("Mailbox", listed(mails) if mails else "<h1>Mailbox</h1><p>No mail yet.</p>")

    async def one(request: Request) -> Response:
        mail = await mailbox.find(request.path_params["name"])
        return page(mail.subject, shown(mail)) if mail is not None else Response(status_code=404)

    return [Route("/mailbox", for_this_machine(inbox)), Route("/mailbox/{name:str}", for_this_machine(one))]


def for_this_machine(endpoint: Endpoint) -> Endpoint:
    """To anybody else there is no such page."""

    async def guarded(request: Request) -> Response:
        return await endpoint(request) if is_local(request) else Response(status_code=404)

    return guarded


def page(title: str, body: str) -> Response:
    return HTMLResponse(_PAGE.format(title=escape(title), body=body), headers=HEADERS)


def listed(mails: Sequence[StoredMail]) -> str:
    rows = "".join(
        f"<tr><td>{mail.at:%Y-%m-%d %H:%M:%S}</td><td>{escape(mail.to)}</td>"
        f'<td><a href="/mailbox/{escape(mail.name)}">{escape(mail.subject)}</a></td></tr>'
        for mail in mails
    )
    return f"<h1>Mailbox</h1><table><tr><th>when</th><th>to</th><th>subject</th></tr>{rows}</table>"


def shown(mail: StoredMail) -> str:
    facts = {"From": mail.sender, "To": mail.to, "Date": f"{mail.at:%Y-%m-%d %H:%M:%S %Z}", "Id": mail.message_id}
    rows = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in facts.items())
    return (
        f'<p><a href="/mailbox">Mailbox</a></p><h1>{escape(mail.subject)}</h1><table>{rows}</table>'
        f"<h2>Text</h2><pre>{escape(mail.text)}</pre>"
        f'<h2>HTML</h2><iframe sandbox="" srcdoc="{escape(mail.html)}"></iframe>'
    )
