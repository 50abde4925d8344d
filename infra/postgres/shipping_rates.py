"""`domain.pricing.ports.ShippingRates` from the table that sellers fill."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.pricing.ports import Rate, RatesFound
from domain.sellers.model import SHIPPING_RATES_MAX, ShippingRate
from domain.shared.database import Query, Reads, table
from domain.shared.measures import Measures
from infra.postgres.last_known import LastKnown

_PART: Final = "shipping_rates"
_rates = table(ShippingRate)
_RATES = Query(
    select(
        _rates.c.id,
        _rates.c.seller_id,
        _rates.c.name,
        _rates.c.country,
        _rates.c.currency,
        _rates.c.base_minor,
        _rates.c.per_item_minor,
        _rates.c.free_over_minor,
        _rates.c.days_min,
        _rates.c.days_max,
    )
    .where(_rates.c.seller_id == func.any(bindparam("seller_ids")), _rates.c.deleted_at.is_(None))
    .order_by(_rates.c.id),
    Rate,
)


class TableShippingRates:
    """Remembers a seller's rates for `fresh_seconds`, and the last known ones for when the table is away."""

    def __init__(self, reads: Reads, measures: Measures, *, fresh_seconds: float) -> None:
        self._reads = reads
        self._known = LastKnown(_PART, self._fetch, measures, fresh_seconds=fresh_seconds)

    async def of_sellers(self, seller_ids: Sequence[UUID]) -> RatesFound:
        """See ShippingRates."""
        found = await self._known.get(seller_ids)
        return RatesFound(found.values, estimated=not found.current)

    async def _fetch(self, seller_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Rate]]:
        by_seller: dict[UUID, list[Rate]] = {seller_id: [] for seller_id in seller_ids}
        for rate in await self._reads.all(_RATES, seller_ids=list(seller_ids)):
            if len(by_seller[rate.seller_id]) < SHIPPING_RATES_MAX:
                by_seller[rate.seller_id].append(rate)
        return by_seller
