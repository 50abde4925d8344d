"""How much one connection may take, before its operation is even read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransportLimits:
    """Bytes, counts and seconds.

    `streams_max` counts event streams and `sockets_max` WebSockets of one process; over them new ones are
    refused with 503 and the client retries elsewhere. `client_sockets_max` counts the sockets of one client of one
    process, and the sockets of one network that have not said yet whose they are; `client_subscriptions_max` counts
    all operations that one client runs on sockets and event streams. `batch_max` of 0 refuses batches. A stream
    that was current is not asked about again for `current_seconds`, unless something went wrong in it.
    """

    body_bytes_max: int = 1_000_000
    message_characters_max: int = 1_000_000
    request_seconds: float = 30.0
    connection_init_seconds: float = 5.0
    socket_operations_max: int = 100
    sockets_max: int = 10_000
    streams_max: int = 10_000
    client_sockets_max: int = 50
    client_subscriptions_max: int = 500
    batch_max: int = 0
    current_seconds: float = 1.0
