"""A payment sandbox of its own for each test, with a webhook receiver."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.payment_worlds import StripeWorld, sandbox_world


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[StripeWorld]:
    with sandbox_world(tmp_path) as world:
        yield world
        await world.aclose()
