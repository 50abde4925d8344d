"""The round trip: what is exported is imported into another shop as it was, and into its own without a change."""

import csv
import io
import json
from typing import Any

import pytest

from app.container import Container
from domain.imports.exporting import export_listings
from domain.imports.model import ImportFormat
from domain.shared.actor import Actor
from tests.domain.catalog.test_matching import a_gtin, a_listing, edit, with_gtin
from tests.domain.imports.files import listing_of, shop_has, take
from tests.domain.imports.test_importing import a_path
from tests.makers import a_seller, on_sale

DESCRIPTION = 'Says ""more"", and\nmore;'
TITLES = ("=HYPERLINK(1)", "'=quoted", "-5", "@at, home", "+ plus", "''", "Lampe für drüber 💡")


async def export(container: Container, seller: Actor, form: ImportFormat) -> bytes:
    return b"".join([piece async for piece in export_listings(seller.seller(), form, container.reads)])


async def a_full_shop(container: Container) -> Actor:
    """Listings of two variants each, with something in every column."""
    seller, path = await a_seller(container), await a_path(container)
    rows = []
    for number, title in enumerate(TITLES):
        first = {"listing_sku": f"L{number}", "sku": f"L{number}-1", "options": {"colour": "red", "size": "S"}}
        words = {"title": title, "description": DESCRIPTION, "brand": "Ann & Co", "category": path, "condition": "used"}
        more = {"gtin": "4006381333931", "attributes": {"width": 1.5, "led": True}}
        rows.append({**first, **words, **more, "variant_title": "Small", "price": 1.99, "stock": 3})
        second = {"listing_sku": f"L{number}", "sku": f"L{number}-2", "options": {"colour": "red", "size": "M"}}
        rows.append({**second, "price": 2.99, "active": False})
    view = await take(container, seller, "".join(f"{json.dumps(row)}\n" for row in rows), ImportFormat.JSONL)
    assert (view.rows_created, view.rows_faulty) == (2 * len(TITLES), 0)
    return seller


async def told(container: Container, seller: Actor) -> list[tuple[Any, ...]]:
    """All that a shop says, without ids and times."""
    found = []
    for sku, hads in sorted((await shop_has(container, seller)).items()):
        for had in hads:
            listing = await listing_of(container, had.listing_id)
            words = listing.model_dump(exclude={"id", "seller_id", "created_at", "updated_at", "version"})
            found.append((sku, had.price_minor, had.on_hand, words))
    return found


@pytest.mark.parametrize("form", list(ImportFormat))
async def test_an_export_makes_the_same_listings_elsewhere(container: Container, form: ImportFormat) -> None:
    seller, other = await a_full_shop(container), await a_seller(container)
    content = await export(container, seller, form)
    view = await take(container, other, content, form, batch_rows=300)
    assert (view.rows_created, view.rows_faulty) == (2 * len(TITLES), 0)
    assert await told(container, other) == await told(container, seller)
    assert await export(container, other, form) == content


@pytest.mark.parametrize("form", list(ImportFormat))
async def test_an_export_imported_again_changes_nothing(container: Container, form: ImportFormat) -> None:
    seller = await a_full_shop(container)
    offered = await on_sale(container, seller.seller(), stock=4)
    before = await shop_has(container, seller)
    view = await take(container, seller, await export(container, seller, form), form, batch_rows=300)
    changed = (view.rows_created, view.rows_updated, view.rows_faulty)
    assert (changed, view.rows_unchanged) == ((0, 0, 0), 2 * len(TITLES) + 1)
    assert await shop_has(container, seller) == before
    assert offered.variant_id in {had.variant_id for hads in before.values() for had in hads}


async def test_a_listing_whose_seller_named_its_product_keeps_it(container: Container) -> None:
    """The file names the product by its GTIN, which the listing itself does not have."""
    _, _, product_id = await with_gtin(container, a_gtin())
    seller, sale = await a_listing(container)
    await edit(container, seller, sale, product_id=product_id)
    before = await listing_of(container, sale.listing_id)
    view = await take(container, seller, await export(container, seller, ImportFormat.CSV), ImportFormat.CSV)
    assert (view.rows_unchanged, view.rows_updated, view.rows_faulty) == (1, 0, 0)
    assert await listing_of(container, sale.listing_id) == before
    assert (before.product_id, before.gtin) == (product_id, None)


async def test_no_cell_is_a_formula(container: Container) -> None:
    seller = await a_full_shop(container)
    rows = csv.reader(io.StringIO((await export(container, seller, ImportFormat.CSV)).decode(), newline=""))
    cells = [cell for row in rows for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t", "\r")] == []
    assert [cell for cell in cells if cell.startswith("-")] == ["-5"]


async def test_a_shop_without_listings_exports_a_header(container: Container) -> None:
    seller = await a_seller(container)
    content = await export(container, seller, ImportFormat.CSV)
    assert content.startswith(b"listing_sku,sku,title,")
    assert content.count(b"\n") == 1
    assert await export(container, seller, ImportFormat.JSONL) == b""
