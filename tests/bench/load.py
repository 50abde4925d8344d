"""A client that costs little: prepared requests over kept-alive connections, each sending when its answer has come.

Requests are bytes made beforehand and answers are hardly looked at, so that what is measured is the server.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import httptools
import orjson

CONNECT_SECONDS_MAX: Final = 10.0
ANSWER_SECONDS_MAX: Final = 60.0
ANSWERS_KEPT_MAX: Final = 10_000
BAD: Final = (b'"errors":', b'"code":')
"""What stands in the answer of an operation that was refused, as a whole or by its union."""


@dataclass
class Measured:
    """One run: latencies in seconds in the order of the answers, and some of the answers that were no success."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    bad: list[bytes] = field(default_factory=list)
    bad_count: int = 0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


def request(path: str, body: object, *, host: str = "127.0.0.1", token: str | None = None) -> bytes:
    """A POST of JSON, as the bytes on the wire."""
    content = orjson.dumps(body)
    authorization = f"authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\naccept: application/json\r\n"
        f"{authorization}content-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class _Connection(asyncio.Protocol):
    """One connection in a closed loop: the next request goes out when the answer to the last one is complete."""

    def __init__(self, requests: Iterator[bytes], until: float, measured: Measured) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._until = until
        self._measured = measured
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        now, measured = time.perf_counter(), self._measured
        measured.latencies.append(now - self._sent_at)
        status = self._parser.get_status_code()
        measured.statuses[status] = measured.statuses.get(status, 0) + 1
        body = b"".join(self._body)
        if status != 200 or any(word in body for word in BAD):
            measured.bad_count += 1
            if len(measured.bad) < ANSWERS_KEPT_MAX:
                measured.bad.append(body)
        self._body.clear()
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
            self._measured.bad_count += 1
            self._measured.bad.append(f"the connection was lost: {exc}".encode())

    def _send(self) -> None:
        assert self._transport is not None
        following = next(self._requests, None) if time.perf_counter() < self._until else None
        if following is None:
            if not self.ended.done():
                self.ended.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(following)


async def measure(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Measured:
    """Send `requests` over so many connections until there are no more or the time is over."""
    measured, loop = Measured(), asyncio.get_running_loop()
    began = time.perf_counter()
    made: Sequence[_Connection] = [
        (
            await asyncio.wait_for(
                loop.create_connection(
                    lambda: _Connection(requests, began + seconds, measured), "127.0.0.1", port
                ),
                CONNECT_SECONDS_MAX,
            )
        )[1]
        for _ in range(connections)
    ]  # fmt: skip
    async with asyncio.timeout(seconds + ANSWER_SECONDS_MAX):
        await asyncio.gather(*(each.ended for each in made))
    measured.seconds = time.perf_counter() - began
    return measured
