"""Hints over Redis pub/sub: one subscribed connection per process, shared by all its feeds.

Invariant: losing a hint costs a reader at most its poll. Publishing never waits and never raises; a dead Redis is
tried again with growing pauses, and whoever listens is woken when it is back, since hints were lost meanwhile.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

PREFIX: Final = "hint:"
ALIVE: Final = f"{PREFIX}alive"
"""Always subscribed, so that the connection is one of pub/sub while nobody listens to anything."""
PENDING_MAX: Final = 10_000
"""Topics waiting to be sent; more are dropped, the readers' polls find what they hinted at."""
CHUNK: Final = 500
SILENCE_SECONDS: Final = 15.0
PAUSE_MIN_SECONDS: Final = 0.1
PAUSE_MAX_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 2.0
_FAULTS: Final = (RedisError, OSError, TimeoutError)

_log = logging.getLogger(__name__)


class RedisHintStream:
    """One listener's flag: raised by a hint, lowered by the wait that saw it."""

    def __init__(self) -> None:
        self._raised = asyncio.Event()

    def wake(self) -> None:
        self._raised.set()

    async def wait(self, timeout_seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._raised.wait()
        self._raised.clear()


class RedisHints:
    """`domain.shared.feeds.Hints`. Made by `open_redis_hints`."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._streams: dict[str, set[RedisHintStream]] = {}
        self._changed = asyncio.Event()
        self._pending: dict[str, None] = {}
        self._to_send = asyncio.Event()

    def publish(self, topics: Sequence[str]) -> None:
        # Listeners of this process need no Redis between.
        self._wake(topics)
        for topic in topics:
            if len(self._pending) < PENDING_MAX:
                self._pending[topic] = None
        self._to_send.set()

    @asynccontextmanager
    async def listen(self, topics: Sequence[str]) -> AsyncIterator[RedisHintStream]:
        """Redis confirms a subscription a moment later; the confirmation counts as a hint, so there is no gap."""
        stream = RedisHintStream()
        for topic in topics:
            self._streams.setdefault(topic, set()).add(stream)
        self._changed.set()
        try:
            yield stream
        finally:
            for topic in topics:
                left = self._streams[topic]
                left.discard(stream)
                if not left:
                    del self._streams[topic]
            self._changed.set()

    def _wake(self, topics: Iterable[str]) -> None:
        for topic in topics:
            for stream in self._streams.get(topic, ()):
                stream.wake()

    async def run_receiver(self) -> None:
        """Keep the subscribed connection, for ever."""
        pause, clock = PAUSE_MIN_SECONDS, asyncio.get_running_loop()
        while True:
            began = clock.time()
            try:
                async with aclosing(self._client.pubsub()) as pubsub:
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await pubsub.connect()  # type: ignore[no-untyped-call]  # redis leaves it untyped
                        await pubsub.subscribe(ALIVE)
                    await self._serve(pubsub)
            except _FAULTS as fault:
                _log.warning("hints are not received, readers poll: %s", type(fault).__name__)
            except Exception:  # noqa: BLE001  # logged with its trace
                # Nobody waits for this task: whatever else ended it would stay unseen, and every feed of the process
                # would poll until a restart.
                _log.exception("hints are not received because of a fault, readers poll")
            if clock.time() - began > PAUSE_MAX_SECONDS:
                # It was connected for a while; what fails right after connecting waits longer and longer.
                pause = PAUSE_MIN_SECONDS
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret
            pause = min(pause * 2, PAUSE_MAX_SECONDS)

    async def _serve(self, pubsub: PubSub) -> None:
        """Receive and keep the subscriptions as wanted until the connection fails."""
        subscriber = asyncio.create_task(self._keep_subscribed(pubsub))
        receiver = asyncio.create_task(self._receive(pubsub))
        try:
            done, _ = await asyncio.wait({subscriber, receiver}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _end(subscriber, receiver)

    async def _keep_subscribed(self, pubsub: PubSub) -> None:
        subscribed: set[str] = set()
        while True:
            self._changed.clear()
            wanted = set(self._streams)
            for chunk in _chunks(wanted - subscribed):
                await pubsub.subscribe(*chunk)
            for chunk in _chunks(subscribed - wanted):
                await pubsub.unsubscribe(*chunk)
            subscribed = wanted
            await self._changed.wait()

    async def _receive(self, pubsub: PubSub) -> None:
        asked = False
        while True:
            message = await pubsub.get_message(timeout=SILENCE_SECONDS)
            if message is None:
                # A peer that vanished without a word shows only by not answering.
                if asked:
                    raise TimeoutError
                asked = True
                await pubsub.ping()
                continue
            asked = False
            if message["type"] in ("message", "subscribe"):
                self._wake([message["channel"].removeprefix(PREFIX)])

    async def run_sender(self) -> None:
        """Send what is pending, for ever; what cannot be sent is dropped."""
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            topics, self._pending = self._pending, {}
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._send(topics)
                continue
            except _FAULTS as fault:
                _log.warning("%d hints are lost, readers poll: %s", len(topics), type(fault).__name__)
            except Exception:  # noqa: BLE001  # logged with its trace; as for the receiver
                _log.exception("%d hints are lost because of a fault, readers poll", len(topics))
            self._pending.clear()
            await asyncio.sleep(PAUSE_MIN_SECONDS)

    async def _send(self, topics: Iterable[str]) -> None:
        for chunk in _chunks(topics):
            async with self._client.pipeline(transaction=False) as pipeline:
                for channel in chunk:
                    pipeline.execute_command("PUBLISH", channel, b"")
                await pipeline.execute()


def _chunks(topics: Iterable[str]) -> list[list[str]]:
    channels = [PREFIX + topic for topic in topics]
    return [channels[start : start + CHUNK] for start in range(0, len(channels), CHUNK)]


async def _end(*tasks: asyncio.Task[None]) -> None:
    """Cancel until they are over: Python 3.11's `wait_for`, inside the client, swallows a cancellation that comes
    just as its inner call ends."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.1)
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def open_redis_hints(url: str) -> AsyncIterator[RedisHints]:
    """Hints with their two background tasks and two connections; a Redis that is down delays nothing."""
    client = Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        # Reconnecting is done here: the client's own attempts would hide that hints were lost.
        retry=Retry(NoBackoff(), 0),
    )
    async with hints_over(client) as hints:
        yield hints


@asynccontextmanager
async def hints_over(client: Redis) -> AsyncIterator[RedisHints]:
    """The same with a client of the caller's, closed afterwards."""
    hints = RedisHints(client)
    tasks = [asyncio.create_task(hints.run_receiver()), asyncio.create_task(hints.run_sender())]
    try:
        yield hints
    finally:
        await _end(*tasks)
        await client.aclose()
