"""Plain selections run as plain Python: what only reads attributes, or loads by its object alone, needs no executor.

Most of an answer is read off views: lists of cards, their money, their shop. For such a field the executor builds an
info, a path and four calls, and for one that is loaded four coroutines more; here its whole selection is compiled once
per document (`field_plans`).

Invariant: the answer is the executor's, whatever happens. As soon as a value is not what its type promises, or a load
fails, the executor does that field over again and finds the words and the path of the error.
"""

import asyncio
import weakref
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final, TypeAlias
from weakref import WeakKeyDictionary

from graphql import GraphQLObjectType, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path, gather_with_cancel
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers.extensions.field_plans import STRAWBERRY, Compiler, Load, Loads, NotPlain, Parent, Plans

Grouped: TypeAlias = dict[str, list[FieldDetails]]
"""The fields of one selection, in the order of the answer."""
Operations: TypeAlias = OrderedDict[int, tuple[OperationDefinitionNode, dict[tuple[object, ...], Plans]]]
"""By the identity of the operation, which is held for as long as its identity is a key."""

_compiled: Final[WeakKeyDictionary[GraphQLSchema, Operations]] = WeakKeyDictionary()


class _Nowhere:
    """Stands for the path of a field below a compiled one, which has none; asked for, the executor has to run it."""

    def __getattr__(self, name: str) -> Any:
        raise NotPlain


_NOWHERE: Final[Any] = _Nowhere()


class PlainFields(StrawberryGraphQLCoreExecutionContext):
    """The executor, with short cuts through what is plain."""

    operations_max: ClassVar[int] = 2_000

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.async_helpers = _helpers(weakref.ref(self))
        # By the identity of the fields, which are held so that it stays theirs.
        self._found: dict[int, tuple[Grouped, Plans]] = {}
        self._infos: dict[Load, Any] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Grouped,
        position_context: Any,
    ) -> Any:
        plans = self._plans(parent_type, grouped_field_set)
        if not plans or position_context is not None or self._is_watched():
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        done: dict[str, Any] = {}
        waiting: list[tuple[str, Loads]] = []
        for name, get, exact, complete in plans.reads:
            try:
                value = get(source_value)
                done[name] = value if type(value) is exact else complete(value)
            except Exception:  # noqa: BLE001, S112  # the executor meets it again and reports it with its path
                continue
        for plan in plans.parents:
            loads: Loads = []
            try:
                self._begin(plan, source_value, done, loads)
            except Exception:  # noqa: BLE001  # as above
                done.pop(plan.name, None)
                continue
            if loads:
                waiting.append((plan.name, loads))
        return self._finish(parent_type, source_value, path, grouped_field_set, done, waiting)

    def _finish(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        path: Path | None,
        grouped: Grouped,
        done: dict[str, Any],
        waiting: Sequence[tuple[str, Loads]],
    ) -> Any:
        """What is not done is the executor's; what is, but for its loads, is waited for."""
        left = {name: details for name, details in grouped.items() if name not in done}
        rest = super().execute_fields(parent_type, source, path, left, None) if left else {}
        if isinstance(rest, dict):
            done |= rest
            if not waiting:
                return _in_order(done, grouped)
        fallbacks = [
            (name, loads, partial(self.execute_field, parent_type, source, grouped[name], at, None))
            for name, loads in waiting
            for at in [Path(path, name, parent_type.name)]
        ]
        return self._waited(fallbacks, rest, done, grouped)

    async def _waited(
        self,
        waiting: Sequence[tuple[str, Loads, Callable[[], Any]]],
        rest: Any,
        done: dict[str, Any],
        grouped: Grouped,
    ) -> dict[str, Any]:
        waits = [self._loaded(name, loads, done, execute) for name, loads, execute in waiting]
        if not isinstance(rest, dict):
            waits.append(_into(done, rest))
        if len(waits) == 1:
            await waits[0]
        else:
            await gather_with_cancel(*waits)
        return _in_order(done, grouped)

    async def _loaded(self, name: str, loads: Loads, done: dict[str, Any], execute: Callable[[], Any]) -> None:
        try:
            await self._load_all(loads)
        except Exception:  # noqa: BLE001  # as above
            value = execute()
            done[name] = await value if self.is_awaitable(value) else value

    def _begin(self, plan: Parent | Load, source: Any, done: dict[str, Any], loads: Loads) -> None:
        """All of a field that need not be waited for."""
        if isinstance(plan, Parent):
            done[plan.name] = plan.complete(plan.get(source), loads)
        elif plan.field.is_async:
            done[plan.name] = None
            loads.append((plan, source, done))
        else:
            _complete(plan, plan.call(source, self._info(plan)), done, loads)

    async def _load(self, load: Load, source: Any, done: dict[str, Any]) -> None:
        value = load.call(source, self._info(load))
        loads: Loads = []
        _complete(load, await value if load.field.is_async else value, done, loads)
        if loads:
            await self._load_all(loads)

    async def _load_all(self, loads: Loads) -> None:
        """Raises what the first of them that fails does, when all are over."""
        if len(loads) == 1:
            await self._load(*loads[0])
        elif loads:
            outcomes = await asyncio.gather(*(self._load(*each) for each in loads), return_exceptions=True)
            for outcome in outcomes:
                if outcome is not None:
                    raise outcome

    def _info(self, load: Load) -> Any:
        info = self._infos.get(load)
        if info is None:
            raw = self.build_resolve_info(load.definition, load.nodes, load.parent, _NOWHERE)
            info_class = self.schema.extensions[STRAWBERRY].config.info_class
            info = self._infos[load] = info_class(_raw_info=raw, _field=load.field)
        return info

    def build_per_event_executor(self, payload: Any) -> "PlainFields":
        executor = super().build_per_event_executor(payload)
        assert isinstance(executor, PlainFields)
        executor._infos = {}  # noqa: SLF001  # they tell the root value
        return executor

    def _is_watched(self) -> bool:
        """Whether something wants to be called for each field."""
        return bool(self.middleware_manager and self.middleware_manager.middlewares)

    def _plans(self, parent_type: GraphQLObjectType, grouped: Grouped) -> Plans:
        """Of those of the fields that are plain."""
        found = self._found.get(id(grouped))
        if found is not None:
            return found[1]
        known = self._known()
        key = (parent_type.name, *[id(each.node) for details in grouped.values() for each in details])
        plans = known.get(key)
        if plans is None:
            compiler, plans = Compiler(self.schema, self.fragment_definitions), Plans()
            for name, details in grouped.items():
                plan = compiler.plan(parent_type, name, [each.node for each in details])
                if plan is not None:
                    plans.add(plan)
            known[key] = plans
        self._found[id(grouped)] = (grouped, plans)
        return plans

    def _known(self) -> dict[tuple[object, ...], Plans]:
        """What is compiled of this operation, by type and nodes."""
        operations, operation = remembered(self.schema), self.operation
        known = operations.get(id(operation))
        if known is None:
            known = operations[id(operation)] = (operation, {})
            if len(operations) > self.operations_max:
                operations.popitem(last=False)
        else:
            operations.move_to_end(id(operation))
        return known[1]


def _helpers(executor: "weakref.ref[PlainFields]") -> GraphQLResolveInfoHelpers:
    """As the executor makes them, but they do not hold it: it would be garbage that only the collector finds, and with
    it all that the operation loaded.
    """

    def track(values: Sequence[Any]) -> None:
        if (alive := executor()) is not None:
            alive.track_async_work(values)

    return GraphQLResolveInfoHelpers(gather=lambda values: gather_with_cancel(*values), track=track)


def remembered(schema: GraphQLSchema) -> Operations:
    """The operations of which something is compiled, the one unused longest first."""
    return _compiled.setdefault(schema, OrderedDict())


def _complete(load: Load, value: Any, done: dict[str, Any], loads: Loads) -> None:
    run, deep, exact = load.completion
    if deep:
        done[load.name] = run(value, loads)
    else:
        done[load.name] = value if type(value) is exact else run(value)


async def _into(done: dict[str, Any], rest: Awaitable[dict[str, Any]]) -> None:
    done.update(await rest)


def _in_order(done: Mapping[str, Any], grouped: Grouped) -> dict[str, Any]:
    return {name: done[name] for name in grouped if name in done}
