"""Plain selections run as plain Python: what only reads attributes needs no executor.

Most of an answer is read off views: lists of cards, their money, their shop. For such a field the executor builds an
info, a path and four calls; here its whole selection is compiled once per document into nested closures.

Invariant: the answer is the executor's, whatever happens. Only what has no effect and needs nothing of the operation
is compiled (no arguments, no directives, no field extensions, nothing asynchronous), and as soon as a value is not
what its type promises, the executor does that field over again and finds the words and the path of the error.
"""

import weakref
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, ClassVar, Final, TypeAlias
from weakref import WeakKeyDictionary

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path, gather_with_cancel
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

Read: TypeAlias = Callable[[Any], Any]
"""From a value to what stands for it in the answer; raises whatever it likes when it cannot."""
Reads: TypeAlias = Mapping[str, Read]
"""By the field's name in the answer."""

Grouped: TypeAlias = dict[str, list[FieldDetails]]
"""The fields of one selection, in the order of the answer."""
Operations: TypeAlias = OrderedDict[int, tuple[OperationDefinitionNode, dict[tuple[object, ...], Reads]]]
"""By the identity of the operation, which is held for as long as its identity is a key."""

NESTING_MAX: Final = 20
INT_MAX: Final = 2**31 - 1
_STRAWBERRY: Final = "strawberry-definition"
_EXACT: Final[Mapping[GraphQLScalarType, type]] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}

_compiled: Final[WeakKeyDictionary[GraphQLSchema, Operations]] = WeakKeyDictionary()


class NotAsPromised(Exception):
    """A value is not what its type says."""


class NotPlain(Exception):
    """A selection that the executor has to run."""


class PlainFields(StrawberryGraphQLCoreExecutionContext):
    """The executor, with short cuts through what is plain."""

    operations_max: ClassVar[int] = 2_000

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.async_helpers = _helpers(weakref.ref(self))
        # By the identity of the fields, which are held so that it stays theirs.
        self._found: dict[int, tuple[Grouped, Reads]] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Grouped,
        position_context: Any,
    ) -> Any:
        reads = self._reads(parent_type, grouped_field_set)
        if not reads or position_context is not None or self._is_watched():
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        done: dict[str, Any] = {}
        for name, read in reads.items():
            try:
                done[name] = read(source_value)
            except Exception:  # noqa: BLE001, S112  # the executor meets it again and reports it with its path
                continue
        left = {name: details for name, details in grouped_field_set.items() if name not in done}
        if not left:
            return done
        rest = super().execute_fields(parent_type, source_value, path, left, position_context)
        if not isinstance(rest, dict):
            return _awaited(rest, done, grouped_field_set)
        return _in_order(rest, done, grouped_field_set)

    def _is_watched(self) -> bool:
        """Whether something wants to be called for each field."""
        return bool(self.middleware_manager and self.middleware_manager.middlewares)

    def _reads(self, parent_type: GraphQLObjectType, grouped: Grouped) -> Reads:
        """Those of the fields that are plain."""
        found = self._found.get(id(grouped))
        if found is not None:
            return found[1]
        known = self._known()
        key = (parent_type.name, *(id(each.node) for details in grouped.values() for each in details))
        reads = known.get(key)
        if reads is None:
            compiler = Compiler(self.schema, self.fragment_definitions)
            compiled = {name: compiler.plain(parent_type, [each.node for each in grouped[name]]) for name in grouped}
            reads = known[key] = {name: read for name, read in compiled.items() if read is not None}
        self._found[id(grouped)] = (grouped, reads)
        return reads

    def _known(self) -> dict[tuple[object, ...], Reads]:
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


async def _awaited(rest: Awaitable[dict[str, Any]], done: dict[str, Any], grouped: Grouped) -> dict[str, Any]:
    return _in_order(await rest, done, grouped)


def _in_order(rest: Mapping[str, Any], done: dict[str, Any], grouped: Grouped) -> dict[str, Any]:
    both = {**rest, **done}
    return {name: both[name] for name in grouped if name in both}


class Compiler:
    """Makes `Read`s of the fields of one document."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, Any]) -> None:
        self._schema = schema
        self._fragments = fragments

    def plain(self, parent: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Read | None:
        """How the field that these nodes ask for is read off its parent; None when the executor has to do it."""
        try:
            return self._field(parent, nodes, 0)
        except NotPlain:
            return None

    def _field(self, parent: GraphQLObjectType, nodes: Sequence[FieldNode], depth: int) -> Read:
        if depth > NESTING_MAX or any(node.directives or node.arguments for node in nodes):
            raise NotPlain
        name = nodes[0].name.value
        if name == "__typename":
            return _constant(parent.name)
        definition = parent.fields.get(name)
        if definition is None or definition.args:
            raise NotPlain
        get = _getter(definition)
        complete = self._completion(definition.type, nodes, depth)
        return lambda source: complete(get(source))

    def _completion(self, type_: GraphQLOutputType, nodes: Sequence[FieldNode], depth: int) -> Read:
        if isinstance(type_, GraphQLNonNull):
            return self._of(type_.of_type, nodes, depth)
        complete = self._of(type_, nodes, depth)
        return lambda value: None if value is None else complete(value)

    def _of(self, type_: GraphQLOutputType, nodes: Sequence[FieldNode], depth: int) -> Read:
        """For values that are not null; what is raised for None is the executor's to explain."""
        if isinstance(type_, GraphQLList):
            return _list(self._completion(type_.of_type, nodes, depth))
        if isinstance(type_, GraphQLEnumType):
            return _enum(type_)
        if isinstance(type_, GraphQLScalarType):
            return _scalar(type_)
        if isinstance(type_, GraphQLObjectType):
            return self._object(type_, nodes, depth)
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return self._abstract(type_, nodes, depth)
        raise NotPlain

    def _object(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode], depth: int) -> Read:
        grouped: dict[str, list[FieldNode]] = {}
        for node in nodes:
            self._collect(type_, node.selection_set, grouped, set())
        reads = [(name, self._field(type_, each, depth + 1)) for name, each in grouped.items()]
        is_type_of = type_.is_type_of

        def complete(value: Any) -> dict[str, Any]:
            if value is None or (is_type_of is not None and not is_type_of(value, None)):  # type: ignore[arg-type]  # what Strawberry makes does not look at the info
                raise NotAsPromised
            return {name: read(value) for name, read in reads}

        return complete

    def _abstract(self, type_: GraphQLInterfaceType | GraphQLUnionType, nodes: Sequence[FieldNode], depth: int) -> Read:
        by_class: dict[type, Read] = {}
        for possible in self._schema.get_possible_types(type_):
            origin = getattr(possible.extensions.get(_STRAWBERRY), "origin", None)
            if origin is None or origin in by_class:
                raise NotPlain
            by_class[origin] = self._object(possible, nodes, depth)
        return lambda value: by_class[type(value)](value)

    def _collect(
        self,
        type_: GraphQLObjectType,
        selection_set: SelectionSetNode | None,
        grouped: dict[str, list[FieldNode]],
        spread: set[str],
    ) -> None:
        for selection in selection_set.selections if selection_set else ():
            if selection.directives:
                raise NotPlain
            if isinstance(selection, FieldNode):
                name = (selection.alias or selection.name).value
                grouped.setdefault(name, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self._applies(condition.name.value, type_):
                    self._collect(type_, selection.selection_set, grouped, spread)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                spread.add(selection.name.value)
                fragment = self._fragments[selection.name.value]
                if fragment.variable_definitions:
                    raise NotPlain
                if self._applies(fragment.type_condition.name.value, type_):
                    self._collect(type_, fragment.selection_set, grouped, spread)

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        named = self._schema.get_type(condition)
        return named is type_ or (
            isinstance(named, GraphQLInterfaceType | GraphQLUnionType) and self._schema.is_sub_type(named, type_)
        )


def _getter(definition: GraphQLField) -> Read:
    """Raises NotPlain unless the field is an attribute, or a function of nothing but its object."""
    field = definition.extensions.get(_STRAWBERRY)
    if not isinstance(field, StrawberryField) or field.extensions or field.default_resolver is not getattr:
        raise NotPlain
    resolver = field.base_resolver
    if resolver is None:
        return attrgetter(field.python_name)
    if field.is_async or resolver.arguments or resolver.info_parameter or not resolver.self_parameter:
        raise NotPlain
    wrapped: Read = resolver.wrapped_func  # type: ignore[assignment]  # a static method has no `self`
    return wrapped


def _constant(value: str) -> Read:
    return lambda _: value


def _list(complete: Read) -> Read:
    def read(values: Any) -> list[Any]:
        if type(values) is not list and type(values) is not tuple:
            raise NotAsPromised
        return [complete(value) for value in values]

    return read


def _enum(type_: GraphQLEnumType) -> Read:
    members = getattr(type_, "wrapped_cls", ())
    names = {member: type_.coerce_output_value(member) for member in members}

    def read(value: Any) -> str:
        return names[value] if type(value) is members else _coerced(type_, value)

    return read


def _scalar(type_: GraphQLScalarType) -> Read:
    if type_ is GraphQLInt:
        return lambda value: (
            value if type(value) is int and -INT_MAX <= value <= INT_MAX else _coerced(GraphQLInt, value)
        )
    exact = _EXACT.get(type_)
    if exact is None:
        return lambda value: _coerced(type_, value)
    return lambda value: value if type(value) is exact else _coerced(type_, value)


def _coerced(type_: GraphQLScalarType | GraphQLEnumType, value: Any) -> Any:
    if value is None or value is Undefined or isinstance(value, Exception):
        raise NotAsPromised
    coerced = type_.coerce_output_value(value)
    if coerced is None or coerced is Undefined:
        raise NotAsPromised
    return coerced
