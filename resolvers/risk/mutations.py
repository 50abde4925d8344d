"""Mutations of moderators about cases: a purchase in review goes on, or is let go."""

from typing import Annotated

import strawberry

from domain.checkout.deciding import DecideCase, decide_case
from domain.risk.cases import case_by_id
from domain.shared.errors import NotFound as Missing
from resolvers.context import Info
from resolvers.risk.inputs import ApproveModerationCaseInput, RejectModerationCaseInput
from resolvers.risk.types import ModerationCase
from resolvers.shared.errors import Busy, IdempotencyConflict, IllegalTransition, InvalidInput, NotFound, NotPermitted
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="The case is decided.")
class DecideCaseSuccess:
    moderation_case: ModerationCase = strawberry.field(description="The case.")


ApproveModerationCaseResult = Annotated[
    DecideCaseSuccess | IllegalTransition | IdempotencyConflict | NotPermitted | NotFound | Busy | InvalidInput,
    strawberry.union("ApproveModerationCaseResult", description="What became of an approval."),
]
RejectModerationCaseResult = Annotated[
    DecideCaseSuccess | IllegalTransition | IdempotencyConflict | NotPermitted | NotFound | Busy | InvalidInput,
    strawberry.union("RejectModerationCaseResult", description="What became of a rejection."),
]


@strawberry.type
class CaseMutations:
    @mutation(AccessLevel.MODERATOR, "Let a checkout in review go on.")
    async def approve_moderation_case(
        self, info: Info, input: ApproveModerationCaseInput
    ) -> ApproveModerationCaseResult:
        return await _decide(info, parse(DecideCase, input, approve=True))

    @mutation(AccessLevel.MODERATOR, "End a checkout in review; nothing is taken.")
    async def reject_moderation_case(self, info: Info, input: RejectModerationCaseInput) -> RejectModerationCaseResult:
        return await _decide(info, parse(DecideCase, input, approve=False))


async def _decide(info: Info, command: DecideCase) -> DecideCaseSuccess:
    await decide_case(command, actor=info.context.actor, ports=info.context.ports.checkout)
    case = await case_by_id(info.context.ports.db.primary, command.case_id)
    if case is None:
        raise Missing("moderation_case")
    return DecideCaseSuccess(moderation_case=ModerationCase.of(case))
