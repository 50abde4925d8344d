"""Rows of one batch, table by table.

Invariant: tables are written in the order in which their foreign keys point, whatever order rows were added in.
"""

from collections import defaultdict
from typing import Final

import asyncpg

from app.demo.copying import Row, copy_missing, copy_rows
from domain.catalog.model import Listing, ListingChange, ListingPlace, Product, Variant
from domain.checkout.model import Checkout, CheckoutEvent
from domain.inventory.model import Reservation, StockItem, StockMovement, VariantStock
from domain.ledger.model import Balance, Entry, LedgerTransaction
from domain.media.model import MediaAsset
from domain.orders.model import (
    Order,
    OrderAddress,
    OrderEvent,
    OrderLine,
    OrderLineTax,
    OrderNumber,
    Shipment,
    ShipmentLine,
    TrackingEvent,
)
from domain.payments.model import Payment, PaymentAllocation
from domain.reviews.model import Review, ReviewKey, ReviewTally
from domain.shared.table_row import TableRow

ORDER: Final[tuple[type[TableRow], ...]] = (
    Listing, ListingPlace, MediaAsset, Variant, StockItem, VariantStock, Checkout, CheckoutEvent, Reservation,
    StockMovement, Order, OrderNumber, OrderAddress, OrderLine, OrderLineTax, Shipment, ShipmentLine, TrackingEvent,
    OrderEvent, Payment, PaymentAllocation, LedgerTransaction, Entry, Balance, Review, ReviewKey, ReviewTally,
    ListingChange,
)  # fmt: skip


class Rows:
    """What is to be written in one transaction."""

    def __init__(self) -> None:
        self._by_model: dict[type[TableRow], list[Row]] = defaultdict(list)

    def add(self, model: type[TableRow], *rows: Row) -> None:
        self._by_model[model].extend(rows)

    def of(self, model: type[TableRow]) -> list[Row]:
        return self._by_model[model]

    async def write(self, connection: asyncpg.Connection) -> None:
        """Inside the caller's transaction. Products may be there already, with an offer of theirs."""
        unknown = self._by_model.keys() - {Product, *ORDER}
        assert not unknown, f"no place in the order for {unknown}"
        await copy_missing(connection, Product, self.of(Product))
        for model in ORDER:
            await copy_rows(connection, model, self.of(model))
