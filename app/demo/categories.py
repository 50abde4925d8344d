"""The demo category tree and the vocabulary from which its listings are made.

A leaf names its kinds of things, its (invented) brands, the attribute schema that filters are built from, and the
attribute that its variants differ in.
"""

from dataclasses import dataclass
from typing import Final

from domain.catalog.model import AttributeType

COLOURS: Final = ("Black", "White", "Grey", "Blue", "Green", "Red", "Sand", "Terracotta")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One entry of a category's schema. `span`: the numbers drawn for a number attribute."""

    name: str
    label: str
    type: AttributeType
    choices: tuple[str, ...] = ()
    span: tuple[int, int, int] = (0, 0, 1)
    unit: str = ""
    required: bool = False
    facet: bool = True

    def schema(self) -> dict[str, object]:
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type.value,
            "required": self.required,
            "choices": list(self.choices),
            "unit": self.unit,
            "facet": self.facet,
        }


@dataclass(frozen=True, slots=True)
class Root:
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """`prices`: lowest and highest price in whole units of the currency."""

    root: str
    slug: str
    name: str
    nouns: tuple[str, ...]
    brands: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    prices: tuple[int, int]
    features: tuple[str, ...]
    uses: tuple[str, ...]
    axis: str | None = None

    @property
    def path(self) -> str:
        return f"{self.root}/{self.slug}"


def choice(name: str, label: str, *choices: str, required: bool = False) -> Attribute:
    return Attribute(name, label, AttributeType.CHOICE, choices, required=required)


def number(name: str, label: str, low: int, high: int, step: int, unit: str) -> Attribute:
    return Attribute(name, label, AttributeType.NUMBER, span=(low, high, step), unit=unit)


def yes_no(name: str, label: str) -> Attribute:
    return Attribute(name, label, AttributeType.BOOLEAN)


COLOUR: Final = choice("colour", "Colour", *COLOURS)

ROOTS: Final = (
    Root("electronics", "Electronics"),
    Root("home", "Home and kitchen"),
    Root("fashion", "Fashion"),
    Root("sports", "Sports and outdoors"),
    Root("leisure", "Books and games"),
    Root("garden", "Garden"),
    Root("beauty", "Beauty and care"),
    Root("kids", "For children"),
    Root("tools", "Tools"),
    Root("music", "Music"),
    Root("animals", "Animals"),
)
