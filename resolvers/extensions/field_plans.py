"""How a field of one document is answered without the executor: its whole selection, compiled once.

Three kinds, by what a field needs: a `Read` is taken off its object, a `Parent` is too but has something below it that
is loaded, a `Load` is a function of its object and the info alone that may have to be awaited.

Invariant: only what has no effect and depends on nothing of the operation but its context is compiled: no arguments, no
directives, no field extensions. Whatever a value does not keep of its type's promise raises.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
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
    SelectionSetNode,
    Undefined,
)
from strawberry.types.field import StrawberryField

from resolvers.shared.scalars import UNCHANGED

NESTING_MAX: Final = 20
INT_MAX: Final = 2**31 - 1
STRAWBERRY: Final = "strawberry-definition"
_EXACT: Final[Mapping[GraphQLScalarType, type]] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}

Get: TypeAlias = Callable[[Any], Any]
"""From an object to the value of its field."""
IsTypeOf: TypeAlias = Callable[[Any, Any], Any] | None
Loads: TypeAlias = "list[tuple[Load, Any, dict[str, Any]]]"
"""What is still to be loaded: the field, its object, and the answer that it goes into."""


class NotAsPromised(Exception):
    """A value is not what its type says."""


class NotPlain(Exception):
    """A selection that the executor has to run."""


class Completion(NamedTuple):
    """From a field's value to what stands for it in the answer; raises whatever it likes when it cannot.

    `run` takes the value, and if it is `deep` also a list that it adds what is still to be loaded to. Values of the
    type `exact` stand for themselves.
    """

    run: Callable[..., Any]
    deep: bool = False
    exact: type | None = None


class Read(NamedTuple):
    name: str
    get: Get
    exact: type | None
    complete: Callable[[Any], Any]


class Parent(NamedTuple):
    name: str
    get: Get
    complete: Callable[[Any, Loads], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """`call` takes the object and the info of `field` as a field of `parent` that `nodes` ask for."""

    name: str
    call: Callable[[Any, Any], Any]
    completion: Completion
    field: StrawberryField
    definition: GraphQLField
    parent: GraphQLObjectType
    nodes: list[FieldNode]


@dataclass(slots=True)
class Plans:
    """Of the fields of one selection; what is in none is the executor's. `parents` are in the order of the answer."""

    reads: list[Read] = field(default_factory=list)
    parents: list[Parent | Load] = field(default_factory=list)

    def add(self, plan: Read | Parent | Load) -> None:
        if isinstance(plan, Read):
            self.reads.append(plan)
        else:
            self.parents.append(plan)

    def __bool__(self) -> bool:
        return bool(self.reads or self.parents)


class Compiler:
    """Makes the plans of the fields of one document."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, Any]) -> None:
        self._schema = schema
        self._fragments = fragments

    def plan(self, parent: GraphQLObjectType, name: str, nodes: list[FieldNode]) -> Read | Parent | Load | None:
        """Of the field that these nodes ask for under a name; None when the executor has to do it."""
        try:
            return self._field(parent, name, nodes, 0)
        except NotPlain:
            return None

    def _field(self, parent: GraphQLObjectType, name: str, nodes: list[FieldNode], depth: int) -> Read | Parent | Load:
        if depth > NESTING_MAX or any(node.directives or node.arguments for node in nodes):
            raise NotPlain
        field_name = nodes[0].name.value
        if field_name == "__typename":
            typename = parent.name
            return Read(name, lambda _: typename, str, _refuse)
        definition = parent.fields.get(field_name)
        if definition is None or definition.args:
            raise NotPlain
        field = strawberry_field(definition)
        completion = self._completion(definition.type, nodes, depth)
        get = _getter(field)
        if get is None:
            return Load(name, _caller(field), completion, field, definition, parent, nodes)
        if completion.deep:
            return Parent(name, get, completion.run)
        return Read(name, get, completion.exact, completion.run)

    def _completion(self, type_: GraphQLOutputType, nodes: Sequence[FieldNode], depth: int) -> Completion:
        if isinstance(type_, GraphQLNonNull):
            return self._of(type_.of_type, nodes, depth)
        run, deep, exact = self._of(type_, nodes, depth)
        if deep:
            return Completion(lambda value, loads: None if value is None else run(value, loads), deep=True)
        return Completion(lambda value: None if value is None else run(value), exact=exact)

    def _of(self, type_: GraphQLOutputType, nodes: Sequence[FieldNode], depth: int) -> Completion:
        """For values that are not null; what is raised for None is the executor's to explain."""
        if isinstance(type_, GraphQLList):
            return _list(self._completion(type_.of_type, nodes, depth))
        if isinstance(type_, GraphQLEnumType):
            return Completion(_enum(type_))
        if isinstance(type_, GraphQLScalarType):
            return _scalar(type_)
        if isinstance(type_, GraphQLObjectType):
            return self._object(type_, nodes, depth)
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return self._abstract(type_, nodes, depth)
        raise NotPlain

    def _object(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode], depth: int) -> Completion:
        grouped: dict[str, list[FieldNode]] = {}
        for node in nodes:
            self._collect(type_, node.selection_set, grouped, set())
        plans = Plans()
        for name, each in grouped.items():
            plans.add(self._field(type_, name, each, depth + 1))
        is_type_of: IsTypeOf = type_.is_type_of
        if plans.parents:
            return _deep_object(tuple(grouped), plans, is_type_of)
        return _object(plans.reads, is_type_of)

    def _abstract(
        self, type_: GraphQLInterfaceType | GraphQLUnionType, nodes: Sequence[FieldNode], depth: int
    ) -> Completion:
        by_class: dict[type, Completion] = {}
        for possible in self._schema.get_possible_types(type_):
            origin = getattr(possible.extensions.get(STRAWBERRY), "origin", None)
            if origin is None or origin in by_class:
                raise NotPlain
            by_class[origin] = self._object(possible, nodes, depth)
        if any(each.deep for each in by_class.values()):
            deep = {origin: _deepened(each) for origin, each in by_class.items()}
            return Completion(lambda value, loads: deep[type(value)](value, loads), deep=True)
        plain = {origin: each.run for origin, each in by_class.items()}
        return Completion(lambda value: plain[type(value)](value))

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


def strawberry_field(definition: GraphQLField) -> StrawberryField:
    """Raises NotPlain unless the field is an attribute, or a function of its object and at most the info."""
    field = definition.extensions.get(STRAWBERRY)
    if not isinstance(field, StrawberryField) or field.extensions or field.default_resolver is not getattr:
        raise NotPlain
    resolver = field.base_resolver
    if resolver is not None and (resolver.arguments or not resolver.self_parameter):
        raise NotPlain
    return field


def _getter(field: StrawberryField) -> Get | None:
    """None for what has to be called with the info, or awaited."""
    resolver = field.base_resolver
    if resolver is None:
        return attrgetter(field.python_name)
    if field.is_async or resolver.info_parameter:
        return None
    wrapped: Get = resolver.wrapped_func  # type: ignore[assignment]  # a static method has no `self`
    return wrapped


def _caller(field: StrawberryField) -> Callable[[Any, Any], Any]:
    resolver = field.base_resolver
    assert resolver is not None, "an attribute is not called"
    function: Callable[..., Any] = resolver.wrapped_func  # type: ignore[assignment]  # as above
    if resolver.info_parameter is None:
        return lambda source, _: function(source)
    name = resolver.info_parameter.name
    return lambda source, info: function(source, **{name: info})


def _object(reads: Sequence[Read], is_type_of: IsTypeOf) -> Completion:
    def complete(source: Any) -> dict[str, Any]:
        # What Strawberry makes of `is_type_of` does not look at the info.
        if source is None or (is_type_of is not None and not is_type_of(source, None)):
            raise NotAsPromised
        done = {}
        for name, get, exact, finish in reads:
            value = get(source)
            done[name] = value if type(value) is exact else finish(value)
        return done

    return Completion(complete)


def _deep_object(names: tuple[str, ...], plans: Plans, is_type_of: IsTypeOf) -> Completion:
    reads = plans.reads
    parents = [each for each in plans.parents if isinstance(each, Parent)]
    own = [each for each in plans.parents if isinstance(each, Load)]

    def complete(source: Any, loads: Loads) -> dict[str, Any]:
        if source is None or (is_type_of is not None and not is_type_of(source, None)):
            raise NotAsPromised
        done: dict[str, Any] = dict.fromkeys(names)
        for name, get, exact, finish in reads:
            value = get(source)
            done[name] = value if type(value) is exact else finish(value)
        for name, get, complete_below in parents:
            done[name] = complete_below(get(source), loads)
        for load in own:
            loads.append((load, source, done))
        return done

    return Completion(complete, deep=True)


def _deepened(completion: Completion) -> Callable[[Any, Loads], Any]:
    run = completion.run
    return run if completion.deep else lambda value, _: run(value)


def _list(of: Completion) -> Completion:
    run, exact = of.run, of.exact

    def read(values: Any) -> list[Any]:
        if type(values) is not list and type(values) is not tuple:
            raise NotAsPromised
        return [value if type(value) is exact else run(value) for value in values]

    def read_deep(values: Any, loads: Loads) -> list[Any]:
        if type(values) is not list and type(values) is not tuple:
            raise NotAsPromised
        return [run(value, loads) for value in values]

    return Completion(read_deep, deep=True) if of.deep else Completion(read)


def _enum(type_: GraphQLEnumType) -> Get:
    members, coerce = getattr(type_, "wrapped_cls", ()), _coercion(type_)
    names = {member: type_.coerce_output_value(member) for member in members}
    return lambda value: names[value] if type(value) is members else coerce(value)


def _scalar(type_: GraphQLScalarType) -> Completion:
    coerce = _coercion(type_)
    if type_ is GraphQLInt:
        return Completion(
            lambda value: value if type(value) is int and -INT_MAX <= value <= INT_MAX else coerce(value)
        )  # fmt: skip
    if type_ is GraphQLFloat:
        # Neither infinite nor not a number.
        return Completion(lambda value: value if type(value) is float and value - value == 0 else coerce(value))
    serialize: Any = getattr(type_.extensions.get(STRAWBERRY), "serialize", None)
    return Completion(coerce, exact=_EXACT.get(type_) or UNCHANGED.get(serialize))


def _coercion(type_: GraphQLScalarType | GraphQLEnumType) -> Get:
    coerce_output_value = type_.coerce_output_value

    def coerce(value: Any) -> Any:
        if value is None or value is Undefined or isinstance(value, Exception):
            raise NotAsPromised
        coerced = coerce_output_value(value)
        if coerced is None or coerced is Undefined:
            raise NotAsPromised
        return coerced

    return coerce


def _refuse(_: Any) -> Any:
    raise NotAsPromised
