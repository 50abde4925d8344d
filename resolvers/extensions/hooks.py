"""Strawberry's runner of extensions with the inspection of their hooks done once per class.

The original asks of every extension, at every stage of every operation, whether its hook is a generator, wraps it anew
and keeps it on a stack of contexts: about a third of the time of a small query.

Invariant: hooks end in the opposite order in which they began, each with the fault that stands by then, and may let it
pass, put another in its place or, for those that began earlier, take it back.
"""

from collections.abc import Callable, Sequence
from inspect import isasyncgenfunction, isgeneratorfunction
from types import TracebackType
from typing import Any, NamedTuple

from strawberry.extensions import SchemaExtension
from strawberry.extensions.context import (
    ExecutingContextManager,
    ExtensionContextManagerBase,
    OperationContextManager,
    ParsingContextManager,
    ValidationContextManager,
)
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.types import ExecutionContext
from strawberry.utils.await_maybe import await_maybe


class Hook(NamedTuple):
    begin: Callable[[SchemaExtension], Any]
    """Gives a generator, which runs up to its `yield` and, when the stage is over, to its end."""
    is_async: bool


# One entry per extension class and stage; both are written in the code, so it cannot grow.
_known: dict[tuple[type[SchemaExtension], str], Hook | None] = {}


def _hook_of(extension: type[SchemaExtension], name: str) -> Hook | None:
    """None when the class does not define the hook."""
    key = (extension, name)
    if key not in _known:
        _known[key] = _inspected(extension, name)
    return _known[key]


def _inspected(extension: type[SchemaExtension], name: str) -> Hook | None:
    function: Any = getattr(extension, name)
    if function is getattr(SchemaExtension, name):
        return None
    if isgeneratorfunction(function):
        return Hook(function, is_async=False)
    if isasyncgenfunction(function):
        return Hook(function, is_async=True)
    raise TypeError(f"{extension.__name__}.{name} must be a generator")


class _Stage(ExtensionContextManagerBase):
    """A stage of an operation that is awaited; one that is not has the original's contexts."""

    def __init__(self, extensions: Sequence[SchemaExtension]) -> None:
        self._extensions = extensions
        self._begun: list[tuple[Any, bool]] = []

    def __enter__(self) -> None:
        super().__init__(list(self._extensions))
        super().__enter__()

    async def __aenter__(self) -> None:
        for extension in self._extensions:
            hook = _hook_of(type(extension), self.HOOK_NAME)
            if hook is None:
                continue
            generator = hook.begin(extension)
            await anext(generator) if hook.is_async else next(generator)
            self._begun.append((generator, hook.is_async))

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, traceback: TracebackType | None
    ) -> None:
        standing = fault
        for generator, is_async in reversed(self._begun):
            try:
                await _ended(generator, standing) if is_async else _end(generator, standing)
            except (StopIteration, StopAsyncIteration):
                standing = None
            except BaseException as raised:  # noqa: BLE001  # what is left of the stage is told of it
                standing = raised
            else:
                standing = RuntimeError("a hook goes on after its stage")
        if standing is not None and standing is not fault:
            raise standing


def _end(generator: Any, fault: BaseException | None) -> None:
    """Raises StopIteration when the hook has ended in peace."""
    if fault is None:
        next(generator)
    else:
        generator.throw(fault)


async def _ended(generator: Any, fault: BaseException | None) -> None:
    """Raises StopAsyncIteration when the hook has ended in peace."""
    if fault is None:
        await anext(generator)
    else:
        await generator.athrow(fault)


class _Operation(_Stage, OperationContextManager):
    pass


class _Parsing(_Stage, ParsingContextManager):
    pass


class _Validation(_Stage, ValidationContextManager):
    pass


class _Executing(_Stage, ExecutingContextManager):
    pass


class HookRunner(SchemaExtensionsRunner):
    def operation(self) -> OperationContextManager:
        return _Operation(self.extensions)

    def parsing(self) -> ParsingContextManager:
        return _Parsing(self.extensions)

    def validation(self) -> ValidationContextManager:
        return _Validation(self.extensions)

    def executing(self) -> ExecutingContextManager:
        return _Executing(self.extensions)

    async def get_extensions_results(self, ctx: ExecutionContext) -> dict[str, Any]:
        """Of those that have any to give."""
        data: dict[str, Any] = {}
        for extension in self.extensions:
            if type(extension).get_results is not SchemaExtension.get_results:
                data.update(await await_maybe(extension.get_results()))
        data.update(ctx.extensions_results)
        return data
