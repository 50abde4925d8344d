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
_BY_GTINS = Query(
    select(_products.c.gtin, _products.c.id).where(_products.c.gtin == func.any(bindparam("gtins"))),
    lambda gtin, id_: (gtin, id_),
)


def normal_gtin(text: str) -> str:
    """14 digits. Raises ValueError for another length or a wrong check digit (GS1 General Specifications, 7.9)."""
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) in GTIN_LENGTHS):
        raise ValueError("a GTIN has 8, 12, 13 or 14 digits")
    padded = digits.zfill(14)
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(padded[:13]))
    if (10 - total % 10) % 10 != int(padded[13]):
        raise ValueError("the check digit of this GTIN is wrong")
    return padded


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
        if not rows:
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
    """The product with this GTIN (in its normal form); made from the listing's words when there is none yet."""
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


async def existing_product(tx: Tx, product_id: UUID) -> UUID:
    """Raises NotFound."""
    if await tx.get(Product, product_id) is None:
        raise NotFound("product")
    return product_id
