"""Products: what things are, whoever sells them. Known by their GTIN, so that offers of one thing can be compared.

Invariant: a GTIN belongs to one product, in one spelling: padded to the 14 digits that all its forms share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, StringConstraints
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from domain.catalog.model import Category, Product
from domain.shared.actor import Actor
from domain.shared.commands import Line, command
from domain.shared.database import Database, Query, Tx, table
from domain.shared.errors import NotFound
from domain.shared.ids import CategoryId, ProductId, new_id

GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_products = table(Product)
_WHAT_COUNTS = func.coalesce(_products.c.merged_into_id, _products.c.id)
# Shared locks: a merge that is under way is waited for, so that nothing is linked to what has just been merged.
_BY_GTINS = Query(
    select(_products.c.gtin, _WHAT_COUNTS)
    .where(_products.c.gtin == func.any(bindparam("gtins")))
    .order_by(_products.c.id)
    .with_for_update(read=True),
    lambda gtin, id_: (gtin, id_),
)
_GTINS = Query(
    select(_products.c.id, _products.c.gtin).where(_products.c.id == func.any(bindparam("ids"))),
    lambda id_, gtin: (id_, gtin),
)
_BY_ID = select(_WHAT_COUNTS).where(_products.c.id == bindparam("id")).with_for_update(read=True)


def normal_gtin(text: str) -> str:
    """14 digits. Raises ValueError for another length or a wrong check digit (GS1 General Specifications, 7.9)."""
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) in GTIN_LENGTHS):
        raise ValueError("a GTIN has 8, 12, 13 or 14 digits")
    padded = digits.zfill(14)
    if not int(padded):
        raise ValueError("a GTIN is not all zeros")
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(padded[:13]))
    if (10 - total % 10) % 10 != int(padded[13]):
        raise ValueError("the check digit of this GTIN is wrong")
    return padded


def is_worldwide(gtin: str) -> bool:
    """Whether a GTIN in its normal form means the same thing everywhere.

    Shops number what they pack themselves (prefixes 02, 04 and 20 to 29; of eight digits those with 0 or 2 first), so
    the same number stands for different things in different shops (GS1 General Specifications, 1.4).
    """
    if gtin.startswith("000000"):
        return gtin[6] not in "02"
    return gtin[1:3] not in _IN_STORE


_IN_STORE: Final = frozenset({"02", "04", *(str(prefix) for prefix in range(20, 30))})


Gtin = Annotated[str, AfterValidator(normal_gtin)]
Brand = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]


@command
class UpdateProduct:
    """All of it as it shall be from now on, whatever the first seller wrote."""

    product_id: ProductId
    title: Line
    brand: Brand = ""
    category_id: CategoryId


async def update_product(command: UpdateProduct, *, actor: Actor, db: Database) -> UUID:
    """For administrators. The product's id. Raises NotFound."""
    actor.admin()

    async def step(tx: Tx) -> UUID:
        rows = await tx.lock(Product, [command.product_id])
        if not rows or rows[0].merged_into_id is not None:
            raise NotFound("product")
        if await tx.get(Category, command.category_id) is None:
            raise NotFound("category")
        rows[0].title = command.title
        rows[0].brand = command.brand
        rows[0].category_id = command.category_id
        return command.product_id

    return await db.run(step)


@dataclass(frozen=True, slots=True)
class ProductWords:
    """What a product is called by the first listing that offers it."""

    title: str
    brand: str
    category_id: UUID


async def match_product(tx: Tx, *, gtin: str, title: str, brand: str, category_id: UUID) -> UUID:
    """The product with this GTIN (in its normal form), or what it was merged into; made from the listing's words when
    there is none yet."""
    return (await match_products(tx, {gtin: ProductWords(title, brand, category_id)}))[gtin]


async def match_products(tx: Tx, wanted: Mapping[str, ProductWords]) -> Mapping[str, UUID]:
    """The same for many. Made in one order, so that two who make the same ones never wait in a circle."""
    found = await _products_by_gtins(tx, list(wanted))
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        rows = [{"id": new_id(), "gtin": gtin, "created_at": tx.now, **_columns(wanted[gtin])} for gtin in missing]
        await tx.execute(insert(_products).on_conflict_do_nothing(), rows)
        found |= await _products_by_gtins(tx, missing)
    return found


def _columns(words: ProductWords) -> dict[str, Any]:
    return {"title": words.title, "brand": words.brand, "category_id": words.category_id}


async def _products_by_gtins(tx: Tx, gtins: Sequence[str]) -> dict[str, UUID]:
    return dict(await tx.reads.all(_BY_GTINS, gtins=list(gtins)))


async def gtins_of_products(tx: Tx, ids: Sequence[UUID]) -> Mapping[UUID, str | None]:
    return dict(await tx.reads.all(_GTINS, ids=list(ids)))


async def existing_product(tx: Tx, product_id: UUID) -> UUID:
    """Its id, or that of what it was merged into. Raises NotFound."""
    found: UUID | None = await tx.reads.scalar(_BY_ID, id=product_id)
    if found is None:
        raise NotFound("product")
    return found
