"""Calls to Stripe within bounds: 10 s a try, 3 tries, 25 s in all, the same idempotency key on every try.

Whatever goes wrong leaves here as an error of the domain, except a declined card, which is an answer.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import aiohttp
import stripe

from domain.payments.errors import ProviderRefused, ProviderUnavailable, RefusalReason
from domain.shared.errors import DomainError

T = TypeVar("T")

API_VERSION: Final = "2026-10-28.endive"
"""Pinned: the account's own default version may differ, and a new one may change shapes."""

TRY_SECONDS: Final = 10.0
TRIES_MAX: Final = 3
TOTAL_SECONDS: Final = 25.0
PAUSE_FIRST_SECONDS: Final = 0.3
CONNECTIONS_MAX: Final = 50
PAGE_MAX: Final = 100
PAGES_MAX: Final = 10

_REASONS: Final[Mapping[str, RefusalReason]] = {
    "payment_intent_unexpected_state": RefusalReason.WRONG_STATE,
    "charge_already_captured": RefusalReason.WRONG_STATE,
    "charge_expired_for_capture": RefusalReason.WRONG_STATE,
    "charge_already_refunded": RefusalReason.ALREADY_REFUNDED,
    "amount_too_large": RefusalReason.AMOUNT_NOT_ALLOWED,
    "amount_too_small": RefusalReason.AMOUNT_NOT_ALLOWED,
    "resource_missing": RefusalReason.NOT_FOUND,
    "balance_insufficient": RefusalReason.BALANCE_INSUFFICIENT,
    "insufficient_funds": RefusalReason.BALANCE_INSUFFICIENT,
    "insufficient_capabilities_for_transfer": RefusalReason.ACCOUNT_NOT_READY,
    "payouts_not_allowed": RefusalReason.ACCOUNT_NOT_READY,
    "account_invalid": RefusalReason.ACCOUNT_NOT_READY,
}


class PooledHTTPClient(stripe.HTTPClient):
    """The SDK's transport over one pool of connections, opened by the first request.

    The SDK's own over httpx takes three times the time of the processor for each request, and its own over aiohttp lets
    an answer that breaks off escape as an error that nobody knows.
    """

    name = "aiohttp"

    def __init__(self, *, proxied: bool) -> None:
        super().__init__()
        self._proxied = proxied
        self._session: aiohttp.ClientSession | None = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
                timeout=aiohttp.ClientTimeout(total=TRY_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=self._proxied,
            )
        return self._session

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            request = self._opened().request(method, url, headers=headers, data=post_data or None)
            async with request as response:
                return await response.read(), response.status, response.headers
        except aiohttp.ClientError as error:
            failure = type(error).__name__
            raise stripe.APIConnectionError(failure) from error  # type: ignore[no-untyped-call] # the SDK's

    async def close_async(self) -> None:
        if self._session is not None:
            await self._session.close()


class StripeCalls:
    """The SDK's client and the one way to call it. `sleep` and `jitter` (0 to 1) are given by tests."""

    def __init__(
        self,
        api_key: str,
        api_base: str | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        try_seconds: float = TRY_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        # The SDK would write an id into the home directory and send the host's platform along.
        stripe.enable_telemetry = False
        # A proxy of the environment stands between us and the provider, not between us and a sandbox next door.
        self._http = PooledHTTPClient(proxied=api_base is None)
        self._client = stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base} if api_base else None,
            max_network_retries=0,
            http_client=self._http,
        )
        self.v1 = self._client.v1
        self._sleep = sleep
        self._jitter = jitter
        self._try_seconds = try_seconds
        self._total_seconds = total_seconds

    async def call(self, request: Callable[[], Awaitable[T]]) -> T:
        """The answer of `request`, tried again while that may help; ProviderUnavailable or ProviderRefused."""
        try:
            return await self.charge(request)
        except stripe.CardError as error:
            raise ProviderRefused(RefusalReason.INVALID, f"{error.code}: {error.user_message}") from error

    async def charge(self, request: Callable[[], Awaitable[T]]) -> T:
        """Like `call`, of a request that a card may decline: then it raises stripe.CardError."""
        try:
            async with asyncio.timeout(self._total_seconds):
                return await self._tries(request)
        except TimeoutError:
            raise ProviderUnavailable("timeout") from None

    async def _tries(self, request: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(1, TRIES_MAX + 1):
            try:
                async with asyncio.timeout(self._try_seconds):
                    return await request()
            except TimeoutError:
                cause = "timeout"
            except stripe.CardError:
                raise
            except stripe.StripeError as error:
                cause = _retryable(error)
            if attempt < TRIES_MAX:
                await self._sleep(PAUSE_FIRST_SECONDS * 2 ** (attempt - 1) * (0.5 + self._jitter()))
        raise ProviderUnavailable(cause)

    async def raw(
        self, method: str, path: str, params: Mapping[str, Any], idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """One request's answer as it came, to be made within `call` or `charge`.

        For the calls of every purchase: making the SDK's objects of an intent costs as much as all the rest of a call.
        """
        options = {} if idempotency_key is None else {"idempotency_key": idempotency_key}
        answer = await self._client.raw_request_async(method, path, **params, **options)
        body: dict[str, Any] = answer.data
        return body

    async def listed(self, request: Callable[[], Awaitable[stripe.ListObject[Any]]]) -> AsyncIterator[dict[str, Any]]:
        """The objects of a listing, page after page.

        A listing longer than the bound is ProviderUnavailable: what was not seen is not known to be missing.
        """
        fetch = request
        for _ in range(PAGES_MAX):
            page = await self.call(fetch)
            for found in page.data:
                yield found.to_dict()
            if not page.has_more:
                return
            fetch = page.next_page_async
        raise ProviderUnavailable("too many to look through")

    async def aclose(self) -> None:
        await self._http.close_async()


def _retryable(error: stripe.StripeError) -> str:
    """Why another try may help; raises what no other try would change."""
    status = error.http_status or 0
    headers = error.headers or {}
    if isinstance(error, stripe.APIConnectionError):
        return "connection"
    if status not in (409, 429) and status < 500:
        raise _definite(error) from error
    if headers.get("stripe-should-retry") == "false":
        raise ProviderUnavailable(f"http {status}") from error
    return f"http {status}"


def _definite(error: stripe.StripeError) -> DomainError:
    detail = f"{error.code or type(error).__name__}: {error.user_message} ({error.request_id})"
    if isinstance(error, stripe.IdempotencyError):
        return ProviderRefused(RefusalReason.KEY_REUSED, detail)
    if isinstance(error, stripe.InvalidRequestError):
        # Refunds and reversals above what is left come without a code.
        amount = error.param in ("amount", "amount_to_capture")
        otherwise = RefusalReason.AMOUNT_NOT_ALLOWED if amount else RefusalReason.INVALID
        return ProviderRefused(_REASONS.get(error.code or "", otherwise), detail)
    if error.code == "account_invalid":
        return ProviderRefused(RefusalReason.ACCOUNT_NOT_READY, detail)
    # A wrong key or right is ours to mend; no buyer's payment shall fail for good because of it.
    return ProviderUnavailable(type(error).__name__)
