"""What a listing is to say after an import: the file's words over those that stand, checked as an edit is checked.

Invariant: nothing is changed here. Either all of a listing's words fit its category, or every fault is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from domain.catalog.attributes import GivenAttribute, Schema, parse_attributes, stored_faults
from domain.catalog.drafting import handover_faults
from domain.catalog.model import Fulfilment, Listing, ListingKind, ListingStatus, ways_of
from domain.imports.columns import ATTRIBUTE, IMAGES
from domain.imports.model import UnknownAttributes
from domain.imports.parsing import ListingWords
from domain.imports.records import Fault
from domain.shared.money import EXPONENTS, MINOR_UNITS_MAX

DESCRIPTION_MAX: Final = 10_000
_ON_SALE: Final = frozenset({ListingStatus.ACTIVE, ListingStatus.PAUSED})


@dataclass(frozen=True, slots=True)
class Category:
    """A category as an import needs it: with all that its listings say of themselves."""

    id: UUID
    schema: Schema


@dataclass(frozen=True, slots=True)
class Rules:
    """What a listing's words are held against. `complete`: whatever is required has to be there."""

    categories: Mapping[str, Category]
    schemas: Mapping[UUID, Schema]
    unknown: UnknownAttributes
    complete: bool


def words_of(words: ListingWords, listing: Listing | None, rules: Rules) -> tuple[dict[str, Any], list[Fault]]:
    """Column of the table -> its value, for all that the file says; and every fault. `listing` None: a new one."""
    faults = list(words.faults)

    def refuse(place: str, code: str, message: str) -> None:
        faults.append(Fault(words.line, place[:120], code, message[:500]))

    values = {name: value for name, value in words.values.items() if name not in ("category", "gtin", IMAGES)}
    failed = {fault.place for fault in faults}
    if listing is None and "title" not in values and "title" not in failed:
        refuse("title", "REQUIRED", "A new listing needs a title.")
    if listing is not None and values.get("currency", listing.currency) != listing.currency:
        refuse("currency", "FIXED", f"The listing's prices are in {listing.currency}, for ever.")
    kind = values.get("kind", listing.kind if listing else ListingKind.PRODUCT)
    fulfilment = values.get("fulfilment", listing.fulfilment if listing else Fulfilment.SHIP)
    if listing is not None and listing.pickup_too and fulfilment is not Fulfilment.SHIP:
        values.setdefault("pickup_too", False)
    pickup_too = values.get("pickup_too", listing is not None and listing.pickup_too)
    for issue in handover_faults(kind, fulfilment, pickup_too):
        refuse(issue.path[0], issue.code, issue.message)
    on_sale = rules.complete or (listing is not None and listing.status in _ON_SALE)
    fetched = listing is not None and Fulfilment.PICKUP in ways_of(listing.fulfilment, listing.pickup_too)
    if on_sale and Fulfilment.PICKUP in ways_of(fulfilment, pickup_too) and not fetched:
        at = "pickup_too" if pickup_too else "fulfilment"
        refuse(at, "PLACE_REQUIRED", "What is fetched needs a place first, which no file gives.")
    category = _category(words, listing, rules)
    if category is None:
        if "category" not in failed:
            path = words.values.get("category")
            code, message = ("UNKNOWN", f"There is no category {path}.") if path else ("REQUIRED", _NO_CATEGORY)
            refuse("category", code, message)
        return values, faults
    values["category_id"] = category.id
    attributes, described = _attributes(words, listing, category.schema, rules, refuse)
    values["attributes"] = attributes
    if described and (listing is None or "description" in values):
        text = "\n".join(([values["description"]] if values.get("description") else []) + described)
        if len(text) > DESCRIPTION_MAX:
            message = f"With its further attributes it is {len(text)} characters long; at most {DESCRIPTION_MAX}."
            refuse("description", "TOO_LONG", message)
        values["description"] = text
    return values, faults


_NO_CATEGORY: Final = "A new listing needs a category, by its path as electronics/phones."


def _category(words: ListingWords, listing: Listing | None, rules: Rules) -> Category | None:
    if "category" in words.values:
        return rules.categories.get(words.values["category"])
    return Category(listing.category_id, rules.schemas[listing.category_id]) if listing is not None else None


def _attributes(
    words: ListingWords, listing: Listing | None, schema: Schema, rules: Rules, refuse: Any
) -> tuple[dict[str, Any], list[str]]:
    """The attributes as they shall stand, and the lines for those that the category does not know."""
    known = {each.name for each in schema}
    given, described = [], []
    stands = dict(listing.attributes) if listing is not None else {}
    for name, text in words.attributes.items():
        if not text:
            stands.pop(name, None)
        elif name in known:
            given.append(GivenAttribute(name=name, value=text))
        elif rules.unknown is UnknownAttributes.DESCRIBE:
            described.append(f"{name}: {text}")
        elif rules.unknown is UnknownAttributes.REFUSE:
            refuse(f"{ATTRIBUTE}{name}", "UNKNOWN", "The listing's category has no such attribute.")
    for issue in stored_faults(schema, {name: stands[name] for name in stands if name not in words.attributes}):
        refuse("category" if "category" in words.values else "", issue.code, issue.message)
    read, issues = parse_attributes(schema, given)
    for issue in issues:
        refuse(f"{ATTRIBUTE}{given[int(issue.path[1])].name}", issue.code, issue.message)
    stands.update(read)
    if rules.complete or (listing is not None and listing.status in _ON_SALE):
        refused = {each.name for each in given} - read.keys()
        for each in schema:
            if each.required and each.name not in stands and each.name not in refused:
                refuse(f"{ATTRIBUTE}{each.name}", "REQUIRED", f"{each.label} is missing.")
    return stands, described


def price_of(line: int, values: Mapping[str, Any], currency: str) -> tuple[int | None, list[Fault]]:
    """The price of a row in minor units of the listing's currency; None when the row names none."""
    if "price_minor" in values or "price" not in values:
        return values.get("price_minor"), []
    price: Decimal = values["price"]
    minor = price.scaleb(EXPONENTS.get(currency, 2))
    if minor != minor.to_integral_value():
        return None, [Fault(line, "price", "TOO_PRECISE", f"{currency} has {EXPONENTS.get(currency, 2)} decimals.")]
    if not 1 <= minor <= MINOR_UNITS_MAX:
        return None, [Fault(line, "price", "OUT_OF_RANGE", "A price is at least one minor unit.")]
    return int(minor), []
