"""Imports into a shop: what is taken, what is named, and that a file taken twice changes nothing."""

from uuid import UUID

from app.container import Container
from domain.catalog.model import Category, Listing, ListingStatus
from domain.imports.model import ImportFormat, ImportStatus
from domain.inventory.reservations import reserve
from domain.shared.actor import Actor
from domain.shared.database import Tx
from tests.domain.imports.files import csv_of, faults_of, listing_of, named_faults, shop_has, take
from tests.domain.inventory.stock_state import stock_of
from tests.makers import a_buyer, a_category, a_checkout, a_payment_account, a_seller, change

HEADER = "listing_sku,sku,title,category,option.colour,attribute.width,price,stock"
SCHEMA = [
    {"name": "width", "label": "Width", "type": "number", "unit": "cm", "facet": True},
    {"name": "led", "label": "LED", "type": "boolean", "required": True},
]


async def a_path(container: Container, **more: object) -> str:
    """Of a category whose listings tell their width, and must tell whether they are LEDs."""
    made = await a_category(container, attributes=SCHEMA)
    path = f"lamps-{made.hex}"
    await container.ports.db.run(lambda tx: _name(tx, made, path))
    return path


async def _name(tx: Tx, category_id: UUID, path: str) -> None:
    row = await tx.get(Category, category_id)
    assert row is not None
    row.path = path


def lamps(path: str) -> str:
    return csv_of(
        HEADER,
        f"L1,L1-red,Lamp,{path},red,12.5,19.90,10",
        "L1,L1-blue,,,blue,,20.90,0",
        f",L2,Torch,{path},,,5,",
    )


async def test_rows_that_stand_together_are_variants_of_one_listing(container: Container) -> None:
    seller, path = await a_seller(container), await a_path(container)
    view = await take(container, seller, lamps(path))
    assert (view.status, view.rows_created, view.rows_faulty) == (ImportStatus.COMPLETED, 3, 0)
    assert view.position_bytes == view.size_bytes
    has = await shop_has(container, seller)
    red, blue, torch = has["L1-red"][0], has["L1-blue"][0], has["L2"][0]
    assert red.listing_id == blue.listing_id != torch.listing_id
    assert (red.price_minor, blue.price_minor, torch.price_minor) == (1990, 2090, 500)
    assert (red.on_hand, blue.on_hand, torch.on_hand) == (10, 0, None)
    assert (await stock_of(container, red.variant_id)).on_hand == 10
    lamp = await listing_of(container, red.listing_id)
    assert (lamp.status, lamp.currency, lamp.attributes) == (ListingStatus.DRAFT, "EUR", {"width": 12.5})


async def test_the_same_file_again_changes_nothing(container: Container) -> None:
    seller, path = await a_seller(container), await a_path(container)
    await take(container, seller, lamps(path))
    before = await shop_has(container, seller)
    view = await take(container, seller, lamps(path))
    assert (view.rows_created, view.rows_updated, view.rows_unchanged) == (0, 0, 3)
    assert await shop_has(container, seller) == before


async def test_a_file_of_few_columns_changes_those_alone(container: Container) -> None:
    seller, path = await a_seller(container), await a_path(container)
    await take(container, seller, lamps(path))
    view = await take(container, seller, csv_of("sku,price_minor,stock", "L1-red,1500,7", "L2,,3", "L3,100,1"))
    assert (view.rows_created, view.rows_updated, view.rows_faulty) == (0, 2, 1)
    assert await named_faults(container, view) == [(4, "title", "REQUIRED"), (4, "category", "REQUIRED")]
    has = await shop_has(container, seller)
    assert (has["L1-red"][0].price_minor, has["L1-red"][0].on_hand, has["L1-red"][0].title) == (1500, 7, "Lamp")
    assert (has["L2"][0].price_minor, has["L2"][0].on_hand) == (500, 3)
    await stock_of(container, has["L1-red"][0].variant_id)


async def test_a_variant_is_added_under_its_listings_name_in_a_later_file(container: Container) -> None:
    seller, path = await a_seller(container), await a_path(container)
    await take(container, seller, lamps(path))
    more = csv_of(HEADER, "L1,L1-green,,,green,,21,1", "L2,L2,,,,,6,", "L1,L1-black,,,black,,22,1")
    view = await take(container, seller, more)
    assert (view.rows_created, view.rows_updated) == (2, 1)
    has = await shop_has(container, seller)
    assert len({has[f"L1-{colour}"][0].listing_id for colour in ("red", "blue", "green", "black")}) == 1


async def test_faulty_rows_are_named_and_the_rest_is_taken(container: Container) -> None:
    seller, path = await a_seller(container), await a_path(container)
    text = csv_of(
        HEADER + ",gtin",
        f"A,A1,Lamp,{path},red,wide,19.90,10,",
        "A,A2,,,blue,,20.90,0,",
        f"B,B1,Lamp,{path},red,1,1.999,10,",
        "B,B2,,,blue,,2,x,",
        "B,B3,,,blue,,3,1,",
        "B,B4,,,blue,,3,1,",
        "B,B3,,,green,,3,1,",
        "B,B5,Other,,green,,3,1,",
        "C,C1,,nowhere,,,1,1,123",
        f"D,,Lamp,{path},,,1,1,",
        f"E,E1,Lamp,{path},,,1,1",
        f"F,F1,Lamp,{path},,,1,1,4006381333931",
    )
    view = await take(container, seller, text)
    assert await named_faults(container, view) == [
        (2, "attribute.width", "NOT_A_NUMBER"),
        (3, "", "LISTING_REFUSED"),
        (4, "price", "TOO_PRECISE"),
        (5, "stock", "NOT_A_NUMBER"),
        (7, "option.", "TAKEN"),
        (8, "sku", "DUPLICATE"),
        (9, "title", "CONFLICT"),
        (10, "gtin", "VALUE_ERROR"),
        (10, "title", "REQUIRED"),
        (10, "category", "UNKNOWN"),
        (11, "sku", "REQUIRED"),
        (12, "", "TOO_FEW_CELLS"),
    ]
    assert (view.rows_created, view.rows_faulty) == (2, 10)
    assert sorted(await shop_has(container, seller)) == ["B3", "F1"]


async def test_trusted_shops_sell_at_once_and_others_wait_for_review(container: Container) -> None:
    path = await a_path(container)
    text = csv_of("sku,title,category,attribute.led,price,stock", f"1,Lamp,{path},true,1,1", f"2,Lamp,{path},,1,1")
    wanted = {True: ListingStatus.ACTIVE, False: ListingStatus.PENDING_REVIEW}
    for trusted, status in wanted.items():
        seller = await a_seller(container, trusted=trusted)
        await a_payment_account(container, seller.seller())
        view = await take(container, seller, text, submit=True)
        assert await named_faults(container, view) == [(3, "attribute.led", "REQUIRED")]
        assert (await shop_has(container, seller))["1"][0].status == status
        again = await take(container, seller, text, submit=True)
        assert (again.rows_unchanged, again.rows_faulty) == (1, 1)
    unpaid = await a_seller(container, trusted=True)
    view = await take(container, unpaid, text, submit=True)
    assert {each.status for found in (await shop_has(container, unpaid)).values() for each in found} == {"draft"}
    assert view.rows_created == 2


async def test_what_is_promised_or_fixed_stays(container: Container) -> None:
    seller, path = await a_seller(container), await a_path(container)
    await take(container, seller, lamps(path))
    has = await shop_has(container, seller)
    red = has["L1-red"][0]
    buyer = await a_buyer(container)
    checkout_id = await a_checkout(container, buyer)

    async def promise(tx: Tx) -> None:
        assert not await reserve(
            tx, checkout_id=checkout_id, lines=[(red.variant_id, 4)], expires_at=None, actor=buyer.name
        )

    await container.ports.db.run(promise)
    await change(container, Listing, has["L2"][0].listing_id, status=ListingStatus.SUSPENDED)
    text = csv_of("sku,price,stock,currency", "L1-red,1,3,", "L1-blue,1,1,USD", "L2,9,1,", "L2,,2,")
    view = await take(container, seller, text)
    assert await named_faults(container, view) == [
        (2, "stock", "STOCK_BELOW_RESERVED"),
        (3, "currency", "FIXED"),
        (4, "", "LISTING_NOT_EDITABLE"),
    ]
    after = await shop_has(container, seller)
    assert after["L1-red"] == has["L1-red"]
    assert (after["L2"][0].price_minor, after["L2"][0].on_hand) == (500, 2)


async def test_unknown_attributes_are_refused_described_or_ignored(container: Container) -> None:
    path = await a_path(container)
    text = f'{{"sku": "1", "title": "Lamp", "category": "{path}", "price": 1, "description": "Bright.",'
    text += ' "attributes": {"width": 3, "socket": "E27", "lumen": 806}}\n'
    found = {}
    for unknown in ("refuse", "describe", "ignore"):
        seller = await a_seller(container)
        view = await take(container, seller, text, ImportFormat.JSONL, unknown=unknown)
        if unknown == "refuse":
            assert await named_faults(container, view) == [
                (1, "attribute.socket", "UNKNOWN"),
                (1, "attribute.lumen", "UNKNOWN"),
            ]
            continue
        listing = await listing_of(container, (await shop_has(container, seller))["1"][0].listing_id)
        assert listing.attributes == {"width": 3}
        found[unknown] = listing.description
        again = await take(container, seller, text, ImportFormat.JSONL, unknown=unknown)
        assert again.rows_unchanged == 1
    assert found == {"describe": "Bright.\nsocket: E27\nlumen: 806", "ignore": "Bright."}


async def test_another_shops_article_numbers_are_nobodys(container: Container) -> None:
    path = await a_path(container)
    ann, bob = await a_seller(container), await a_seller(container)
    for seller in (ann, bob):
        assert (await take(container, seller, lamps(path))).rows_created == 3
    refused = await take(container, bob, csv_of("sku,price", "L1-red,3"))
    assert refused.rows_updated == 1
    assert (await shop_has(container, ann))["L1-red"][0].price_minor == 1990


async def test_a_file_that_cannot_be_read_fails_with_its_reason(container: Container) -> None:
    seller = await a_seller(container)
    view = await take(container, seller, "sku,colour\n1,red\n")
    assert (view.status, view.failure_code) == (ImportStatus.FAILED, "UNKNOWN_COLUMN")
    assert "'colour'" in view.failure_message


async def test_all_faults_are_counted_and_the_first_are_kept(container: Container) -> None:
    seller: Actor = await a_seller(container)
    rows = [f"{number}\x00,x" for number in range(1_100)]
    view = await take(container, seller, csv_of("sku,price", *rows), batch_rows=300)
    assert (view.rows_created, view.rows_faulty) == (0, 1_100)
    first = (await faults_of(container, view.id))[0]
    assert (first.line, first.place) == (2, "sku")
