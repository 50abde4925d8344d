"""Mutations of administrators about sellers: one for each step of the table, and the seller's terms."""

from typing import Annotated

import strawberry

from domain.sellers.decisions import DecideSeller, decide_seller
from domain.sellers.editing import SetSellerTerms, set_seller_terms
from resolvers.context import Info
from resolvers.sellers.inputs import DecideSellerInput, SetSellerTermsInput
from resolvers.sellers.mutations import ShopChange
from resolvers.shared.errors import IllegalTransition, InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="It is decided, and the seller is told.")
class DecideSellerSuccess(ShopChange):
    pass


@strawberry.type(description="The terms hold from now on; what is sold keeps its own.")
class SetSellerTermsSuccess(ShopChange):
    pass


DecideSellerResult = Annotated[
    DecideSellerSuccess | IllegalTransition | NotFound | InvalidInput,
    strawberry.union("DecideSellerResult", description="What became of a decision about a seller."),
]
SetSellerTermsResult = Annotated[
    SetSellerTermsSuccess | NotFound | InvalidInput,
    strawberry.union("SetSellerTermsResult", description="What became of a change of terms."),
]


@strawberry.type
class AdminSellerMutations:
    @mutation(AccessLevel.ADMIN, "Let a shop that applied sell.")
    async def approve_seller(self, info: Info, input: DecideSellerInput) -> DecideSellerResult:
        return await _decide("APPROVE", info, input)

    @mutation(AccessLevel.ADMIN, "Do not let a shop that applied sell; it may apply again.")
    async def reject_seller(self, info: Info, input: DecideSellerInput) -> DecideSellerResult:
        return await _decide("REJECT", info, input)

    @mutation(AccessLevel.ADMIN, "Review a seller's new listings, and pay nothing out.")
    async def restrict_seller(self, info: Info, input: DecideSellerInput) -> DecideSellerResult:
        return await _decide("RESTRICT", info, input)

    @mutation(AccessLevel.ADMIN, "End a restriction.")
    async def lift_seller_restriction(self, info: Info, input: DecideSellerInput) -> DecideSellerResult:
        return await _decide("LIFT_RESTRICTION", info, input)

    @mutation(AccessLevel.ADMIN, "Stop a seller from selling.")
    async def suspend_seller(self, info: Info, input: DecideSellerInput) -> DecideSellerResult:
        return await _decide("SUSPEND", info, input)

    @mutation(AccessLevel.ADMIN, "Let a suspended seller sell again.")
    async def reinstate_seller(self, info: Info, input: DecideSellerInput) -> DecideSellerResult:
        return await _decide("REINSTATE", info, input)

    @mutation(AccessLevel.ADMIN, "Set whether a seller is trusted, and what commission it pays.")
    async def set_seller_terms(self, info: Info, input: SetSellerTermsInput) -> SetSellerTermsResult:
        command = parse(SetSellerTerms, input)
        changed = await set_seller_terms(command, actor=info.context.actor, db=info.context.ports.db)
        return await SetSellerTermsSuccess.of(changed, info.context)


async def _decide(action: str, info: Info, input: DecideSellerInput) -> DecideSellerSuccess:
    command = parse(DecideSeller, input)
    decided = await decide_seller(action, command, actor=info.context.actor, db=info.context.ports.db)
    return await DecideSellerSuccess.of(decided, info.context)
