"""Delivery of events to the webhook: signed, at least once, repeated with growing pauses until accepted.

The queue is in the store: what was not accepted before the process died is delivered after it starts again.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from infra.sandbox import expiry, idempotency, payouts
from infra.sandbox.store import Store, Tx

BATCH_MAX = 32
SWEEP_SECONDS = 0.2
TRIES_MAX = 16
TIMEOUT_SECONDS = 10.0
BACKOFF_FIRST_SECONDS = 0.5
BACKOFF_MAX_SECONDS = 3_600.0
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Delivery:
    seq: int
    event_id: str
    payload: bytes
    tries: int
    copies: int


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of one delivery."""

    delivery: _Delivery
    outcome: str
    accepted: bool


def signature(payload: bytes, secret: str, at: int) -> str:
    """The `Stripe-Signature` header: HMAC-SHA256 over time and body."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


class Deliveries:
    """Works the queue until cancelled. `wall` is the true time, by which a receiver checks signatures."""

    def __init__(self, store: Store, url: str | None, secret: str, wall: Callable[[], float]) -> None:
        self._store = store
        self._url = url
        self._secret = secret
        self._wall = wall
        self._woken = asyncio.Event()
        self._swept_at = -SWEEP_SECONDS

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as client:
            while True:
                self._woken.clear()
                if not await self._work(client):
                    await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _work(self, client: aiohttp.ClientSession) -> bool:
        """One round; whether there was anything to deliver."""
        url, one_by_one, batch = self._store.run(self._take)
        if url is None or not batch:
            return False
        if one_by_one:
            for delivery in batch:
                await self._deliver(client, url, [delivery])
        else:
            await self._deliver(client, url, batch)
        return True

    def _take(self, tx: Tx) -> tuple[str | None, bool, list[_Delivery]]:
        if time.monotonic() - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = time.monotonic()
            payouts.sweep(tx)
            expiry.sweep(tx)
            idempotency.forget(tx)
        how = tx.switches.webhooks
        url = how.url or self._url
        if url is None or how.paused:
            return None, False, []
        rows = tx.connection.execute(
            "SELECT d.seq, d.event, o.body, d.tries FROM delivery d JOIN object o ON o.id = d.event "
            "WHERE d.state = 'waiting' AND d.due_at <= ? ORDER BY d.seq * ? LIMIT ?",
            (tx.wall, -1 if how.out_of_order else 1, BATCH_MAX),
        ).fetchall()
        batch = [_Delivery(seq, event, body.encode(), tries, _copies(tx)) for seq, event, body, tries in rows]
        return url, how.out_of_order, batch

    async def _deliver(self, client: aiohttp.ClientSession, url: str, deliveries: list[_Delivery]) -> None:
        """All at once; what came of them is written together. Whoever dies before tells them all again."""
        told = await asyncio.gather(*(self._tell(client, url, delivery) for delivery in deliveries))

        def settle(tx: Tx) -> None:
            for one in told:
                _settle(tx, one)

        self._store.run(settle)

    async def _tell(self, client: aiohttp.ClientSession, url: str, delivery: _Delivery) -> _Told:
        outcome, accepted = "dropped", delivery.copies == 0
        for _ in range(delivery.copies):
            outcome, accepted = await self._post(client, url, delivery.payload)
        return _Told(delivery, outcome, accepted)

    async def _post(self, client: aiohttp.ClientSession, url: str, payload: bytes) -> tuple[str, bool]:
        signed = signature(payload, self._secret, int(self._wall()))
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signed}
        try:
            async with client.post(url, data=payload, headers=headers, allow_redirects=False) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__, False
        return str(response.status), 200 <= response.status < 300


def _copies(tx: Tx) -> int:
    """How often this delivery is sent: none if it is to be dropped."""
    from_now = tx.switches.webhooks
    if from_now.drop_next == 0:
        return 1 + from_now.duplicate
    left = from_now.model_copy(update={"drop_next": from_now.drop_next - 1})
    tx.store_switches(tx.switches.model_copy(update={"webhooks": left}))
    return 0


def _settle(tx: Tx, told: _Told) -> None:
    delivery = told.delivery
    tries = delivery.tries + 1
    state = "done" if told.accepted else ("dead" if tries >= TRIES_MAX else "waiting")
    pause = min(BACKOFF_FIRST_SECONDS * 2**delivery.tries, BACKOFF_MAX_SECONDS)
    tx.connection.execute(
        "UPDATE delivery SET tries = ?, state = ?, last = ?, due_at = ? WHERE seq = ?",
        (tries, state, told.outcome, tx.wall + pause, delivery.seq),
    )
    if told.accepted:
        tx.connection.execute(
            "UPDATE object SET body = json_set(body, '$.pending_webhooks', 0) WHERE id = ?", (delivery.event_id,)
        )


def recent(tx: Tx, limit: int) -> list[dict[str, object]]:
    """The last deliveries, for whoever wants to see what became of them."""
    rows = tx.connection.execute(
        "SELECT d.event, json_extract(o.body, '$.type'), d.tries, d.state, d.last FROM delivery d "
        "JOIN object o ON o.id = d.event ORDER BY d.seq DESC LIMIT ?",
        (limit,),
    ).fetchall()
    names = ("event", "type", "tries", "state", "last")
    return [dict(zip(names, row, strict=True)) for row in rows]
