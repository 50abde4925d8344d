"""Shipping and tax rates when their source is slow or away: the last known ones, marked estimated, and in time."""

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg
import pytest
from sqlalchemy import text

from app.container import Container
from domain.pricing.quote import QuoteRequest, WantedLine
from domain.shared.database import Tx
from domain.shared.ids import new_id
from domain.shared.measures import NoMeasures
from infra.postgres.last_known import ENTRIES_MAX, LastKnown
from infra.postgres.reads import PoolReads
from infra.postgres.shipping_rates import TableShippingRates
from infra.postgres.tax_rules import RULES_MAX, TableTaxRules
from tests.makers import a_shipping_rate, a_shop, on_sale
from tests.quotes import make_quote


class FakeSource:
    """Counts what it is asked for; can be away, or never answer."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.fault: Exception | None = None
        self.silent = False

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.asked.append(list(keys))
        if self.silent:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        return {key: len(self.asked) for key in keys}


class CountingMeasures(NoMeasures):
    def __init__(self) -> None:
        self.fallbacks: list[str] = []

    def fallback(self, part: str) -> None:
        self.fallbacks.append(part)


async def test_a_fresh_value_is_not_read_again() -> None:
    source = FakeSource()
    known = LastKnown("rates", source.fetch, NoMeasures(), fresh_seconds=60)
    assert (await known.get(["a"])).values == {"a": 1}
    assert (await known.get(["a", "b"])).values == {"a": 1, "b": 2}
    assert source.asked == [["a"], ["b"]]


@pytest.mark.parametrize("fault", [OSError(), asyncpg.InterfaceError("closed"), asyncpg.PostgresError("no")])
async def test_what_was_known_answers_when_the_source_is_away_and_says_so(fault: Exception) -> None:
    source, measures = FakeSource(), CountingMeasures()
    known = LastKnown("rates", source.fetch, measures, fresh_seconds=0)
    await known.get(["a"])
    source.fault = fault
    found = await known.get(["a", "b"])
    assert (found.values, found.current) == ({"a": 1}, False)
    assert measures.fallbacks == ["rates"]
    source.fault = None
    assert (await known.get(["a", "b"])).values == {"a": 3, "b": 3}


async def test_a_silent_source_is_given_up_on() -> None:
    source = FakeSource()
    source.silent = True
    found = await LastKnown("rates", source.fetch, NoMeasures(), fresh_seconds=0).get(["a"])
    assert (found.values, found.current) == ({}, False)


async def test_the_memory_is_bounded() -> None:
    source = FakeSource()
    known = LastKnown("rates", source.fetch, NoMeasures(), fresh_seconds=60)
    await known.get(["oldest"])
    await known.get([str(number) for number in range(ENTRIES_MAX)])
    await known.get(["oldest"])
    assert source.asked[-1] == ["oldest"]


async def test_a_quote_without_its_rates_is_estimated_and_claims_nothing(container: Container) -> None:
    lamp = await on_sale(container)
    pool = await asyncpg.create_pool(container.settings.database_url, min_size=0)
    await pool.close()
    closed = PoolReads(pool)
    quoted = await make_quote(
        container.reads,
        QuoteRequest((WantedLine(lamp.variant_id, 1),), "DE"),
        shipping=TableShippingRates(closed, NoMeasures(), fresh_seconds=0),
        tax=TableTaxRules(closed, NoMeasures(), fresh_seconds=0),
        policy=container.ports.policy,
    )
    assert quoted.problems == ()
    assert quoted.quote is not None
    assert (quoted.quote.estimated, quoted.quote.total_minor) == (True, 1_000)


async def test_a_seller_without_rates_is_known_to_have_none(container: Container) -> None:
    shop, other = await a_shop(container, delivery_minor=None), new_id()
    rate_id = await a_shipping_rate(container, shop)
    found = await container.ports.shipping_rates.of_sellers([shop, other])
    assert [rate.id for rate in found.by_seller[shop]] == [rate_id]
    assert found.by_seller[other] == []
    assert not found.estimated


async def test_who_asks_in_the_same_moment_shares_a_look_up() -> None:
    asked: list[list[str]] = []

    async def fetch(keys: Sequence[str]) -> Mapping[str, str]:
        asked.append(sorted(keys))
        await asyncio.sleep(0)
        return {key: key.upper() for key in keys}

    known = LastKnown("rates", fetch, NoMeasures(), fresh_seconds=60)
    waiting = [asyncio.create_task(known.get(keys)) for keys in (["a", "b"], ["b", "c"], ["d"])]
    await asyncio.sleep(0)
    waiting[0].cancel()
    found = await asyncio.gather(*waiting[1:])
    assert [each.values for each in found] == [{"b": "B", "c": "C"}, {"d": "D"}]
    assert (await known.get(["a"])).values == {"a": "A"}
    assert asked == [["a", "b", "c", "d"]]


async def test_of_many_countries_no_rule_is_cut_off_for_anothers(fresh_container: Container) -> None:
    """Callers of one moment share a look-up; what is missing from it would be taxed by a wrong rate."""
    each = RULES_MAX - 1

    async def rule(tx: Tx) -> None:
        # Rules alone are read: their categories need not be there.
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        made = text(
            "INSERT INTO tax_rule (id, country, category_id, jurisdiction, rate_ppm, included)"
            " SELECT uuidv7(), country, uuidv7(), 'a state', 1, true"
            " FROM unnest(ARRAY['XA', 'XB']) country, generate_series(1, CAST(:each AS int))"
        )
        await tx.execute(made, {"each": each})

    await fresh_container.ports.db.run(rule)
    rules = TableTaxRules(fresh_container.reads, NoMeasures(), fresh_seconds=0)
    found = await asyncio.gather(rules.of_country("XA"), rules.of_country("XB"))
    assert [len(taxes.rates) for taxes in found] == [each, each]
