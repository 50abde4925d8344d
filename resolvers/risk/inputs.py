"""Inputs of decisions about moderation cases."""

from typing import Final

import strawberry

KEY: Final = (
    "Made by the client once for this decision, 8 to 100 characters: sent again it has no effect and the same answer."
)


@strawberry.input(description="Let a checkout in review go on.")
class ApproveModerationCaseInput:
    case_id: strawberry.ID = strawberry.field(description="The moderation case.")
    idempotency_key: str = strawberry.field(description=KEY)
    note: str = strawberry.field(default="", description="Why; kept with the case, at most 500 characters.")


@strawberry.input(description="End a checkout in review. Nothing is taken.")
class RejectModerationCaseInput:
    case_id: strawberry.ID = strawberry.field(description="The moderation case.")
    idempotency_key: str = strawberry.field(description=KEY)
    note: str = strawberry.field(default="", description="Why; kept with the case, at most 500 characters.")
