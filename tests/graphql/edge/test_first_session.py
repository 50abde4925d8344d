"""The README's first session, pasted into a shell as it stands there: bought, sent, delivered and reviewed."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from tests.graphql.edge.demo_market import demo_market
from tests.servers import Urls

README = Path("README.md").read_text()
SECONDS_MAX = 120


@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("bash") is None or shutil.which("curl") is None, reason="needs bash and curl")
async def test_it_ends_with_a_review(urls: Urls, redis_url: str, tmp_path: Path) -> None:
    found = re.search(r"## A first session\n.*?```bash\n(.*?)```", README, re.DOTALL)
    assert found is not None
    async with demo_market(urls, redis_url, tmp_path) as market:
        session = found[1].replace("127.0.0.1:8000/graphql", market.address)
        for _ in range(2):
            shell = await asyncio.create_subprocess_exec(
                "bash", "-e", "-c", session, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            told, complaints = await asyncio.wait_for(shell.communicate(), SECONDS_MAX)
            assert (shell.returncode, complaints.decode()) == (0, "")
            assert '"status":"COMPLETED","escrow":"RELEASED"' in told.decode()
            assert told.decode().rstrip().endswith('"status":"PUBLISHED"}}}}')
