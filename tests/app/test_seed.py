"""Demo data: whole, in step with the invariants of stock and money, and harmless to write twice."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest
from PIL import Image

from app.auditing import audit
from app.container import open_container
from app.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from app.demo.categories import ROOTS
from app.demo.listings import OFFERS, gtin
from app.demo.pictures import store_pictures
from app.demo.places import TOWNS
from app.demo.rules import LEAVES
from app.demo.shops import SHOPS
from app.jobs import handlers_of
from app.seed import LISTINGS_MAX, SeedReport, seed
from domain.catalog.products import is_worldwide, normal_gtin
from domain.ledger.sealing import seal
from domain.media.ports import public_key
from domain.orders.model import ORDER_TRANSITIONS
from domain.shared.clock import SystemClock
from infra.argon2.hasher import Argon2PasswordHasher
from infra.storage.opening import open_storage
from tests.conftest import settings_for
from tests.journeys.books import NOTHING_FOUND
from tests.servers import Urls, copy_of_template

LISTINGS = 120
AS_OF = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def seeded(urls: Urls) -> str:
    url = await copy_of_template(urls)
    await seed(url, LISTINGS)
    return url


@pytest.fixture
async def connection(seeded: str) -> AsyncIterator[asyncpg.Connection]:
    made = await asyncpg.connect(seeded)
    yield made
    await made.close()


async def counts(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        names = ("user", "seller", "category", "listing", "variant", "stock_item", "stock_movement", "tax_rule")
        return {name: await connection.fetchval(f'SELECT count(*) FROM "{name}"') for name in names}
    finally:
        await connection.close()


async def test_stock_is_the_sum_of_its_movements_and_nothing_is_reserved(connection: asyncpg.Connection) -> None:
    wrong = await connection.fetch(
        """
        SELECT item.id FROM stock_item item LEFT JOIN stock_movement movement ON movement.stock_item_id = item.id
        GROUP BY item.id
        HAVING item.on_hand <> coalesce(sum(movement.on_hand_delta), 0)
            OR item.reserved <> coalesce(sum(movement.reserved_delta), 0) OR item.reserved <> 0
        """
    )
    assert wrong == []
    assert await connection.fetchval("SELECT count(*) FROM stock_item WHERE on_hand > 0") > 0
    assert await connection.fetchval("SELECT count(*) FROM stock_item WHERE on_hand = 0") > 0


async def test_the_browsing_projection_says_what_the_stock_says(connection: asyncpg.Connection) -> None:
    wrong = await connection.fetch(
        """
        SELECT variant.id FROM variant
        JOIN stock_item item ON item.variant_id = variant.id
        LEFT JOIN variant_stock stock ON stock.variant_id = variant.id
        WHERE stock.available IS DISTINCT FROM least(item.on_hand - item.reserved, 100)
            OR (stock.status = 'out_of_stock') <> (stock.available = 0)
        """
    )
    assert wrong == []


async def test_ratings_are_those_of_the_counted_stars(connection: asyncpg.Connection) -> None:
    wrong = await connection.fetch(
        """
        WITH shown AS (
            SELECT id, 'listing' AS kind, rating_millis, rating_count FROM listing
            UNION ALL SELECT id, 'seller', rating_millis, rating_count FROM seller
        ), counted AS (
            SELECT kind, subject_id, stars_1 + stars_2 + stars_3 + stars_4 + stars_5 AS number,
                stars_1 + 2 * stars_2 + 3 * stars_3 + 4 * stars_4 + 5 * stars_5 AS stars FROM review_tally
        )
        SELECT id FROM shown LEFT JOIN counted ON counted.kind = shown.kind AND subject_id = id
        WHERE rating_count <> coalesce(number, 0) OR rating_millis IS DISTINCT FROM round(stars * 1000.0 / number)
        """
    )
    assert wrong == []
    assert await connection.fetchval("SELECT count(*) FROM review_tally WHERE kind = 'listing'") > LISTINGS // 10


async def test_every_listing_can_be_bought(connection: asyncpg.Connection) -> None:
    wrong = await connection.fetch(
        """
        SELECT listing.id FROM listing JOIN seller ON seller.id = listing.seller_id
        WHERE listing.currency <> seller.currency OR seller.status <> 'active' OR listing.status <> 'active'
            OR NOT EXISTS (SELECT FROM variant WHERE variant.listing_id = listing.id)
            OR NOT EXISTS (SELECT FROM payment_account account
                           WHERE account.seller_id = seller.id AND charges_enabled AND payouts_enabled)
            OR NOT EXISTS (SELECT FROM shipping_rate rate WHERE rate.seller_id = seller.id
                           AND rate.country = '*' AND rate.currency = seller.currency)
        """
    )
    assert wrong == []


async def test_what_is_fetched_and_whatever_is_second_hand_has_a_place(connection: asyncpg.Connection) -> None:
    wrong = await connection.fetch(
        """
        SELECT listing.id FROM listing LEFT JOIN listing_place place ON place.listing_id = listing.id
        WHERE (place.listing_id IS NULL) <> (listing.condition = 'new' AND NOT listing.pickup_too)
            OR ((listing.fulfilment = 'pickup' OR listing.pickup_too) AND coalesce(place.line1, '') = '')
        """
    )
    assert wrong == []
    assert await connection.fetchval("SELECT count(*) FROM listing WHERE fulfilment = 'pickup'") > 0


async def test_some_things_are_sent_or_fetched_as_the_buyer_likes(connection: asyncpg.Connection) -> None:
    share = await connection.fetchval("SELECT avg(pickup_too::int) FROM listing")
    assert 0.05 < share < 0.4
    shops = await connection.fetch(
        """
        SELECT listing.seller_id FROM listing JOIN listing_place place ON place.listing_id = listing.id
        WHERE listing.pickup_too AND listing.condition = 'new'
        GROUP BY listing.seller_id HAVING count(DISTINCT (place.latitude, place.longitude, place.line1)) > 1
        """
    )
    assert shops == [], "a shop has one counter"


def test_every_shop_is_in_a_town_on_the_map() -> None:
    assert {shop.city for shop in SHOPS} - TOWNS.keys() == set()


async def test_required_attributes_are_there_and_values_are_of_the_schema(connection: asyncpg.Connection) -> None:
    wrong = await connection.fetch(
        """
        SELECT listing.id, entry ->> 'name' FROM listing
        JOIN category ON category.id = listing.category_id, jsonb_array_elements(category.attributes) entry
        WHERE NOT listing.attributes ? (entry ->> 'name')
            OR (entry ->> 'type' = 'choice' AND NOT entry -> 'choices' ? (listing.attributes ->> (entry ->> 'name')))
        """
    )
    assert wrong == []


async def test_products_are_offered_by_several_sellers(connection: asyncpg.Connection) -> None:
    sellers = await connection.fetchval(
        "SELECT max(number) FROM (SELECT count(DISTINCT seller_id) number FROM listing GROUP BY product_id) offers"
    )
    assert sellers == 8


@pytest.mark.parametrize("sentence", sorted(NOTHING_FOUND))
async def test_past_sales_leave_the_books_right(sentence: str, connection: asyncpg.Connection) -> None:
    assert await connection.fetch(f"{NOTHING_FOUND[sentence]} LIMIT 5") == []


async def test_reviews_say_something_and_hardly_one_like_another(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch("SELECT kind, title, body, reply FROM review")
    assert all(row["title"] and row["body"] for row in rows)
    things = [row for row in rows if row["kind"] == "listing"]
    assert len({row["body"] for row in things}) > 0.8 * len(things)
    assert any(row["reply"] for row in rows if row["kind"] == "seller")


async def test_past_sales_are_over_and_paid_out(connection: asyncpg.Connection) -> None:
    orders = await connection.fetchval('SELECT count(*) FROM "order"')
    assert orders > 30
    assert await connection.fetchval("SELECT count(*) FROM review") > 10
    wrong = await connection.fetch(
        """
        SELECT id FROM "order" WHERE status <> 'completed' OR escrow <> 'released' OR completed_at > now()
            OR NOT placed_at < paid_at OR NOT paid_at < shipped_at OR NOT shipped_at < delivered_at
            OR NOT delivered_at <= completed_at OR total_minor <> items_minor + shipping_minor
        """
    )
    assert wrong == []


async def test_timelines_take_legal_steps_without_a_gap(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch("SELECT order_id, status FROM order_event ORDER BY order_id, sequence")
    gaps = """
        SELECT order_id FROM order_event JOIN "order" ON "order".id = order_id GROUP BY order_id
        HAVING max(sequence) <> count(*) OR max(event_sequence) <> count(*)"""
    assert await connection.fetch(gaps) == []
    legal = {(step.source, step.target) for step in ORDER_TRANSITIONS.steps}
    for before, after in pairwise(rows):
        if before["order_id"] == after["order_id"] and before["status"] != after["status"]:
            assert (before["status"], after["status"]) in legal


@pytest.mark.parametrize(
    "rows",
    [
        "SELECT entry.id, created_at AS at FROM entry JOIN ledger_transaction AS header ON header.id = transaction_id",
        "SELECT id, created_at AS at FROM review",
        'SELECT id, placed_at AS at FROM "order"',
    ],
)
async def test_what_is_listed_by_its_id_is_listed_by_its_time(rows: str, connection: asyncpg.Connection) -> None:
    """Statements, reviews and orders say "newest first" and go by ids."""
    late = f"SELECT id FROM ({rows}) AS made WHERE abs(extract(epoch FROM uuid_extract_timestamp(id) - at)) > 0.01"
    assert await connection.fetchval(f"SELECT count(*) FROM ({rows}) AS made") > 0
    assert await connection.fetch(late) == []


async def test_every_review_is_of_its_own_sale_and_counted_once(connection: asyncpg.Connection) -> None:
    wrong = await connection.fetch(
        """
        SELECT review.id FROM review JOIN "order" ON "order".id = review.order_id
        LEFT JOIN review_key ON review_id = review.id AND review_key.kind = review.kind
        WHERE review.buyer_id <> "order".buyer_id OR review.seller_id <> "order".seller_id OR review_key.kind IS NULL
            OR review.created_at <= "order".completed_at OR counted_rating <> rating
        """
    )
    assert wrong == []
    counted = "SELECT sum(stars_1 + stars_2 + stars_3 + stars_4 + stars_5) FROM review_tally"
    assert await connection.fetchval(counted) == await connection.fetchval("SELECT count(*) FROM review")


async def test_the_audit_accepts_the_books(seeded: str, redis_url: str) -> None:
    settings = settings_for(seeded, redis_url)
    async with open_container(settings, handlers_of=handlers_of()) as container:
        while await seal(db=container.ports.db):
            pass
    sound, line = await audit(settings)
    assert sound, line
    assert "sound" in line


async def test_every_listing_shows_pictures_whose_files_are_stored(urls: Urls, tmp_path: Path) -> None:
    storage = open_storage(
        f"file:{tmp_path}",
        endpoint=None,
        api_url="http://a",
        base_url="http://a/m",
        signing_key=b"s" * 32,
        clock=SystemClock(),
    )
    url = await copy_of_template(urls)
    await seed(url, 20, storage=storage)
    assert await store_pictures(storage) == 0, "what is there is not drawn again"
    connection = await asyncpg.connect(url)
    try:
        assets = await connection.fetch("SELECT owner_id, content_key, widths, height FROM media_asset")
    finally:
        await connection.close()
    assert len({asset["owner_id"] for asset in assets}) == 20
    for asset in assets:
        for width in asset["widths"]:
            content = await storage.read(public_key(asset["content_key"], width), bytes_max=100_000)
            image = Image.open(io.BytesIO(content))
            assert (image.format, image.size) == ("WEBP", (width, width))


def test_codes_of_products_are_valid() -> None:
    for number in (0, 7, 123_456, 999_999):
        assert normal_gtin(gtin(number)) == gtin(number)
        assert is_worldwide(gtin(number)), "another shop's listing under it is an offer of the same product"


def test_the_tree_and_the_shops_are_as_large_as_promised() -> None:
    assert len(LEAVES) >= 20
    assert len(SHOPS) == 60
    assert len({shop.slug for shop in SHOPS}) == len({shop.id for shop in SHOPS}) == 60
    for root in ROOTS:
        assert sum(root.slug in shop.roots for shop in SHOPS) >= max(OFFERS) + 1


async def test_the_same_moment_gives_the_same_rows(urls: Urls) -> None:
    digests = []
    for _ in range(2):
        url = await copy_of_template(urls)
        await seed(url, 60, as_of=AS_OF)
        digests.append(await digest_of(url))
    assert digests[0] == digests[1]
    assert digests[0].keys() >= {"listing", "order", "entry", "review", "stock_movement"}


async def digest_of(url: str) -> dict[str, str]:
    """A digest of each table, without what is secret or the server's (hashes of passwords, transaction numbers)."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {}
        for (name,) in tables:
            digest = await connection.fetchval(
                f"""SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
                    SELECT (to_jsonb(row) - 'password_hash' - 'xid')::text AS line FROM "{name}" row) lines"""
            )
            if digest is not None:
                found[name] = digest
        return found
    finally:
        await connection.close()


async def test_every_listing_waits_to_be_indexed(connection: asyncpg.Connection) -> None:
    assert await connection.fetchval("SELECT count(DISTINCT listing_id) FROM listing_change") == LISTINGS


async def test_everyone_signs_in_with_the_demo_password(connection: asyncpg.Connection) -> None:
    emails = [account.email for account in DEMO_ACCOUNTS]
    assert await connection.fetchval('SELECT count(*) FROM "user" WHERE email = ANY($1)', emails) == len(emails)
    hashes = await connection.fetch('SELECT DISTINCT password_hash FROM "user"')
    assert len(hashes) == 1
    hasher = Argon2PasswordHasher()
    try:
        assert await hasher.verify(hashes[0]["password_hash"], DEMO_PASSWORD)
    finally:
        hasher.close()


async def test_seeding_again_finds_its_data_and_adds_only_what_is_missing(urls: Urls) -> None:
    url = await copy_of_template(urls)
    await seed(url, 20)
    before = await counts(url)
    again: SeedReport = await seed(url, 20)
    assert again.listings_added == 0
    assert await counts(url) == before
    more = await seed(url, 50)
    assert more.listings_added == 30
    assert (await counts(url))["listing"] == 50


async def test_spare_payment_accounts_are_replaced_once_a_provider_opens_real_ones(urls: Urls) -> None:
    url = await copy_of_template(urls)
    await seed(url, 0)
    opened: list[str] = []

    async def open_account(country: str, email: str, seller_id: object) -> str:
        opened.append(email)
        return f"acct_{country}_{seller_id}"

    await seed(url, 0, open_account=open_account)
    await seed(url, 0, open_account=open_account)
    assert sorted(opened) == sorted(shop.owner_email for shop in SHOPS)
    connection = await asyncpg.connect(url)
    try:
        refs = await connection.fetch("SELECT account_ref FROM payment_account")
    finally:
        await connection.close()
    assert len(refs) == len(SHOPS)
    assert not any(ref["account_ref"].startswith("acct_demo_") for ref in refs)


async def test_more_listings_than_can_be_made_are_refused() -> None:
    with pytest.raises(ValueError, match="listings"):
        await seed("postgresql://nowhere", LISTINGS_MAX + 1)
