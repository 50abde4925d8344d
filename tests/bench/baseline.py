"""What the product is compared with: a Starlette endpoint with asyncpg and orjson that asks the very same statements.

It does what somebody in a hurry would write by hand: no GraphQL, no validation, no permissions, no types; the rows of
the answers as JSON. Started as a process of its own, under the same server as the product.
"""

import argparse
import pickle
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.container import payment_gateway
from app.settings import Settings
from infra.postgres.connections import KEPT_PLANS
from infra.postgres.pools import open_pool
from tests.bench.tape import Call, Replay, Sql, Tape, reference_of

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
ENDS: Final = ("COMMIT", "ROLLBACK")


class Baseline:
    """`tapes` by name: a scenario has one, or one for each thing that can be asked for."""

    def __init__(self, tapes: Mapping[str, Tape], settings: Settings) -> None:
        self._tapes = tapes
        self._settings = settings
        self._gateway = payment_gateway(settings)
        self._transactions: asyncpg.Pool | None = None
        self._reads: asyncpg.Pool | None = None

    def app(self) -> Starlette:
        routes = [Route("/play", self._play, methods=["POST"]), Route("/health/ready", self._ready)]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """With as many connections as the product has, for the same."""
        url, settings = self._settings.database_url, self._settings
        async with (
            await open_pool(url, settings.database_pool_size, KEPT_PLANS) as self._transactions,
            await open_pool(url, settings.database_read_pool_size) as self._reads,
        ):
            yield
        await self._gateway.aclose()

    async def _ready(self, _request: Request) -> Response:
        return Response()

    async def _play(self, request: Request) -> Response:
        """`{"tape": name, "ids": {recorded: own}}`: the rows that the statements answer."""
        asked = orjson.loads(await request.body())
        tape = self._tapes[asked["tape"]]
        exchanged = asked.get("ids")
        try:
            if exchanged is None:
                rows = await self._read(tape)
            else:
                rows = await self._write(tape, {UUID(mine): UUID(theirs) for mine, theirs in exchanged.items()})
        except asyncpg.PostgresError as fault:
            return Response(f"{type(fault).__name__}: {fault}", status_code=500)
        return Response(orjson.dumps(rows, default=str), media_type="application/json")

    async def _read(self, tape: Tape) -> list[list[dict[str, Any]]]:
        assert self._reads is not None
        answers = []
        async with self._reads.acquire() as connection:
            for step in tape.steps:
                assert isinstance(step, Sql)
                answers.append([dict(row) for row in await connection.fetch(step.text, *step.arguments)])
        return answers

    async def _write(self, tape: Tape, ids: Mapping[UUID, UUID]) -> list[list[dict[str, Any]]]:
        """Between transactions, and so between calls to the provider, no connection is held, as in the product."""
        assert self._transactions is not None
        assert self._reads is not None
        replay, answers, steps = Replay(tape, ids), [], iter(tape.steps)
        for step in steps:
            if isinstance(step, Call):
                result = await getattr(self._gateway, step.method)(*replay.arguments(step.arguments))
                replay.call(step, reference_of(result))
            elif step.text.startswith("BEGIN"):
                async with self._transactions.acquire() as connection:
                    answers += await _transaction(connection, step, steps, replay)
            else:
                async with self._reads.acquire() as connection:
                    answers.append(await _execute(connection, step, replay))
        return answers


async def _transaction(
    connection: Connection, begin: Sql, steps: Iterator[Sql | Call], replay: Replay
) -> list[list[dict[str, Any]]]:
    """From its beginning to its end. Raises PostgresError, with nothing done."""
    answers = []
    await connection.execute(begin.text)
    try:
        for step in steps:
            assert isinstance(step, Sql), "no call to the provider within a transaction"
            if step.text.startswith(ENDS):
                await connection.execute(step.text)
                break
            answers.append(await _execute(connection, step, replay))
    except asyncpg.PostgresError:
        await connection.execute("ROLLBACK")
        raise
    return answers


async def _execute(connection: Connection, step: Sql, replay: Replay) -> list[dict[str, Any]]:
    arguments = replay.arguments(step.arguments)
    if step.many:
        await connection.executemany(step.text, arguments)
        return []
    return [dict(row) for row in await connection.fetch(step.text, *arguments)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.baseline", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tapes", type=Path, required=True)
    options = parser.parse_args()
    tapes: Mapping[str, Tape] = pickle.loads(options.tapes.read_bytes())  # noqa: S301  # written by the run itself
    settings = Settings()
    app = Baseline(tapes, settings).app()
    uvicorn.run(
        app, port=options.port, loop="uvloop", http="httptools", log_level="warning", access_log=False, ws="none"
    )


if __name__ == "__main__":
    main()
