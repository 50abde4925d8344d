"""Every search index there is, each empty at the start of a test; and documents to put into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.catalog.model import Condition
from domain.inventory.model import StockStatus
from domain.search.ports import SearchDocument, SearchIndex
from domain.search.ranking import Facts, quality_of, signals_of
from domain.shared.ids import new_id
from infra.postgres.pools import open_pool
from infra.postgres.search_index import SERVER_SETTINGS, PostgresSearchIndex
from tests.servers import Urls, copy_of_template

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = UUID(int=1)


@dataclass(frozen=True)
class World:
    """An index, and a way to fill it that returns when everything can be found."""

    index: SearchIndex

    async def add(self, *documents: SearchDocument) -> list[UUID]:
        await self.index.write(documents)
        await self.index.tidy()
        return [document.listing_id for document in documents]


@asynccontextmanager
async def postgres_world(urls: Urls) -> AsyncIterator[World]:
    pool = await open_pool(await copy_of_template(urls), 4, SERVER_SETTINGS)
    try:
        yield World(PostgresSearchIndex(pool, pool, remembered_seconds=0))
    finally:
        await pool.close()


WORLDS = {"postgres": postgres_world}


def a_document(title: str = "Brass desk lamp", **more: Any) -> SearchDocument:
    """A new lamp, in stock, unless told otherwise. `age_days` and `sold` shape its signals."""
    age_days, sold = more.pop("age_days", 0), more.pop("sold", 0)
    values: dict[str, Any] = {
        "listing_id": new_id(),
        "seller_id": SHOP,
        "title": title,
        "brand": "",
        "description": "",
        "category_paths": ("home", "home/lamps"),
        "category_names": ("Home", "Lamps"),
        "condition": Condition.NEW,
        "currency": "EUR",
        "price_min_minor": 1_000,
        "stock_status": StockStatus.IN_STOCK,
        "rating_millis": None,
        "rating_count": 0,
        "published_at": NOON - timedelta(days=age_days),
        "attributes": (),
        "popularity": sold,
        "as_of": NOON,
    } | more
    values.setdefault("price_max_minor", values["price_min_minor"])
    values.setdefault("facets", values["attributes"])
    signals = signals_of(
        Facts(
            sold=sold,
            rating_millis=values["rating_millis"],
            rating_count=values["rating_count"],
            seller_rating_millis=None,
            seller_rating_count=0,
            published_at=values["published_at"],
            price_minor=values["price_min_minor"],
            best_price_minor=None,
            in_stock=values["stock_status"] is not StockStatus.OUT_OF_STOCK,
            restricted_seller=False,
        ),
        NOON,
    )
    return SearchDocument(**values, signals=signals, quality=quality_of(signals))
