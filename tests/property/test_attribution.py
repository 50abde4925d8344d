"""Whatever is given back, charged back, released, given to orders and sent back, in whatever order: the books say it.

The guarantee: every unit that left the provider's account is an order's refund or the platform's loss and never both;
escrow is not below zero, and of a completed order it holds nothing but what is kept for its buyer; a seller has what is
left of their order, less the commission on exactly that; and what the books hold with the provider is what it has.
"""

from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.container import Container
from domain.checkout.errors import AttributionTooLarge
from domain.ledger.recipes import release
from domain.payments.errors import ProviderRefused
from domain.payments.model import Refund, RefundStatus
from domain.risk.cases import CaseView
from domain.risk.model import CaseStatus, LossKind
from domain.shared.ids import new_id
from tests.domain.checkout.losses import TOTAL_MINOR, LossySale, a_lossy_sale
from tests.domain.checkout.scenes import rows
from tests.domain.orders.lifecycle import rows_of
from tests.fakes.chargebacks import FEE_MINOR
from tests.sales import the_order

AMOUNTS = st.integers(min_value=1, max_value=TOTAL_MINOR + 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("give_back"), AMOUNTS, st.just(0)),
        st.tuples(st.just("attribute"), AMOUNTS, st.integers(min_value=0, max_value=TOTAL_MINOR)),
        st.tuples(st.just("send_back"), st.just(0), st.just(0)),
        st.tuples(st.just("charge_back"), st.just(0), st.just(0)),
        st.tuples(st.just("win"), st.just(0), st.just(0)),
        st.tuples(st.just("release"), st.integers(0, 1), st.just(0)),
    ),
    max_size=9,
)


@dataclass
class Story:
    """What was done, counted by hand."""

    lossy: LossySale
    given_back: dict[str, int] = field(default_factory=dict)
    recovered: dict[str, int] = field(default_factory=dict)
    """Of refunds that came after the release: how much their sellers bore in the end."""
    chargeback: str | None = None
    taken_minor: int = 0
    released: set[int] = field(default_factory=set)

    async def perform(self, what: str, first: int, second: int) -> None:
        if what == "give_back":
            await self._give_back(first)
        elif what == "attribute":
            await self._attribute(first, second)
        elif what == "send_back" and self.given_back:
            refund_ref = min(self.given_back)
            del self.given_back[refund_ref]
            self.recovered.pop(refund_ref, None)
            await self.lossy.send_back(refund_ref)
        elif what == "charge_back" and self.chargeback is None:
            self.taken_minor = self.lossy.payment.captured_minor
            self.chargeback = await self.lossy.lose_a_chargeback()
        elif what == "win" and self.taken_minor and self.chargeback is not None:
            self.lossy.gateway.bank.win(self.chargeback)
            self.taken_minor = 0
            await self.lossy.hear_of_chargebacks()
        elif what == "release":
            await self._release(first)

    async def _give_back(self, amount_minor: int) -> None:
        if self.chargeback is not None:
            return  # the provider refuses to refund what a bank has taken
        try:
            self.given_back[await self.lossy.give_back(amount_minor)] = amount_minor
        except ProviderRefused:
            assert amount_minor > 2 * TOTAL_MINOR - sum(self.given_back.values())

    async def _attribute(self, first: int, second: int) -> None:
        cases = [case for case in await self.lossy.cases() if case.status is CaseStatus.OPEN]
        for case in cases[:1]:
            assert case.loss is not None
            refused = await self._refusal(case, first, second)
            if refused is not None:
                wanted = dict(zip((*self.lossy.sale.order_ids, None), (first, second, first + second), strict=True))
                assert wanted[refused.order_id] > refused.possible.amount_minor
            elif case.loss.kind is LossKind.RELEASED_REFUND:
                self.recovered[case.loss.provider_ref] = first + second

    async def _refusal(self, case: CaseView, first: int, second: int) -> AttributionTooLarge | None:
        try:
            await self.lossy.attribute(first, second or None, case=case)
        except AttributionTooLarge as refused:
            return refused
        return None

    async def _release(self, at: int) -> None:
        held = await rows_of(
            self.lossy.container,
            "SELECT 1 FROM order_hold WHERE order_id = :id AND closed_at IS NULL",
            id=self.lossy.sale.order_ids[at],
        )
        if at not in self.released and not held:
            self.released.add(at)
            await self.lossy.release(at)

    async def assert_the_books_say_it(self) -> None:
        lossy, booked = self.lossy, await self.lossy.booked()
        gone_minor = sum(self.given_back.values()) + self.taken_minor
        refunds = await rows(lossy.container, Refund, payment_id=lossy.sale.payment_id)
        there = [refund for refund in refunds if refund.status is RefundStatus.SUCCEEDED]
        refunded, shares = await lossy.refunded()
        assert shares == [
            sum(refund.amount_minor for refund in there if refund.order_id == order_id)
            for order_id in lossy.sale.order_ids
        ]
        by_bank = sum(refund.amount_minor for refund in there if refund.provider_ref == self.chargeback)
        assert refunded == sum(self.given_back.values()) + by_bank
        borne = sum(
            case.loss.amount_minor - self.recovered.get(case.loss.provider_ref, 0)
            for case in await lossy.cases()
            if case.loss is not None
            and case.loss.kind is LossKind.RELEASED_REFUND
            and case.loss.provider_ref in self.given_back
        )
        assert booked.get("platform:loss", 0) == gone_minor - sum(shares) + borne >= 0
        fees_minor = FEE_MINOR if self.taken_minor else 0
        assert booked["provider:clearing"] == 2 * TOTAL_MINOR - gone_minor - fees_minor
        assert sum(booked.values()) == 0
        await self._assert_orders(borne)
        await self._assert_nothing_is_left_behind()

    async def _assert_orders(self, borne_minor: int) -> None:
        held, released = await self.lossy.held(), await self.lossy.released()
        _, shares = await self.lossy.refunded()
        assert min(held) >= 0
        left = sum(held) + sum(each.released_minor for each in released)
        assert left == 2 * TOTAL_MINOR - sum(shares) + borne_minor
        for order_id, each in zip(self.lossy.sale.order_ids, released, strict=True):
            order = await the_order(self.lossy.container, order_id)
            if each.released_minor:
                anew = release(
                    order_id=new_id(),
                    seller_id=order.seller_id,
                    held_minor=each.released_minor,
                    total_minor=order.total_minor,
                    commission_minor=order.commission_minor,
                    currency=order.currency,
                    on=order.placed_at.date(),
                )
                assert -anew.entries[-1].amount_minor == each.commission_minor
            else:
                assert each.commission_minor == 0

    async def _assert_nothing_is_left_behind(self) -> None:
        """A refund that failed is kept for its buyer until somebody asks for it again; a bank may have taken of it."""
        held = await self.lossy.held()
        for at in self.released:
            [kept] = await rows_of(
                self.lossy.container,
                "SELECT coalesce(sum(entry.amount_minor), 0)::bigint AS minor FROM refund JOIN order_hold hold"
                " ON hold.cause_id = refund.id AND hold.closed_at IS NULL JOIN entry ON transaction_id = refund.id"
                " JOIN account ON account.id = account_id AND account.kind = 'escrow' WHERE refund.order_id = :id",
                id=self.lossy.sale.order_ids[at],
            )
            assert held[at] <= kept.minor if self.taken_minor else held[at] == kept.minor


@settings(max_examples=12)
@given(steps=STEPS)
@example(
    steps=[("charge_back", 0, 0), ("attribute", 1_000, 2_500), ("release", 0, 0), ("release", 1, 0), ("win", 0, 0)]
)
@example(steps=[("charge_back", 0, 0), ("attribute", 5, 0), ("release", 0, 0), ("win", 0, 0)])
@example(steps=[("release", 0, 0), ("charge_back", 0, 0), ("attribute", 700, 300), ("win", 0, 0), ("release", 1, 0)])
@example(
    steps=[
        ("give_back", 700, 0),
        ("attribute", 700, 0),
        ("release", 0, 0),
        ("send_back", 0, 0),
        ("charge_back", 0, 0),
        ("attribute", 900, 0),
        ("win", 0, 0),
    ]
)
async def test_every_story_of_losses_keeps_the_books_right(
    container: Container, steps: list[tuple[str, int, int]]
) -> None:
    story = Story(await a_lossy_sale(container))
    for what, first, second in steps:
        await story.perform(what, first, second)
        await story.assert_the_books_say_it()
    drifted = await rows_of(
        container,
        "SELECT b.id FROM balance b JOIN account a ON a.id = b.account_id LEFT JOIN entry e"
        " ON e.account_id = a.id AND (a.kind <> 'escrow' OR e.order_id = b.order_id)"
        " GROUP BY b.id, b.amount_minor HAVING b.amount_minor <> -coalesce(sum(e.amount_minor), 0)",
    )
    assert drifted == []
