"""The cost of an operation, from the schema's `@cost` and `@listSize` and the sizes that the client asks for.

    cost(selection)  = sum of its fields
    cost(field)      = weight + cost(its selection)
    cost(list field) = size * (weight + cost(its selection))

The weight of a field is its `@cost`, else its type's `@cost`, else 10 for a mutation, 1 for an object and 0
for a leaf. The size of a list is its own `@listSize`, else the one of the connection right above it, else the
default. Fields under `@skip` and `@include` and in all branches of a union count: the cost is an upper bound
that a client can compute too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from graphql import DocumentNode as Document
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from resolvers.extensions.limits import Limits
from resolvers.shared.directives import Cost, ListSize

MUTATION_WEIGHT: Final = 10
KNOWN_PRICES_MAX: Final = 64
_STRAWBERRY: Final = "strawberry-definition"


@dataclass(frozen=True, slots=True)
class SizeRead:
    """A variable, or a value inside it, that decides the size of a list, and what counts when it is not
    given.
    """

    variable: str
    path: tuple[str, ...]
    default: int | None

    def value(self, variables: Mapping[str, Any]) -> int | None:
        if self.variable not in variables:
            return self.default
        value: Any = variables[self.variable]
        for name in self.path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(slots=True)
class KnownPrices:
    """Costs already computed for one document, by operation and by the sizes that its variables gave."""

    reads: dict[str | None, tuple[SizeRead, ...]] = field(default_factory=dict)
    costs: dict[tuple[object, ...], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldPrice:
    weight: int
    is_list: bool
    size: ListSize | None
    type_name: str
    argument_defaults: Mapping[str, object]


class PriceList:
    """What each field of a schema costs; made once per schema."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self.schema = schema
        self.limits = limits
        self._prices: dict[tuple[str, str], FieldPrice] = {}
        for type_ in schema.type_map.values():
            if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)):
                for name, definition in type_.fields.items():
                    root_weight = MUTATION_WEIGHT if type_ is schema.mutation_type else None
                    self._prices[type_.name, name] = _field_price(definition, root_weight)

    def field(self, type_name: str, field_name: str) -> FieldPrice | None:
        return self._prices.get((type_name, field_name))

    def cost(
        self,
        document: Document,
        operation_name: str | None,
        variables: Mapping[str, Any],
        known: KnownPrices,
    ) -> int:
        """The cost of one operation of a valid document, at least 1."""
        reads = known.reads.get(operation_name)
        if reads is not None:
            cost = known.costs.get((operation_name, *(read.value(variables) for read in reads)))
            if cost is not None:
                return cost
        operation = _operation(document, operation_name)
        walk = _Walk(self, document, operation, variables)
        cost = max(1, walk.total())
        reads = known.reads.setdefault(operation_name, tuple(walk.reads))
        if len(known.costs) >= KNOWN_PRICES_MAX:
            known.costs.clear()
        known.costs[operation_name, *(read.value(variables) for read in reads)] = cost
        return cost


class _Walk:
    def __init__(
        self,
        prices: PriceList,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._prices = prices
        self._operation = operation
        self._variables = variables
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._known: dict[tuple[str, int | None], int] = {}
        self.reads: dict[SizeRead, None] = {}

    def total(self) -> int:
        schema = self._prices.schema
        roots = {
            OperationType.QUERY: schema.query_type,
            OperationType.MUTATION: schema.mutation_type,
            OperationType.SUBSCRIPTION: schema.subscription_type,
        }
        root = roots[self._operation.operation]
        return self._selections(self._operation.selection_set, root.name, None) if root else 0

    def _selections(self, selection_set: SelectionSetNode, type_name: str, inherited: int | None) -> int:
        total = 0
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                total += self._field(selection, type_name, inherited)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                below = condition.name.value if condition else type_name
                total += self._selections(selection.selection_set, below, inherited)
            elif isinstance(selection, FragmentSpreadNode):
                total += self._fragment(selection.name.value, inherited)
        return total

    def _fragment(self, name: str, inherited: int | None) -> int:
        key = (name, inherited)
        if key not in self._known:
            fragment = self._fragments[name]
            condition = fragment.type_condition.name.value
            self._known[key] = self._selections(fragment.selection_set, condition, inherited)
        return self._known[key]

    def _field(self, node: FieldNode, type_name: str, inherited: int | None) -> int:
        price = self._prices.field(type_name, node.name.value)
        if price is None:  # __typename, __schema and __type
            return self._prices.limits.introspection_cost if node.selection_set else 0
        own = self._size(node, price)
        handed_down = None if price.is_list else own
        below = self._selections(node.selection_set, price.type_name, handed_down) if node.selection_set else 0
        if not price.is_list:
            return price.weight + below
        size = own if own is not None else inherited
        return (self._prices.limits.list_size_default if size is None else size) * (price.weight + below)

    def _size(self, node: FieldNode, price: FieldPrice) -> int | None:
        if price.size is None:
            return None
        given = [
            size
            for argument in price.size.slicing_arguments or ()
            if (size := self._argument(node, argument.split("."), price)) is not None
        ]
        return max(0, *given) if given else price.size.assumed_size

    def _argument(self, node: FieldNode, path: list[str], price: FieldPrice) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value == path[0]:
                return self._value(argument.value, path[1:])
        default = price.argument_defaults.get(path[0])
        return default if isinstance(default, int) and len(path) == 1 else None

    def _value(self, value: ValueNode | None, path: list[str]) -> int | None:
        while path and isinstance(value, ObjectValueNode):
            value, path = _entry(value, path[0]), path[1:]
        if isinstance(value, VariableNode):
            read = SizeRead(value.name.value, tuple(path), self._variable_default(value.name.value, path))
            self.reads[read] = None
            return read.value(self._variables)
        return _integer(value) if not path else None

    def _variable_default(self, name: str, path: list[str]) -> int | None:
        for definition in self._operation.variable_definitions or ():
            if definition.variable.name.value == name and definition.default_value is not None:
                return self._value(definition.default_value, path)
        return None


def _entry(value: ObjectValueNode, name: str) -> ValueNode | None:
    return next((entry.value for entry in value.fields or () if entry.name.value == name), None)


def _integer(value: ValueNode | None) -> int | None:
    return int(value.value) if isinstance(value, IntValueNode) else None


def _operation(document: Document, name: str | None) -> OperationDefinitionNode:
    return next(
        definition
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        and (name is None or (definition.name is not None and definition.name.value == name))
    )


def _field_price(definition: GraphQLField, root_weight: int | None) -> FieldPrice:
    named = get_named_type(definition.type)
    outer = definition.type.of_type if is_non_null_type(definition.type) else definition.type
    directives = _directives(definition)
    own = next((each for each in directives if isinstance(each, Cost)), None)
    of_type = next((each for each in _directives(named) if isinstance(each, Cost)), None)
    usual = root_weight if root_weight is not None else 0 if is_leaf_type(named) else 1
    return FieldPrice(
        weight=own.weight if own else of_type.weight if of_type else usual,
        is_list=is_list_type(outer),
        size=next((each for each in directives if isinstance(each, ListSize)), None),
        type_name=named.name,
        argument_defaults={name: argument.default_value for name, argument in definition.args.items()},
    )


def _directives(definition: GraphQLField | GraphQLNamedType) -> list[object]:
    source = definition.extensions.get(_STRAWBERRY)
    return list(cast("Any", source).directives or ()) if source is not None else []
