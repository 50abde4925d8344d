"""Kill -9 without a process: the program ends at a chosen point, before or after a commit or a call.

The points are wrappers around the database and the payment gateway; the code under test has no hooks for them.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from domain.payments.ports import PaymentGateway
from domain.shared.database import Database, Reads, Tx

T = TypeVar("T")


class Killed(BaseException):
    """Nothing may catch this: a dead process runs no handlers."""


class Fuse:
    """Blows at the n-th point that is passed, counted from 0; then at every later one: dead is dead."""

    def __init__(self, blows_at: int) -> None:
        self._blows_at = blows_at
        self.passed: list[str] = []

    @property
    def blown(self) -> bool:
        return len(self.passed) > self._blows_at

    def point(self, name: str) -> None:
        self.passed.append(name)
        if self.blown:
            raise Killed(name)


class DiesAt(Fuse):
    """Blows whenever the named point is passed."""

    def __init__(self, name: str) -> None:
        super().__init__(sys.maxsize)
        self._name = name

    def point(self, name: str) -> None:
        if name == self._name:
            raise Killed(name)


class CrashingDatabase:
    def __init__(self, database: Database, fuse: Fuse) -> None:
        self._database = database
        self._fuse = fuse

    @property
    def primary(self) -> Reads:
        return self._database.primary

    async def run(self, step: Callable[[Tx], Awaitable[T]]) -> T:
        async def until_commit(tx: Tx) -> T:
            result = await step(tx)
            self._fuse.point("before commit")
            return result

        self._fuse.point("before transaction")
        result = await self._database.run(until_commit)
        self._fuse.point("after commit")
        return result


class _CrashingCalls:
    def __init__(self, gateway: PaymentGateway, fuse: Fuse) -> None:
        self._gateway = gateway
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._gateway, name)

        async def crashing(*arguments: Any, **named: Any) -> Any:
            self._fuse.point(f"before {name}")
            result = await call(*arguments, **named)
            self._fuse.point(f"after {name}")
            return result

        return crashing


def crashing_gateway(gateway: PaymentGateway, fuse: Fuse) -> PaymentGateway:
    return cast(PaymentGateway, _CrashingCalls(gateway, fuse))
