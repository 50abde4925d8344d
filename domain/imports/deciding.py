"""What becomes of the rows of one listing, given what the shop has: a plan, and the faults that are left out of it.

Invariant: pure, over rows that the caller has locked. A faulty row changes nothing; the other rows of its listing are
taken as if it were not there. A row that says what is there already changes nothing either.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.catalog.attributes import Schema
from domain.catalog.model import EDITABLE, Listing, ListingStatus, Variant
from domain.catalog.skus import VariantPlace
from domain.catalog.variants import variant_faults
from domain.imports.model import UnknownAttributes
from domain.imports.parsing import ListingRows, VariantRow
from domain.imports.pictures import Pictures
from domain.imports.records import Fault
from domain.imports.words import Category, Rules, price_of, words_of
from domain.inventory.model import StockItem
from domain.media.replacing import Wanted
from domain.sellers.model import Seller
from domain.shared.ids import new_id


@dataclass(slots=True)
class Shelf:
    """What the shop has of what a batch names. `submits_to` None: new listings stay drafts."""

    seller: Seller
    now: datetime
    unknown: UnknownAttributes
    submits_to: ListingStatus | None
    categories: Mapping[str, Category]
    schemas: Mapping[UUID, Schema]
    listings: Mapping[UUID, Listing]
    variants: dict[UUID, list[Variant]]
    places: Mapping[str, list[VariantPlace]]
    references: Mapping[str, UUID]
    stock: Mapping[UUID, StockItem]
    pictures: Pictures = field(default_factory=Pictures)


@dataclass(slots=True)
class VariantPlan:
    """What becomes of one row: `standing` None: a new variant. `values` are its columns, or those that change."""

    row: VariantRow
    id: UUID
    standing: Variant | None
    values: dict[str, Any]
    on_hand: int | None

    @property
    def is_new(self) -> bool:
        return self.standing is None

    @property
    def active(self) -> bool:
        stands = self.standing is None or self.standing.active
        return bool(self.values.get("active", stands))

    def apply(self, now: datetime) -> None:
        if self.standing is not None and self.values:
            for name, value in self.values.items():
                setattr(self.standing, name, value)
            self.standing.updated_at = now


@dataclass(slots=True)
class ListingPlan:
    """What becomes of a listing. `standing` None: a new one; `values` are its columns, or those that change.

    Without variants nothing of it is written.
    """

    rows: ListingRows
    id: UUID
    standing: Listing | None
    currency: str
    values: dict[str, Any] = field(default_factory=dict)
    gallery: list[Wanted] | None = None
    """What it shall show, None: what it shows."""
    variants: list[VariantPlan] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        return self.standing is None

    @property
    def gtin(self) -> str | None:
        return self.rows.words.values.get("gtin")

    def column(self, name: str, default: Any = None) -> Any:
        """As it will be."""
        if name in self.values:
            return self.values[name]
        return getattr(self.standing, name) if self.standing is not None else default

    @property
    def changes_words(self) -> bool:
        """Of the listing or of a variant: what raises its version. Stock does not."""
        return bool(self.values) or self.gallery is not None or any(each.values for each in self.variants)

    def apply(self, now: datetime) -> None:
        for name, value in self.values.items():
            setattr(self.standing, name, value)
        for each in self.variants:
            each.apply(now)

    def refuse_all(self, faults: list[Fault]) -> "ListingPlan":
        """None of the rows is taken: the faults name why, and every other row that has none refers to the first."""
        self.variants = []
        self.faults += faults
        named = {fault.line for fault in self.faults}
        line = faults[0].line if faults else self.rows.words.line
        self.faults += [
            Fault(row.line, "", "LISTING_REFUSED", f"The listing is refused: see line {line}.")
            for row in self.rows.variants
            if row.line not in named
        ]
        return self


def decide(rows: ListingRows, shelf: Shelf) -> ListingPlan:
    listing_id, elsewhere = _which(rows, shelf)
    standing = shelf.listings.get(listing_id) if listing_id is not None else None
    currency = standing.currency if standing is not None else rows.words.values.get("currency", shelf.seller.currency)
    plan = ListingPlan(rows, standing.id if standing is not None else new_id(), standing, currency)
    plan.faults = [fault for row in rows.variants for fault in row.faults] + elsewhere
    if not rows.words.read:
        return plan
    complete = standing is None and shelf.submits_to is not None
    rules = Rules(shelf.categories, shelf.schemas, shelf.unknown, complete=complete)
    values, faults = words_of(rows.words, standing, rules)
    gallery, unknown = shelf.pictures.wanted(rows.words, listing_id)
    plan.gallery = gallery if shelf.pictures.changes(plan.id, gallery) else None
    faults += unknown
    if faults:
        return plan.refuse_all(faults)
    if standing is None:
        plan.values = values
    else:
        plan.values = {name: value for name, value in values.items() if getattr(standing, name) != value}
    _decide_variants(plan, shelf)
    if standing is not None and standing.status not in EDITABLE and plan.changes_words:
        message = f"A listing that is {standing.status.value.replace('_', ' ')} cannot be changed."
        return plan.refuse_all([Fault(rows.words.line, "", "LISTING_NOT_EDITABLE", message)])
    if complete and plan.variants and not any(each.active for each in plan.variants):
        message = "A listing needs a variant that can be bought."
        return plan.refuse_all([Fault(rows.words.line, "active", "REQUIRED", message)])
    return plan


def _which(rows: ListingRows, shelf: Shelf) -> tuple[UUID | None, list[Fault]]:
    """The listing that the rows are about: that of their name, else that of the first known article number."""
    listing_id = shelf.references.get(rows.reference) if rows.reference is not None else None
    faults = []
    for row in rows.variants:
        places = shelf.places.get(row.sku, ()) if not row.faults else ()
        if not places or listing_id in {place.listing_id for place in places}:
            continue
        if len({place.listing_id for place in places}) > 1:
            message = "Several of the shop's listings have this article number."
            faults.append(Fault(row.line, "sku", "AMBIGUOUS_SKU", message))
        elif listing_id is None:
            listing_id = places[0].listing_id
        else:
            message = "Another listing of the shop has this article number."
            faults.append(Fault(row.line, "sku", "SKU_ELSEWHERE", message))
    return listing_id, faults


def _decide_variants(plan: ListingPlan, shelf: Shelf) -> None:
    """Row by row, each beside those that were taken before it."""
    standing = shelf.variants.get(plan.id, [])
    refused = {fault.line for fault in plan.faults}
    for row in plan.rows.variants:
        if row.line in refused:
            continue
        made, faults = _variant(row, plan, standing, shelf)
        faults += _among_others(made, standing, plan)
        if faults:
            plan.faults += faults
        else:
            plan.variants.append(made)


def _variant(
    row: VariantRow, plan: ListingPlan, others: list[Variant], shelf: Shelf
) -> tuple[VariantPlan, list[Fault]]:
    price_minor, faults = price_of(row.line, row.values, plan.currency)
    said: dict[str, Any] = {
        "title": row.values.get("variant_title"),
        "options": row.options,
        "price_minor": price_minor,
        "active": row.values.get("active"),
    }
    said = {name: value for name, value in said.items() if value is not None}
    on_hand = row.values.get("stock")
    standing = next((each for each in others if each.sku == row.sku), None)
    if standing is None:
        if price_minor is None and not faults:
            faults.append(Fault(row.line, "price", "REQUIRED", "A new variant needs a price."))
        position = len(others) + sum(each.is_new for each in plan.variants)
        columns = {"listing_id": plan.id, "sku": row.sku, "position": position, "updated_at": shelf.now}
        return VariantPlan(row, new_id(), None, {"options": {}, **said, **columns}, on_hand), faults
    changes = {name: value for name, value in said.items() if getattr(standing, name) != value}
    item = shelf.stock.get(standing.id)
    if on_hand is not None and item is not None and on_hand < item.reserved:
        message = f"{item.reserved} are promised to buyers; the stock cannot become {on_hand}."
        faults.append(Fault(row.line, "stock", "STOCK_BELOW_RESERVED", message))
    return VariantPlan(row, standing.id, standing, changes, on_hand), faults


def _among_others(made: VariantPlan, standing: list[Variant], plan: ListingPlan) -> list[Fault]:
    """Whether the variant may stand beside the listing's others, as all of them would be afterwards."""
    taken = plan.variants
    if (made.standing is not None and not made.values) or not (standing or taken):
        return []
    planned = {made.id, *(each.id for each in taken)}
    others = [each for each in standing if each.id not in planned]
    after = [_as_planned(each) for each in taken]
    faults = [
        Fault(made.row.line, "option." if "options" in issue.path else "sku", issue.code, issue.message)
        for issue in variant_faults([*others, *after, _as_planned(made)])
        if not issue.path or issue.path[0] == str(len(others) + len(after))
    ]
    on_sale = plan.standing is not None and plan.standing.status is ListingStatus.ACTIVE
    if on_sale and not made.active and not any(each.active for each in (*others, *after)):
        message = "It is the last variant on sale; pause or archive the listing instead."
        faults.append(Fault(made.row.line, "active", "LAST_VARIANT", message))
    return faults


def _as_planned(plan: VariantPlan) -> Variant:
    """The variant as it would be: a copy, so that nothing is changed before everything is decided."""
    if plan.standing is None:
        return Variant(id=plan.id, **plan.values)
    values = {name: getattr(plan.standing, name) for name in ("listing_id", "options", "price_minor", "updated_at")}
    return Variant(**{"id": plan.id, "sku": plan.row.sku, "active": plan.active, **values, **plan.values})
