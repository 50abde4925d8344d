"""Moderation cases in the schema."""

from datetime import datetime

import strawberry

from domain.risk.cases import CaseView
from domain.risk.model import CaseStatus, Verdict
from resolvers.shared.enums import expose
from resolvers.shared.scalars import Node, public_id

expose(
    CaseStatus,
    "Where a moderation case stands.",
    {
        CaseStatus.OPEN: "It waits for a decision.",
        CaseStatus.APPROVED: "The purchase went on.",
        CaseStatus.REJECTED: "The purchase was let go.",
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


@strawberry.type(description="What a risk rule saw.")
class RiskReason:
    rule: str = strawberry.field(description="The rule's name.")
    verdict: Verdict = strawberry.field(description="What it asks for.")
    detail: str = strawberry.field(description="What it saw.")


@strawberry.type(
    description=(
        "A purchase that a person decides about, or only looks at: money of it was given back by hand at the provider "
        "and could not be told to belong to an order. Then either decision closes the case and changes nothing."
    )
)
class ModerationCase(Node):
    checkout_id: strawberry.ID = strawberry.field(description="The checkout that it is about.")
    status: CaseStatus = strawberry.field(description="Where it stands.")
    reasons: list[RiskReason] = strawberry.field(description="What the risk rules saw.")
    opened_at: datetime = strawberry.field(description="Since when it is open.")
    decided_at: datetime | None = strawberry.field(description="When it was decided.")
    note: str = strawberry.field(description="What was noted at the decision.")

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
        )
