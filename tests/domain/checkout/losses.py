"""A sale of two orders whose money somebody gives back, or a bank takes, behind the marketplace's back."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from app.container import Container
from domain.checkout.attribution import AttributedPart, AttributeLoss, attribute_loss
from domain.checkout.chargebacks import on_chargeback
from domain.checkout.refunds_by_hand import on_refund_message
from domain.ledger.reads import ReleasedView, escrow_by_orders, released_by_orders
from domain.orders.refunds import note_refund
from domain.payments.model import Payment, PaymentAllocation, Refund
from domain.payments.ports import ProviderPayment
from domain.risk.cases import CaseView, case_by_id
from domain.risk.model import ModerationCase
from domain.shared.actor import Actor
from tests.domain.checkout.scenes import ports_of, row, rows
from tests.domain.orders.lifecycle import confirm, rows_of, ship
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.makers import an_admin
from tests.sales import Sale, a_sale

TOTAL_MINOR = 2_500
"""Of each order; the commission on it is 252 (15 % of 16.80)."""


@dataclass
class LossySale:
    container: Container
    gateway: FakePaymentGateway
    sale: Sale
    admin: Actor

    @property
    def payment(self) -> ProviderPayment:
        [payment] = self.gateway.payments.values()
        return payment

    async def give_back(self, amount_minor: int) -> str:
        """By hand at the provider; its reference."""
        refund = self.gateway.refund_by_hand(self.payment.provider_ref, amount_minor)
        await self.hear_of(refund.refund_ref)
        return refund.refund_ref

    async def send_back(self, refund_ref: str) -> None:
        """The buyer's bank does not take it."""
        self.gateway.fail_refund(refund_ref)
        for _ in range(2):
            await self.hear_of(refund_ref)
        for refund in await rows(self.container, Refund, provider_ref=refund_ref):
            await note_refund(refund.id, db=self.container.ports.db)

    async def hear_of(self, refund_ref: str) -> None:
        await on_refund_message(refund_ref, ports=ports_of(self.container, self.gateway))

    async def hear_of_chargebacks(self) -> None:
        await on_chargeback(self.payment.provider_ref, ports=ports_of(self.container, self.gateway))

    async def lose_a_chargeback(self) -> str:
        chargeback = self.gateway.bank.charge_back(self.payment)
        await self.hear_of_chargebacks()
        self.gateway.bank.lose(chargeback)
        for _ in range(2):
            await self.hear_of_chargebacks()
        return chargeback

    async def cases(self) -> list[CaseView]:
        """The oldest first."""
        found = await rows(self.container, ModerationCase, checkout_id=self.sale.checkout_id)
        views = [await case_by_id(self.container.ports.db.primary, each.id) for each in found]
        return sorted((view for view in views if view is not None), key=lambda view: view.id)

    async def release(self, at: int) -> None:
        order_id = self.sale.order_ids[at]
        [order] = await rows_of(self.container, 'SELECT seller_id FROM "order" WHERE id = :id', id=order_id)
        seller = replace(self.sale.seller, seller_id=order.seller_id)
        sale = replace(self.sale, seller=seller, order_ids=(order_id,))
        await ship(self.container, sale)
        await confirm(self.container, sale)

    def command(self, case_id: UUID, *amounts: int | None, **more: Any) -> AttributeLoss:
        """An amount for each order, in their order; None: the order is not named."""
        parts = tuple(
            AttributedPart(order_id=order_id, amount_minor=amount)
            for order_id, amount in zip(self.sale.order_ids, amounts, strict=False)
            if amount is not None
        )
        given: dict[str, Any] = {"parts": parts, "note": "agreed with the buyer", "idempotency_key": uuid4().hex}
        return AttributeLoss(case_id=case_id, **(given | more))

    async def attribute(self, *amounts: int | None, case: CaseView | None = None, **more: Any) -> UUID:
        """Of the case given, or the only one there is."""
        if case is None:
            [case] = await self.cases()
        command = self.command(case.id, *amounts, **more)
        return await attribute_loss(command, actor=self.admin, db=self.container.ports.db)

    async def held(self) -> list[int]:
        found = await escrow_by_orders(self.container.ports.db.primary, self.sale.order_ids)
        return [found[order_id] for order_id in self.sale.order_ids]

    async def released(self) -> list[ReleasedView]:
        found = await released_by_orders(self.container.ports.db.primary, self.sale.order_ids)
        return [found[order_id] for order_id in self.sale.order_ids]

    async def refunded(self) -> tuple[int, list[int]]:
        """Of the payment, and of each order's share."""
        payment = await row(self.container, Payment, self.sale.payment_id)
        shares = await rows(self.container, PaymentAllocation, payment_id=self.sale.payment_id)
        by_order = {share.order_id: share.refunded_minor for share in shares}
        return payment.refunded_minor, [by_order[order_id] for order_id in self.sale.order_ids]

    async def booked(self) -> dict[str, int]:
        """The sum of each sort of account over everything that was booked because of this sale."""
        found = await rows_of(
            self.container,
            "SELECT account.kind, sum(amount_minor)::bigint AS total FROM entry"
            " JOIN account ON account.id = entry.account_id"
            " JOIN ledger_transaction header ON header.id = entry.transaction_id"
            " WHERE header.order_id = ANY(:ids) OR header.cause LIKE :cause GROUP BY account.kind",
            ids=list(self.sale.order_ids),
            cause=f"payment:{self.sale.payment_id}%",
        )
        return {each.kind: each.total for each in found}

    async def lost(self) -> int:
        return (await self.booked()).get("platform:loss", 0)


async def a_lossy_sale(container: Container) -> LossySale:
    gateway = FakePaymentGateway()
    sale = await a_sale(container, orders=2, gateway=gateway)
    return LossySale(container, gateway, sale, await an_admin(container))
