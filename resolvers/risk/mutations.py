"""Mutations about cases: a purchase in review goes on, or is let go; a loss is given to orders."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.checkout.attribution import AttributeLoss, attribute_loss
from domain.checkout.deciding import DecideCase, decide_case
from domain.risk.cases import case_by_id
from domain.shared.errors import NotFound as Missing
from resolvers.context import Info
from resolvers.risk.failures import AttributionTooLarge, LossInOtherCurrency, NothingLost
from resolvers.risk.inputs import ApproveModerationCaseInput, AttributeLossInput, RejectModerationCaseInput
from resolvers.risk.types import ModerationCase
from resolvers.shared.errors import Busy, IdempotencyConflict, IllegalTransition, InvalidInput, NotFound, NotPermitted
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="The case is decided.")
class DecideCaseSuccess:
    moderation_case: ModerationCase = strawberry.field(description="The case.")


@strawberry.type(description="The orders bear it, and the case is settled.")
class AttributeLossSuccess:
    moderation_case: ModerationCase = strawberry.field(description="The case; its loss names the orders.")


ApproveModerationCaseResult = Annotated[
    DecideCaseSuccess | IllegalTransition | IdempotencyConflict | NotPermitted | NotFound | Busy | InvalidInput,
    strawberry.union("ApproveModerationCaseResult", description="What became of an approval."),
]
RejectModerationCaseResult = Annotated[
    DecideCaseSuccess | IllegalTransition | IdempotencyConflict | NotPermitted | NotFound | Busy | InvalidInput,
    strawberry.union("RejectModerationCaseResult", description="What became of a rejection."),
]

AttributeLossResult = Annotated[
    AttributeLossSuccess
    | NothingLost
    | AttributionTooLarge
    | LossInOtherCurrency
    | IllegalTransition
    | IdempotencyConflict
    | NotPermitted
    | NotFound
    | Busy
    | InvalidInput,
    strawberry.union("AttributeLossResult", description="What became of giving a loss to orders."),
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

    @mutation(
        AccessLevel.ADMIN,
        "Give what the marketplace lost to the orders whose money it was: a refund by hand at the provider that fits "
        "several, or came after the seller was paid, or a lost chargeback. What is still held for an order goes from "
        "there, the rest from its seller's balance, with the commission on it given back; the order counts as refunded "
        "by as much, and the chargeback's holds are lifted.",
    )
    async def attribute_loss(self, info: Info, input: AttributeLossInput) -> AttributeLossResult:
        command = parse(AttributeLoss, input)
        await attribute_loss(command, actor=info.context.actor, db=info.context.ports.db)
        return AttributeLossSuccess(moderation_case=await _shown(info, command.case_id))


async def _decide(info: Info, command: DecideCase) -> DecideCaseSuccess:
    await decide_case(command, actor=info.context.actor, ports=info.context.ports.checkout)
    return DecideCaseSuccess(moderation_case=await _shown(info, command.case_id))


async def _shown(info: Info, case_id: UUID) -> ModerationCase:
    case = await case_by_id(info.context.ports.db.primary, case_id)
    if case is None:
        raise Missing("moderation_case")
    return ModerationCase.of(case)
