"""The two pages people see: the buyer's bank asking for authentication, and the seller's onboarding.

A page is reached only through an unguessable link: the client secret, or the id of the account link.
"""

import hmac
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.sandbox import accounts
from infra.sandbox.confirmation import authenticate
from infra.sandbox.errors import ApiError, Body, missing
from infra.sandbox.payment_intents import find
from infra.sandbox.store import PLATFORM, Store, T, Tx

BODY_MAX_BYTES = 10_000
SEE_OTHER = 303

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 4rem auto; padding: 0 1rem }}
button {{ font: inherit; padding: .6rem 1.2rem; margin: .5rem .5rem 0 0; cursor: pointer }}
</style></head><body><h1>{title}</h1><p>{text}</p>{form}</body></html>"""


def routes(store: Store, wake: Callable[[], None]) -> list[Route]:
    pages = _Pages(store, wake)
    return [
        Route("/_sandbox/authenticate/{id}", pages.show_challenge, methods=["GET"]),
        Route("/_sandbox/authenticate/{id}", pages.answer_challenge, methods=["POST"]),
        Route("/_sandbox/onboard/{id}", pages.show_onboarding, methods=["GET"]),
        Route("/_sandbox/onboard/{id}", pages.finish_onboarding, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store = store
        self._wake = wake

    async def show_challenge(self, request: Request) -> Response:
        ref, secret = request.path_params["id"], request.query_params.get("client_secret", "")
        try:
            intent = await self._do(lambda tx: _intent(tx, ref, secret))
        except ApiError as error:
            return _problem(error)
        if intent["status"] != "requires_action":
            return _page("Nothing to authenticate", f"This payment is {escape(intent['status'])}.")
        amount = f"{intent['amount'] / 100:.2f} {escape(intent['currency'].upper())}"
        buttons = (
            '<form method="post"><button name="outcome" value="succeed">Complete authentication</button>'
            '<button name="outcome" value="fail">Fail authentication</button></form>'
        )
        return _page("3-D Secure test page", f"Your bank asks you to authenticate {amount}.", buttons)

    async def answer_challenge(self, request: Request) -> Response:
        """`outcome` is succeed or fail. Goes back to the return URL if there is one, else shows a status."""
        ref, secret = request.path_params["id"], request.query_params.get("client_secret", "")
        outcome = await _field(request, "outcome")
        if outcome not in ("succeed", "fail"):
            return JSONResponse({"error": "outcome must be succeed or fail"}, status_code=400)

        def step(tx: Tx) -> Body:
            intent = _intent(tx, ref, secret)
            authenticate(tx, intent, PLATFORM, succeed=outcome == "succeed")
            return intent

        try:
            intent = await self._do(step)
        except ApiError as error:
            return _problem(error)
        if intent.get("_return_url") is None:
            return JSONResponse({"id": intent["id"], "status": intent["status"]})
        failed = intent["status"] == "requires_payment_method"
        query = {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "failed" if failed else "succeeded",
        }
        return RedirectResponse(_with_query(intent["_return_url"], query), SEE_OTHER)

    async def show_onboarding(self, request: Request) -> Response:
        link = await self._link(request)
        if link is None:
            return _page("No such link", "Ask the marketplace for a new one.")
        if not await self._do(lambda tx: accounts.link_is_open(tx, link)):
            return RedirectResponse(link["_refresh_url"], SEE_OTHER)
        button = '<form method="post"><button>Complete onboarding</button></form>'
        return _page("Seller onboarding", "The provider asks for identity and bank account.", button)

    async def finish_onboarding(self, request: Request) -> Response:
        found = await self._link(request)
        if found is None:
            return _page("No such link", "Ask the marketplace for a new one.")

        def step(tx: Tx) -> str:
            link = tx.load("account_link", found["id"], PLATFORM, param="id")
            if not accounts.link_is_open(tx, link):
                return str(link["_refresh_url"])
            accounts.complete(tx, link)
            return str(link["_return_url"])

        return RedirectResponse(await self._do(step), SEE_OTHER)

    async def _link(self, request: Request) -> Body | None:
        ref = request.path_params["id"]
        return await self._do(lambda tx: tx.get("account_link", ref, PLATFORM))

    async def _do(self, step: Callable[[Tx], T]) -> T:
        result = self._store.run(step)
        self._wake()
        return result


def _intent(tx: Tx, ref: str, secret: str) -> Body:
    intent = find(tx, ref, PLATFORM)
    if not hmac.compare_digest(secret.encode(), intent["client_secret"].encode()):
        raise missing("payment_intent", ref, param="intent")
    return intent


async def _field(request: Request, name: str) -> str:
    body = await request.body()
    if len(body) > BODY_MAX_BYTES:
        return ""
    return parse_qs(body.decode(errors="replace")).get(name, [""])[0]


def _with_query(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _page(title: str, text: str, form: str = "") -> Response:
    return HTMLResponse(_PAGE.format(title=escape(title), text=text, form=form))


def _problem(error: ApiError) -> Response:
    return JSONResponse(error.body(), status_code=error.status)
