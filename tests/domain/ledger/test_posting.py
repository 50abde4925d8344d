"""Booking: once, balanced, and never more out of escrow than it holds."""

import asyncio
from datetime import date
from uuid import UUID

import pytest

from app.container import Container
from domain.ledger import recipes
from domain.ledger.errors import BelowFloor
from domain.ledger.model import AccountKind, TransactionKind
from domain.ledger.posting import EntryDraft, Posting, post_all
from domain.ledger.reads import STATEMENT, count_statement, escrow_by_orders, payable_of, posted, statement_of
from domain.shared.ids import new_id
from domain.shared.money import Money
from tests.domain.ledger.booking import CURRENCY, a_capture, a_refund, a_release, book


async def held(container: Container, order_id: UUID) -> int:
    return (await escrow_by_orders(container.ports.db.primary, [order_id]))[order_id]


async def test_a_posting_is_booked_once_however_often_it_comes(container: Container) -> None:
    order_id = new_id()
    capture = a_capture(container, order_id)
    assert await book(container, capture, capture) == [True, False]
    assert await book(container, capture) == [False]
    assert await held(container, order_id) == 1_000


async def test_ten_transactions_with_one_posting_book_it_once(container: Container) -> None:
    order_id = new_id()
    capture = a_capture(container, order_id)
    booked = await asyncio.gather(*(book(container, capture) for _ in range(10)))
    assert sum(map(sum, booked)) == 1
    assert await held(container, order_id) == 1_000


async def test_accounts_first_used_by_many_at_once_are_made_once(container: Container) -> None:
    """All race to make the payable of one new seller; every one of them must end up in the same account."""
    seller_id = new_id()
    orders = [new_id() for _ in range(8)]

    async def sell(order_id: UUID) -> None:
        await book(container, a_capture(container, order_id))
        await book(container, a_release(container, order_id, seller_id, 1_000, 150))

    await asyncio.gather(*(sell(order_id) for order_id in orders))
    assert await payable_of(container.ports.db.primary, seller_id) == [Money(8 * 850, CURRENCY)]


async def test_escrow_never_gives_more_than_it_holds(container: Container) -> None:
    order_id = new_id()
    await book(container, a_capture(container, order_id))
    with pytest.raises(BelowFloor) as refused:
        await book(container, a_refund(container, order_id, 1_001))
    assert (refused.value.order_id, refused.value.held_minor, refused.value.wanted_minor) == (order_id, 1_000, 1_001)
    assert await held(container, order_id) == 1_000


async def test_refunds_racing_for_one_escrow_take_it_once(container: Container) -> None:
    order_id = new_id()
    await book(container, a_capture(container, order_id))
    outcomes = await asyncio.gather(
        *(book(container, a_refund(container, order_id, 700)) for _ in range(6)), return_exceptions=True
    )
    assert sum(1 for outcome in outcomes if outcome == [True]) == 1
    assert all(isinstance(outcome, BelowFloor) for outcome in outcomes if outcome != [True])
    assert await held(container, order_id) == 300


async def test_the_escrow_of_one_order_is_not_anothers(container: Container) -> None:
    poor, rich = new_id(), new_id()
    await book(container, a_capture(container, poor, 10), a_capture(container, rich, 10_000))
    with pytest.raises(BelowFloor):
        await book(container, a_refund(container, poor, 11))


async def test_a_seller_may_owe(container: Container) -> None:
    order_id, seller_id = new_id(), new_id()
    await book(container, a_capture(container, order_id))
    await book(container, a_release(container, order_id, seller_id, 1_000, 150))
    debt = Posting(
        id=new_id(),
        kind=TransactionKind.REFUND,
        cause="test",
        currency=CURRENCY,
        order_id=order_id,
        entries=(
            EntryDraft(AccountKind.SELLER_PAYABLE, 1_000, owner_id=seller_id),
            EntryDraft(AccountKind.PROVIDER_CLEARING, -1_000),
        ),
        effective_on=container.ports.clock.now().date(),
    )
    await book(container, debt)
    assert await payable_of(container.ports.db.primary, seller_id) == [Money(-150, CURRENCY)]


async def test_many_postings_of_one_transaction_lock_their_balances_in_order(container: Container) -> None:
    seller_id, orders = new_id(), [new_id() for _ in range(5)]
    captures = [a_capture(container, order_id) for order_id in orders]
    releases = [a_release(container, order_id, seller_id, 1_000, 150) for order_id in orders]

    assert len(await container.ports.db.run(lambda tx: post_all(tx, captures))) == 5
    assert len(await container.ports.db.run(lambda tx: post_all(tx, [*releases, *captures]))) == 5
    assert await payable_of(container.ports.db.primary, seller_id) == [Money(5 * 850, CURRENCY)]


async def test_a_reversal_takes_everything_back_once(container: Container) -> None:
    order_id, seller_id = new_id(), new_id()
    await book(container, a_capture(container, order_id))
    release = a_release(container, order_id, seller_id, 1_000, 150)
    await book(container, release)
    stands = await posted(container.ports.db.primary, release.id)
    assert stands is not None
    back = recipes.reversal(
        transaction_id=stands.id,
        order_id=stands.order_id,
        entries=stands.entries,
        currency=stands.currency,
        cause="booked by mistake",
        on=container.ports.clock.now().date(),
    )
    assert await book(container, back, back) == [True, False]
    assert await held(container, order_id) == 1_000
    assert await payable_of(container.ports.db.primary, seller_id) == [Money(0, CURRENCY)]


async def test_an_unknown_transaction_is_not_posted(container: Container) -> None:
    assert await posted(container.ports.db.primary, new_id()) is None


def test_a_posting_that_does_not_balance_or_books_nothing_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="sum to zero"):
        recipe_of(EntryDraft(AccountKind.ESCROW, 5))
    with pytest.raises(ValueError, match="books nothing"):
        recipe_of(EntryDraft(AccountKind.ESCROW, 0))


def recipe_of(*entries: EntryDraft) -> Posting:
    return Posting(
        id=new_id(),
        kind=TransactionKind.CAPTURE,
        cause="test",
        currency=CURRENCY,
        order_id=None,
        entries=entries,
        effective_on=date(2030, 1, 1),
    )


async def test_a_statement_pages_through_what_changed_a_balance(container: Container) -> None:
    seller_id, reads = new_id(), container.ports.db.primary
    for _ in range(5):
        order_id = new_id()
        await book(container, a_capture(container, order_id))
        await book(container, a_release(container, order_id, seller_id, 1_000, 150))
    first = await statement_of(reads, seller_id, STATEMENT.request(first=3))
    rest = await statement_of(reads, seller_id, STATEMENT.request(first=3, after=first.cursors[-1]))
    back = await statement_of(reads, seller_id, STATEMENT.request(last=2, before=first.cursors[-1]))
    assert [line.amount_minor for line in (*first.items, *rest.items)] == [850] * 5
    assert (first.has_next, rest.has_next) == (True, False)
    assert back.items == first.items[:2]
    assert await count_statement(reads, seller_id) == 5
