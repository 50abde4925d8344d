"""Whether Redis answers, asked on a connection of its own."""

from redis.asyncio import Redis


class RedisProbe:
    """Call it to ask; raises when there is no PONG."""

    def __init__(self, url: str) -> None:
        self._client = Redis.from_url(url, max_connections=1, socket_timeout=1, socket_connect_timeout=1)

    async def __call__(self) -> None:
        await self._client.ping()

    async def aclose(self) -> None:
        await self._client.aclose()
