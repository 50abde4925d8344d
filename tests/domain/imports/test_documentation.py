"""What the document says of the format is true: its examples are taken, and its table has every column."""

import re
from pathlib import Path

from app.container import Container
from app.demo.rules import LEAVES
from domain.catalog.model import Category
from domain.imports.columns import LISTING_SKU, OF_LISTING, OF_VARIANT
from domain.imports.model import ImportFormat
from tests.domain.imports.files import listing_of, shop_has, take
from tests.domain.imports.test_exporting import told
from tests.makers import a_category, a_seller, change

DOCUMENT = Path("docs/import-format.md").read_text()
LAMPS = next(leaf for leaf in LEAVES if leaf.path == "home/lamps")
"""As the demo has them: the examples work beside `make run`."""
SCHEMA = [attribute.schema() for attribute in LAMPS.attributes]


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1]


async def test_both_examples_are_taken_and_say_the_same(container: Container) -> None:
    category_id = await a_category(container, attributes=SCHEMA)
    path = f"home-{category_id.hex}/lamps"
    await change(container, Category, category_id, path=path)
    shops = []
    for form in ImportFormat:
        seller = await a_seller(container)
        view = await take(container, seller, example(form.value).replace("home/lamps", path), form)
        assert (view.rows_created, view.rows_faulty) == (3, 0)
        shops.append(seller)
    assert await told(container, shops[0]) == await told(container, shops[1])
    has = await shop_has(container, shops[0])
    assert has["GARDA-BLK"][0].listing_id == has["GARDA-WHT"][0].listing_id
    lamp = await listing_of(container, has["GARDA-BLK"][0].listing_id)
    assert (lamp.description, lamp.attributes) == (
        "A lamp that stands,\nwith a dimmer.",
        {"material": "Brass", "height_centimetres": 160},
    )


def test_the_table_has_every_column() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (listing|variant) \|", DOCUMENT, re.MULTILINE)
    of_listing = {name for name, of in rows if of == "listing"}
    of_variant = {name for name, of in rows if of == "variant"}
    assert of_listing == {LISTING_SKU, "attribute.<name>", *OF_LISTING}
    assert of_variant == {"option.<name>", *OF_VARIANT}
