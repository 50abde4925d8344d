"""The payment worlds of a test: the fake, or a payment sandbox of its own with a webhook receiver."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.payment_worlds import FakeWorld, PaymentWorld, StripeWorld, sandbox_world


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[StripeWorld]:
    with sandbox_world(tmp_path) as world:
        yield world
        await world.aclose()


@pytest.fixture(params=["fake", "stripe"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PaymentWorld]:
    if request.param == "fake":
        yield FakeWorld()
        return
    with sandbox_world(tmp_path) as made:
        yield made
        await made.aclose()
