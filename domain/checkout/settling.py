"""Running the saga for somebody who waits: in a task of the process, and only for a while."""

import asyncio
from typing import Final
from uuid import UUID

from domain.checkout.errors import PaymentUnavailable
from domain.checkout.model import CheckoutState
from domain.checkout.ports import CheckoutPorts, Rest
from domain.checkout.saga import ProviderStep, advance, proceed

POLL_SECONDS: Final = 0.1


async def settle(
    checkout_id: UUID, ports: CheckoutPorts, *, first: ProviderStep | Rest | None = None, look: bool = False
) -> None:
    """Goes on from `first` (a step already committed), or from wherever the checkout stands.

    Returns when it rests or after `policy.saga_wait_seconds`, whichever is first. Raises PaymentUnavailable when the
    provider was away while the money was still to be authorized.
    """

    async def work() -> Rest:
        rest = await (advance(checkout_id, ports=ports, look=look) if first is None else proceed(first, ports=ports))
        waited = 0.0
        while rest.busy and waited < ports.policy.saga_wait_seconds:
            # Another process is at it: its lease ends it, or its outcome; either is worth waiting for.
            await asyncio.sleep(POLL_SECONDS)
            waited += POLL_SECONDS
            rest = await advance(checkout_id, ports=ports, look=look)
        return rest

    rest = await ports.runner.run(checkout_id, work, ports.policy.saga_wait_seconds)
    if rest is not None and rest.unavailable and rest.state is CheckoutState.AUTHORIZING:
        raise PaymentUnavailable(checkout_id)
