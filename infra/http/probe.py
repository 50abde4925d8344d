"""Whether a server behind an address answers at all."""

import httpx


class HttpProbe:
    """Call it to ask; raises when nothing answers, or answers that it is out of order (5xx)."""

    def __init__(self, url: str, *, verify: bool = True) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=1, verify=verify, follow_redirects=False)

    async def __call__(self) -> None:
        answer = await self._client.head(self._url)
        if answer.is_server_error:
            answer.raise_for_status()

    async def aclose(self) -> None:
        await self._client.aclose()
