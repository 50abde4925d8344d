"""Titles and descriptions of demo listings: drawn from a leaf's vocabulary, the same for the same draws."""

import random
from collections.abc import Mapping
from typing import Final

from app.demo.categories import Attribute, Leaf
from domain.catalog.model import AttributeType, Condition

AttributeValue = str | int | bool

SERIES: Final = (
    "Alba", "Borea", "Cirrus", "Dune", "Estuary", "Fjord", "Garda", "Halden", "Isola", "Juniper", "Krona", "Lumo",
    "Mistral", "Nera", "Orbit", "Piana", "Quarto", "Rivage", "Solvik", "Tarn", "Umbra", "Vesper", "Wilder", "Yara",
    "Zephyr",
)  # fmt: skip
_OPENINGS: Final = (
    "The {series} is a {noun} made for {use}.",
    "A {noun} that shines with {feature}.",
    "{brand} built this {noun} for {use}.",
    "For {use}: a {noun} with {feature}.",
)
_MIDDLES: Final = (
    "It comes with {feature} and is easy to care for.",
    "Customers praise it for {feature}.",
    "What sets it apart is {feature}.",
    "You get {feature} without paying for what you do not need.",
)
_CLOSINGS: Final = (
    "Sent within two working days in packaging without plastic.",
    "Spare parts are available for ten years.",
    "Try it at home and send it back if it does not suit you.",
    "Questions? We answer on the same day.",
)
_CONDITIONS: Final[Mapping[Condition, str]] = {
    Condition.NEW: "New, in its original box.",
    Condition.REFURBISHED: "Checked and refurbished in our own workshop, with one year of warranty.",
    Condition.USED: "Used, with slight marks of wear, in full working order.",
}


def model_name(draw: random.Random) -> str:
    """A series and a number, as `Fjord 240`."""
    return f"{draw.choice(SERIES)} {draw.randrange(10, 99) * 10}"


def attribute_value(attribute: Attribute, draw: random.Random) -> AttributeValue:
    if attribute.type is AttributeType.BOOLEAN:
        return draw.random() < 0.5
    if attribute.type is AttributeType.NUMBER:
        low, high, step = attribute.span
        return draw.randrange(low, high + 1, step)
    return draw.choice(attribute.choices)


def description(
    leaf: Leaf,
    *,
    brand: str,
    model: str,
    noun: str,
    attributes: Mapping[str, AttributeValue],
    condition: Condition,
    draw: random.Random,
) -> str:
    """Four or five sentences and the data sheet, well under the limit of a description."""
    first, second = draw.sample(leaf.features, 2)
    words = {"series": model, "brand": brand, "noun": noun, "use": draw.choice(leaf.uses), "feature": first}
    sentences = [
        draw.choice(_OPENINGS).format(**words),
        draw.choice(_MIDDLES).format(feature=second),
        _CONDITIONS[condition],
        draw.choice(_CLOSINGS),
    ]
    sheet = [f"{each.label}: {shown(each, attributes[each.name])}" for each in leaf.attributes]
    return " ".join(sentences) + "\n\n" + "\n".join(sheet)


def shown(attribute: Attribute, value: AttributeValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value} {attribute.unit}".strip()
