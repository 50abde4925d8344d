"""Postings as tests need them, and the way to book them."""

import asyncio
from uuid import UUID

from app.container import Container
from domain.ledger import recipes
from domain.ledger.posting import Posting, post
from domain.ledger.sealing import seal
from domain.shared.database import Tx
from domain.shared.ids import new_id

CURRENCY = "EUR"


def a_capture(container: Container, order_id: UUID, amount_minor: int = 1_000) -> Posting:
    return recipes.capture(
        payment_id=new_id(),
        order_id=order_id,
        amount_minor=amount_minor,
        currency=CURRENCY,
        on=container.ports.clock.now().date(),
    )


def a_refund(container: Container, order_id: UUID, amount_minor: int) -> Posting:
    return recipes.refund(
        refund_id=new_id(),
        order_id=order_id,
        amount_minor=amount_minor,
        currency=CURRENCY,
        on=container.ports.clock.now().date(),
    )


def a_release(container: Container, order_id: UUID, seller_id: UUID, held_minor: int, commission_minor: int) -> Posting:
    return recipes.release(
        order_id=order_id,
        seller_id=seller_id,
        held_minor=held_minor,
        total_minor=1_000,
        commission_minor=commission_minor,
        currency=CURRENCY,
        on=container.ports.clock.now().date(),
    )


async def book(container: Container, *postings: Posting) -> list[bool]:
    async def step(tx: Tx) -> list[bool]:
        return [await post(tx, posting) for posting in postings]

    return await container.ports.db.run(step)


async def seal_all(container: Container, transactions: int) -> int:
    """Links made. Other databases' transactions hold the horizon back for a moment, so this polls."""
    links, sealed = 0, 0
    async with asyncio.timeout(30):
        while sealed < transactions:
            link = await seal(db=container.ports.db, batch_max=2)
            if link is None:
                await asyncio.sleep(0.02)
            else:
                links, sealed = links + 1, sealed + link.transactions
    return links
