"""Whatever happens to orders, in whatever order, the books balance.

The guarantee: every sequence of recipes keeps the sum of all entries zero per currency, every balance row equal to
its entries, and no escrow below zero.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import partial
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.container import Container
from domain.ledger import recipes
from domain.ledger.errors import BelowFloor
from domain.ledger.posting import Posting, post
from domain.shared.database import Tx
from domain.shared.ids import new_id
from domain.shared.money import MINOR_UNITS_MAX

ON = date(2030, 1, 1)
AMOUNTS = st.integers(min_value=1, max_value=10**6)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("capture"), st.integers(0, 3), AMOUNTS),
        st.tuples(st.just("refund"), st.integers(0, 3), AMOUNTS),
        st.tuples(st.just("release"), st.integers(0, 3), st.integers(0, 10**6)),
        st.tuples(st.just("fee"), st.integers(0, 3), AMOUNTS),
        st.tuples(st.just("reverse"), st.integers(0, 3), st.just(0)),
    ),
    max_size=12,
)


@dataclass
class Books:
    """What should stand in the ledger, counted by hand."""

    currency: str
    orders: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(4)])
    seller_id: UUID = field(default_factory=new_id)
    held: dict[UUID, int] = field(default_factory=dict)
    owed: int = 0
    last: dict[UUID, tuple[Posting, int, int]] = field(default_factory=dict)

    def posting(self, what: str, index: int, amount_minor: int) -> tuple[Posting, int, int] | None:
        """The posting, with its change of what is held for the order and owed to the seller."""
        order_id = self.orders[index]
        held = self.held.get(order_id, 0)
        if what == "capture":
            capture = recipes.capture(
                payment_id=new_id(), order_id=order_id, amount_minor=amount_minor, currency=self.currency, on=ON
            )
            return capture, amount_minor, 0
        if what == "refund":
            refund = recipes.refund(
                refund_id=new_id(), order_id=order_id, amount_minor=amount_minor, currency=self.currency, on=ON
            )
            return refund, -amount_minor, 0
        if what == "fee":
            return (
                recipes.provider_fee(payment_id=new_id(), fee_minor=amount_minor, currency=self.currency, on=ON),
                0,
                0,
            )
        if what == "release" and held > 0:
            commission = min(amount_minor, held)
            release = recipes.release(
                order_id=order_id,
                seller_id=self.seller_id,
                held_minor=held,
                total_minor=held,
                commission_minor=commission,
                currency=self.currency,
                on=ON,
            )
            return release, -held, held - commission
        if what == "reverse" and order_id in self.last:
            posting, change, owed = self.last.pop(order_id)
            back = recipes.reversal(
                transaction_id=posting.id,
                order_id=order_id,
                entries=posting.entries,
                currency=self.currency,
                cause="test",
                on=ON,
            )
            return back, -change, -owed
        return None


@settings(max_examples=25)
@given(steps=STEPS, currency=st.sampled_from(["EUR", "USD", "JPY"]))
async def test_every_sequence_of_recipes_keeps_the_books_balanced(
    container: Container, steps: list[tuple[str, int, int]], currency: str
) -> None:
    books = Books(currency)
    for what, index, amount_minor in steps:
        planned = books.posting(what, index, amount_minor)
        if planned is None:
            continue
        posting, change, owed = planned
        order_id = books.orders[index]
        after = books.held.get(order_id, 0) + change
        # A release happens once per order; the second has the first one's id and is none.
        try:
            fresh = await container.ports.db.run(partial(_post, posting))
        except BelowFloor:
            assert after < 0
            continue
        if fresh:
            assert after >= 0
            if what != "fee":
                books.held[order_id] = after
            books.owed += owed
            if what in ("capture", "refund"):
                books.last[order_id] = (posting, change, owed)
    await container.ports.db.run(lambda tx: the_books_agree(tx, books))


async def _post(posting: Posting, tx: Tx) -> bool:
    return await post(tx, posting)


async def the_books_agree(tx: Tx, books: Books) -> None:
    unbalanced = await tx.execute(
        text("SELECT transaction_id FROM entry GROUP BY transaction_id, currency HAVING sum(amount_minor) <> 0")
    )
    assert unbalanced.all() == []
    drifted = await tx.execute(
        text(
            "SELECT b.id FROM balance b JOIN account a ON a.id = b.account_id LEFT JOIN entry e"
            " ON e.account_id = a.id AND (a.kind <> 'escrow' OR e.order_id = b.order_id)"
            " GROUP BY b.id, b.amount_minor HAVING b.amount_minor <> -coalesce(sum(e.amount_minor), 0)"
        )
    )
    assert drifted.all() == []
    rows = await tx.execute(
        text("SELECT order_id, amount_minor FROM balance WHERE order_id = ANY(:ids)"), {"ids": books.orders}
    )
    assert {row.order_id: row.amount_minor for row in rows} == books.held
    owed = await tx.execute(
        text(
            "SELECT coalesce(sum(b.amount_minor), 0) FROM balance b JOIN account a ON a.id = b.account_id"
            " WHERE a.owner_id = :seller"
        ),
        {"seller": books.seller_id},
    )
    assert owed.scalar_one() == books.owed


@given(
    held=st.integers(1, MINOR_UNITS_MAX),
    share=st.integers(0, 1_000_000),
    refunded=st.integers(0, MINOR_UNITS_MAX),
)
def test_a_release_gives_every_unit_to_someone(held: int, share: int, refunded: int) -> None:
    total = min(MINOR_UNITS_MAX, held + refunded)
    posting = recipes.release(
        order_id=new_id(),
        seller_id=new_id(),
        held_minor=held,
        total_minor=total,
        commission_minor=total * share // 1_000_000,
        currency="EUR",
        on=ON,
    )
    amounts = [entry.amount_minor for entry in posting.entries]
    assert sum(amounts) == 0
    assert amounts[0] == held
    assert all(amount <= 0 for amount in amounts[1:])
