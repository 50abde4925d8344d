"""Hooks of a stage behave as nested contexts do, also when something goes wrong between them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.types import ExecutionContext

from resolvers.extensions.hooks import HookRunner

NO_CONTEXT = cast("ExecutionContext", None)


class Noting(SchemaExtension):
    def __init__(self, name: str, seen: list[str]) -> None:
        super().__init__()
        self.name = name
        self.seen = seen

    async def on_execute(self) -> AsyncIterator[None]:
        self.seen.append(f"{self.name} begins")
        try:
            yield
        except BaseException as fault:
            self.seen.append(f"{self.name} sees {type(fault).__name__}")
            raise
        finally:
            self.seen.append(f"{self.name} ends")


class NotingAtOnce(Noting):
    def on_execute(self) -> Iterator[None]:  # type: ignore[override]  # either is a hook
        self.seen.append(f"{self.name} begins")
        try:
            yield
        except BaseException as fault:
            self.seen.append(f"{self.name} sees {type(fault).__name__}")
            raise
        self.seen.append(f"{self.name} ends")


class Translating(SchemaExtension):
    async def on_execute(self) -> AsyncIterator[None]:
        try:
            yield
        except KeyError as fault:
            raise ValueError("translated") from fault


class Forgiving(SchemaExtension):
    def on_execute(self) -> Iterator[None]:
        with suppress(ValueError):
            yield


class Failing(SchemaExtension):
    async def on_execute(self) -> AsyncIterator[None]:
        yield
        raise LookupError("too late")


class Endless(SchemaExtension):
    def on_execute(self) -> Iterator[None]:
        yield
        yield


def stacks(seen: list[str]) -> list[list[SchemaExtension]]:
    one, other = Noting("one", seen), NotingAtOnce("other", seen)
    return [
        [],
        [one, other],
        [other, Translating(), one],
        [one, Forgiving(), other, Translating()],
        [one, Translating(), Forgiving(), other],
        [one, Failing(), other],
        [other, Forgiving(), Endless()],
        [one, other, Endless()],
    ]


def go_wrong(kind: type[Exception] | None) -> None:
    if kind is not None:
        raise kind("while it runs")


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("kind", [None, KeyError, ValueError, RuntimeError])
async def test_hooks_end_as_strawberry_ends_them(number: int, kind: type[Exception] | None) -> None:
    async def outcome(runner: type[SchemaExtensionsRunner]) -> tuple[list[str], str]:
        seen: list[str] = []
        stack: list[Any] = stacks(seen)[number]
        try:
            async with runner(NO_CONTEXT, stack).executing():
                seen.append("runs")
                go_wrong(kind)
        except Exception as fault:  # noqa: BLE001  # which one is what is compared
            return seen, type(fault).__name__
        return seen, "nothing"

    assert await outcome(HookRunner) == await outcome(SchemaExtensionsRunner)
