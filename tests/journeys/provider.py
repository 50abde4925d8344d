"""The payment sandbox seen from outside: what it holds, its pages, the switches that make it misbehave."""

from typing import Any, Final

import httpx

SECRET_KEY: Final = "sk_test_sandbox"
PAGE_MAX: Final = 100
PAGES_MAX: Final = 100


class Provider:
    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=30, auth=(SECRET_KEY, ""), trust_env=False)

    async def intents_of(self, checkout_id: str) -> list[dict[str, Any]]:
        """Whatever payment intents were ever made for a checkout."""
        found = await self.all("payment_intents")
        return [intent for intent in found if intent["transfer_group"] == checkout_id]

    async def events_of(self, intent_id: str, name: str) -> list[dict[str, Any]]:
        """What was told of an intent under that name, as `payment_intent.succeeded`: each effect once."""
        found = await self.all("events", type=name)
        return [event for event in found if event["data"]["object"]["id"] == intent_id]

    async def refunds_of(self, intent_id: str) -> list[dict[str, Any]]:
        return await self.all("refunds", payment_intent=intent_id)

    async def refund_by_hand(self, intent_id: str, amount_minor: int) -> None:
        """Somebody presses a button of the provider's dashboard."""
        await self._json("POST", "/v1/refunds", data={"payment_intent": intent_id, "amount": str(amount_minor)})

    async def all(self, kind: str, **filters: str) -> list[dict[str, Any]]:
        """All objects of a kind, over all pages."""
        found: list[dict[str, Any]] = []
        for _ in range(PAGES_MAX):
            after = {"starting_after": found[-1]["id"]} if found else {}
            page = await self._json("GET", f"/v1/{kind}", params={"limit": PAGE_MAX, **filters, **after})
            found += page["data"]
            if not page["has_more"]:
                return found
        raise AssertionError(f"more than {PAGE_MAX * PAGES_MAX} {kind}")

    async def authenticate(self, url: str, outcome: str) -> None:
        """The buyer presses a button of the bank's page: `succeed` or `fail`."""
        await self._json("POST", url, data={"outcome": outcome})

    async def next_page_of(self, intent_id: str) -> str:
        """Where the provider's library would send the buyer."""
        intent = await self._json("GET", f"/v1/payment_intents/{intent_id}")
        return str(intent["next_action"]["use_stripe_sdk"]["stripe_js"])

    async def complete_onboarding(self, url: str) -> None:
        """A seller presses the button of the provider's page."""
        answer = await self._http.post(url)
        assert answer.status_code == 303, answer.text

    async def hold(self, path: str, *, when: str = "before", seconds: float = 60) -> None:
        """Calls to that path wait, before their effect or with their answer."""
        await self._switch({"latency": [{"path": path, "when": when, "seconds": seconds}]})

    async def fail(self, path: str, *, when: str = "before", times: int = 1, status: int = 503) -> None:
        await self._switch({"faults": [{"path": path, "when": when, "times": times, "status": status}]})

    async def pause_webhooks(self) -> None:
        await self._switch({"webhooks": {"paused": True}})

    async def behave(self) -> None:
        """All switches back. What waits already goes on waiting."""
        await self._json("DELETE", "/_sandbox/switches")

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _switch(self, change: dict[str, Any]) -> None:
        await self._json("POST", "/_sandbox/switches", json=change)

    async def _json(self, method: str, path: str, **more: Any) -> Any:
        answer = await self._http.request(method, path, **more)
        assert answer.is_success, answer.text
        return answer.json()
