"""What orders are made of, read for many at once: however many there are, none misses a part of its own."""

from uuid import UUID

from sqlalchemy import text

from app.container import Container
from domain.orders.contents import lines_by_orders
from domain.shared.database import Tx
from domain.shared.paging import PAGE_MAX
from tests.sales import a_sale

LINES = 101
"""Of the fullest cart, and the sending."""
_COPIES = """
INSERT INTO order_line
SELECT copy.* FROM order_line line, unnest(CAST(:orders AS uuid[])) an_order,
    generate_series(1, CAST(:lines AS int)) place,
    jsonb_populate_record(
        line, jsonb_build_object('id', gen_random_uuid(), 'order_id', an_order, 'position', place)
    ) copy
WHERE line.id = :id
"""


async def test_of_a_page_of_the_fullest_orders_no_line_is_left_out(fresh_container: Container) -> None:
    container = fresh_container
    sale = await a_sale(container)
    line = (await lines_by_orders(container.ports.db.primary, [sale.order_id]))[sale.order_id][0]

    async def fill(tx: Tx) -> list[UUID]:
        # Lines alone are read: their orders need not be there.
        await tx.execute(text("SET LOCAL session_replication_role = replica"))
        ids = list((await tx.execute(text(f"SELECT uuidv7() FROM generate_series(1, {PAGE_MAX})"))).scalars())
        await tx.execute(text(_COPIES), {"orders": ids, "lines": LINES, "id": line.id})
        return ids

    ids = await container.ports.db.run(fill)
    found = await lines_by_orders(container.ports.db.primary, ids)
    assert {len(found.get(id_, ())) for id_ in ids} == {LINES}
