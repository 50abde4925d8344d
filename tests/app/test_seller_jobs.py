"""What a change of a seller sets in motion: search looks again at everything that the shop has on sale."""

from sqlalchemy import select

from app.container import Container
from app.jobs import HANDLERS, handlers_of
from domain.catalog.model import ListingChange
from domain.sellers.decisions import DecideSeller, decide_seller
from domain.sellers.events import SellerChanged
from domain.shared.database import Tx, table
from tests.makers import an_admin, on_sale


async def test_search_looks_again_at_the_listings_of_a_suspended_seller(container: Container) -> None:
    lamp = await on_sale(container)
    other = await on_sale(container)
    command = DecideSeller(seller_id=lamp.seller_id, reason="Fakes.")
    await decide_seller("SUSPEND", command, actor=await an_admin(container), db=container.ports.db)
    assert "note_seller" in handlers_of()[SellerChanged.kind]
    (handler,) = [handler for handler in HANDLERS if handler.name == "note_seller"]
    event = SellerChanged(at=container.ports.clock.now(), seller_id=lamp.seller_id)
    await handler.handle(SellerChanged.parse(event.payload()), container)

    async def noted(tx: Tx) -> set[object]:
        changes = table(ListingChange)
        wanted = [lamp.listing_id, other.listing_id]
        found = await tx.execute(select(changes.c.listing_id).where(changes.c.listing_id.in_(wanted)))
        return set(found.scalars())

    assert await container.ports.db.run(noted) == {lamp.listing_id}
