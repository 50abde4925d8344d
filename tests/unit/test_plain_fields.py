"""The short cuts through plain selections give the executor's answers to the letter, errors and paths included."""

import enum
from dataclasses import field
from typing import Annotated, Any, ClassVar

import pytest
import strawberry
from graphql import ExecutionResult as CoreResult
from strawberry.extensions import FieldExtension, SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionResult

from resolvers.extensions.plain_fields import PlainFields, remembered
from resolvers.shared.scalars import SCALARS, CurrencyCode, MinorUnits


@strawberry.enum(description="Of a lamp.")
class Colour(enum.StrEnum):
    RED = "red"
    GREEN = "green"


class Loud(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **arguments: Any) -> Any:
        return str(next_(source, info, **arguments)).upper()


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Bulb(Named):
    watts: int


@strawberry.type
class Shade(Named):
    colour: Colour
    broken: strawberry.Private[bool] = False

    @strawberry.field
    def width(self) -> int | None:
        if self.broken:
            raise ValueError("the shade is broken")
        return 30


@strawberry.type
class Maker(Named):
    """Its fields are loaded, or ask who asks."""

    known: strawberry.Private[bool] = True

    @strawberry.field
    async def country(self, info: strawberry.Info) -> str | None:
        return self.name if info.context == "whole" else None

    @strawberry.field
    async def city(self) -> str:
        if not self.known:
            raise ValueError("nobody knows")
        return self.name + " City"

    @strawberry.field
    def asked_by(self, info: strawberry.Info) -> str:
        return f"{info.context} {info.field_name} {info.return_type} {info.python_name}"

    @strawberry.field
    async def place(self, info: strawberry.Info) -> str:
        return "/".join(map(str, info.path.as_list()))

    @strawberry.field
    async def owner(self) -> "Maker | None":
        return Maker(name="owner of " + self.name, known=self.known)

    @strawberry.field
    async def owners(self) -> list["Maker"]:
        return [Maker(name=f"{number} of {self.name}", known=self.known) for number in range(3)]


@strawberry.type
class Workshop(Named):
    @strawberry.field
    async def owner(self) -> Maker:
        return Maker(name="owner of the workshop")


@strawberry.type
class Lamp:
    id: strawberry.ID
    title: str
    price: float
    colours: list[Colour]
    parts: list[Annotated[Bulb | Shade, strawberry.union("Part")]]
    shade: Shade | None = None
    on: bool = True
    cents: MinorUnits = MinorUnits(350)
    currency: CurrencyCode | None = CurrencyCode("EUR")
    names: list[str | None] = field(default_factory=list)
    maker: Maker | None = field(default_factory=lambda: Maker(name="Ada"))
    places: list[Annotated[Maker | Workshop, strawberry.union("Place")]] = field(
        default_factory=lambda: [Maker(name="Ada"), Workshop(name="Hall")]
    )

    @strawberry.field
    async def makers(self) -> list[Maker | None]:
        return [self.maker, None, Maker(name="Bob")]

    @strawberry.field
    def label(self) -> str:
        return f"{self.title}!"

    @strawberry.field
    def sized(self, width: int = 3) -> int:
        return width

    @strawberry.field
    async def later(self) -> str:
        return "later"

    @strawberry.field(extensions=[Loud()])
    def shouted(self) -> str:
        return self.title


def lamp(**more: Any) -> Lamp:
    given: dict[str, Any] = {
        "id": strawberry.ID("1"),
        "title": "Desk lamp",
        "price": 3.5,
        "colours": [Colour.RED, Colour.GREEN],
        "parts": [Bulb(name="E27", watts=7), Shade(name="linen", colour=Colour.GREEN)],
        "shade": Shade(name="linen", colour=Colour.RED),
        "names": ["a", None],
    }
    return Lamp(**(given | more))


LAMPS: dict[str, list[Lamp]] = {
    "whole": [lamp(), lamp(id=strawberry.ID("2"), shade=None)],
    "a null where none may be": [lamp(), lamp(title=None)],
    "a null deep down": [lamp(shade=Shade(name=None, colour=Colour.RED))],  # type: ignore[arg-type]
    "a broken nullable": [lamp(shade=Shade(name="x", colour=Colour.RED, broken=True))],
    "a number too large": [lamp(parts=[Bulb(name="x", watts=2**31)])],
    "the smallest number": [lamp(parts=[Bulb(name="x", watts=-(2**31))])],
    "not a list": [lamp(colours=7)],
    "a tuple": [lamp(colours=(Colour.RED,))],
    "values of an enum": [lamp(colours=["red"])],
    "no value of an enum": [lamp(colours=["blue"])],
    "no member of the union": [lamp(parts=[lamp()])],
    "an exception as a value": [lamp(title=ValueError("no title"))],
    "numbers for text": [lamp(title=12, price="2.5", on=1)],
    "no cents": [lamp(cents=None, currency=None)],
    "cents and a currency of other types": [lamp(cents="350", currency=7)],
    "exceptions as scalars": [lamp(cents=ValueError("no cents"), currency=ValueError("no currency"))],
    "no number": [lamp(price=float("nan"))],
    "no maker": [lamp(maker=None)],
    "a maker without a name": [lamp(maker=Maker(name=None))],  # type: ignore[arg-type]
    "a maker whom nobody knows": [lamp(maker=Maker(name="Eve", known=False))],
    "no place": [lamp(places=[Bulb(name="x", watts=1)])],
    "no lamp at all": [None],  # type: ignore[list-item]
    "another thing": [Bulb(name="x", watts=1)],  # type: ignore[list-item]
}


@strawberry.type
class Query:
    @strawberry.field
    async def lamps(self, info: strawberry.Info) -> list[Lamp | None]:
        return list(LAMPS[info.context])

    @strawberry.field
    def lamp(self, info: strawberry.Info) -> Lamp | None:
        return LAMPS[info.context][0]

    @strawberry.field
    def named(self, info: strawberry.Info) -> list[Named]:
        return list(LAMPS[info.context][0].parts)


DOCUMENTS = [
    "{ lamps { id title price on names colours label } }",
    "{ lamps { id cents currency title } }",
    "{ lamp { z: title shade { width name colour } later a: id parts { __typename } } }",
    "{ lamps { shouted title sized later } }",
    "{ lamps { later makers { name country city askedBy } id } }",
    "{ lamps { title maker { owner { name city owner { country } } name } places { ... on Maker { city } } } }",
    "{ lamp { maker { owners { name city owners { name asked: askedBy } } } makers { owner { id: name } } } }",
    "{ lamps { places { __typename ... on Maker { name city } ... on Workshop { owner { name country } } } } }",
    "{ lamps { title maker { owners { place owner { place } } } z: sized makers { place } shouted } }",
    "{ lamps { maker { owners { city } } shouted } lamp { makers { city } shade { width } } }",
    "{ lamps { sized(width: 4) shade { name } shade { colour w: width } } }",
    "{ lamps { parts { __typename ... on Named { name } ... on Bulb { watts } ... on Shade { colour width } } } }",
    "{ named { name ... on Bulb { watts } __typename } }",
    "{ lamps { ...f } } fragment f on Lamp { title ...g ...g } fragment g on Lamp { shade { name } price }",
    "query ($yes: Boolean! = true) { lamps { title @include(if: $yes) price @skip(if: $yes) shade { name } } }",
    "{ lamps { shade { name @skip(if: true) colour } title } }",
]


def schema(executor: type[StrawberryGraphQLCoreExecutionContext], **options: Any) -> strawberry.Schema:
    config = StrawberryConfig(scalar_map=SCALARS)
    return strawberry.Schema(Query, types=[Bulb, Shade], execution_context_class=executor, config=config, **options)


PLAIN, ORDINARY = schema(PlainFields), schema(StrawberryGraphQLCoreExecutionContext)


def written(result: ExecutionResult | CoreResult | Any) -> tuple[str, list[str]]:
    """With the order of the fields."""
    return repr(result.data), sorted(str(error.formatted) for error in result.errors or ())


@pytest.mark.parametrize("lamps", LAMPS)
@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.filterwarnings("ignore:coroutine")
async def test_the_answer_is_the_executors(document: str, lamps: str) -> None:
    ordinary = await ORDINARY.execute(document, context_value=lamps)
    for _ in range(2):  # compiled, then found again
        plain = await PLAIN.execute(document, context_value=lamps)
        assert written(plain) == written(ordinary)


class Counting(PlainFields):
    """Notes what is left to the executor."""

    operations_max = 3
    executed: ClassVar[list[str]] = []

    def execute_field(self, parent_type: Any, source: Any, field_details_list: Any, *rest: Any) -> Any:
        self.executed.append(field_details_list[0].node.name.value)
        return super().execute_field(parent_type, source, field_details_list, *rest)


async def test_a_plain_selection_is_not_executed_field_by_field() -> None:
    document = "{ lamps { title price shade { name colour } parts { ... on Bulb { watts } } } }"
    Counting.executed.clear()
    await schema(Counting).execute(document, context_value="whole")
    assert Counting.executed == []


async def test_neither_is_one_that_is_loaded() -> None:
    document = "{ lamp { later makers { name askedBy owners { city owner { country } } } } }"
    Counting.executed.clear()
    answer = await schema(Counting).execute(document, context_value="whole")
    assert answer.errors is None
    assert Counting.executed == []


async def test_whatever_watches_fields_sees_them_all() -> None:
    seen: list[str] = []

    class Watching(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(info.field_name)
            return _next(root, info, *args, **kwargs)

    await schema(PlainFields, extensions=[Watching]).execute("{ lamp { title } }", context_value="whole")
    assert seen == ["lamp", "title"]


async def test_only_so_many_operations_are_remembered() -> None:
    made = schema(Counting)
    for number in range(10):
        assert (await made.execute(f"{{ lamp {{ a{number}: title }} }}", context_value="whole")).errors is None
    assert len(remembered(made._schema)) == 3  # Strawberry has no public name for it
