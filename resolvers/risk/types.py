"""Moderation cases in the schema."""

from datetime import datetime
from uuid import UUID

import strawberry

from domain.orders.reads import orders_of_checkout
from domain.risk.cases import CaseView
from domain.risk.losses import Loss
from domain.risk.model import CaseStatus, LossKind, Verdict
from domain.shared.actor import Role
from resolvers.context import Info
from resolvers.orders.parts import FEW
from resolvers.orders.types import Order
from resolvers.shared.enums import expose
from resolvers.shared.scalars import MoneyType, Node, money, public_id

expose(
    CaseStatus,
    "Where a moderation case stands.",
    {
        CaseStatus.OPEN: "It waits for a decision.",
        CaseStatus.APPROVED: "The purchase went on; or the loss stays the marketplace's.",
        CaseStatus.REJECTED: "The purchase was let go; or the loss stays the marketplace's.",
        CaseStatus.SETTLED: "The loss was given to orders, or the money came back: see the note.",
    },
)
expose(
    Verdict,
    "What a risk rule said.",
    {
        Verdict.ALLOW: "Nothing speaks against it.",
        Verdict.REVIEW: "Somebody should look.",
        Verdict.DENY: "It must not go on.",
    },
)


expose(
    LossKind,
    "How the marketplace lost money of a purchase.",
    {
        LossKind.UNATTRIBUTED_REFUND: "Given back by hand at the provider; it fits several orders of the purchase.",
        LossKind.RELEASED_REFUND: "Given back by hand at the provider, for orders whose sellers had been paid.",
        LossKind.CHARGEBACK: "Taken by the buyer's bank for good.",
    },
)


@strawberry.type(description="What a risk rule saw.")
class RiskReason:
    rule: str = strawberry.field(description="The rule's name.")
    verdict: Verdict = strawberry.field(description="What it asks for.")
    detail: str = strawberry.field(description="What it saw.")


@strawberry.type(description="Money of a purchase that left the marketplace's account, and is its loss until given.")
class CaseLoss:
    kind: LossKind = strawberry.field(description="How it was lost.")
    amount: MoneyType = strawberry.field(description="How much, without the provider's fees.")
    provider_ref: str = strawberry.field(description="The refund or chargeback, as the provider calls it.")
    checkout_id: strawberry.Private[UUID]

    @strawberry.field(
        description="The orders of the purchase, for `attributeLoss`; null for who is no administrator.",
        directives=[FEW],
    )
    async def orders(self, info: Info) -> list[Order] | None:
        actor = info.context.actor
        if Role.ADMIN not in actor.roles:
            return None
        found = await info.context.loaders.load(orders_of_checkout, self.checkout_id)
        return [Order.of(each, actor) for each in found or ()]

    @classmethod
    def of(cls, loss: Loss, checkout_id: UUID) -> "CaseLoss":
        return cls(
            kind=loss.kind,
            amount=money(loss.amount_minor, loss.currency),
            provider_ref=loss.provider_ref,
            checkout_id=checkout_id,
        )


@strawberry.type(
    description=(
        "A purchase that a person decides about; or money of it that the marketplace lost, see `loss`. That an "
        "administrator gives to orders by `attributeLoss`; approving or rejecting closes the case, and the loss stays "
        "the marketplace's."
    )
)
class ModerationCase(Node):
    checkout_id: strawberry.ID = strawberry.field(description="The checkout that it is about.")
    status: CaseStatus = strawberry.field(description="Where it stands.")
    reasons: list[RiskReason] = strawberry.field(description="What the risk rules saw.")
    opened_at: datetime = strawberry.field(description="Since when it is open.")
    decided_at: datetime | None = strawberry.field(description="When it was decided.")
    note: str = strawberry.field(description="What was noted at the decision.")
    loss: CaseLoss | None = strawberry.field(
        description="The money that it is about; null for a purchase that waits for a decision."
    )

    @classmethod
    def of(cls, view: CaseView) -> "ModerationCase":
        return cls(
            id=public_id("moderation_case", view.id),
            checkout_id=public_id("checkout", view.checkout_id),
            status=view.status,
            reasons=[
                RiskReason(rule=reason["rule"], verdict=Verdict(reason["verdict"]), detail=reason["detail"])
                for reason in view.reasons or ()
            ],
            opened_at=view.opened_at,
            decided_at=view.decided_at,
            note=view.note,
            loss=CaseLoss.of(view.loss, view.checkout_id) if view.loss is not None else None,
        )
