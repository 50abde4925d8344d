"""Mutations that move a listing: one per action of its transition table."""

from typing import Annotated

import strawberry

from domain.catalog.publishing import (
    ApproveListing,
    MoveListing,
    ReinstateListing,
    RejectListing,
    SuspendListing,
    approve_listing,
    archive_listing,
    pause_listing,
    reinstate_listing,
    reject_listing,
    resume_listing,
    submit_listing,
    suspend_listing,
    withdraw_listing,
)
from resolvers.catalog.failures import ListingChanged, PaymentAccountIncomplete, SellerNotActive, result
from resolvers.catalog.inputs import ApproveListingInput, ListingInput, ListingReasonInput, RejectListingInput
from resolvers.catalog.mutations import shown_listing
from resolvers.catalog.types import Listing
from resolvers.context import Info
from resolvers.shared.errors import IllegalTransition, InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="The listing waits for review, or is on sale already if the shop is trusted.")
class SubmitListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The listing is a draft again.")
class WithdrawListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The listing is off sale for a while.")
class PauseListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The listing is on sale again.")
class ResumeListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The listing is off sale for good.")
class ArchiveListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The listing is on sale.")
class ApproveListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The listing went back to its seller.")
class RejectListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The listing is off sale until it is reinstated.")
class SuspendListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The listing is on sale again.")
class ReinstateListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


SubmitListingResult = Annotated[
    SubmitListingSuccess | NotFound | IllegalTransition | SellerNotActive | PaymentAccountIncomplete | InvalidInput,
    result("SubmitListingResult", "submitting a listing"),
]
WithdrawListingResult = Annotated[
    WithdrawListingSuccess | NotFound | IllegalTransition, result("WithdrawListingResult", "withdrawing a listing")
]
PauseListingResult = Annotated[
    PauseListingSuccess | NotFound | IllegalTransition, result("PauseListingResult", "pausing a listing")
]
ResumeListingResult = Annotated[
    ResumeListingSuccess | NotFound | IllegalTransition | SellerNotActive | PaymentAccountIncomplete | InvalidInput,
    result("ResumeListingResult", "resuming a listing"),
]
ArchiveListingResult = Annotated[
    ArchiveListingSuccess | NotFound | IllegalTransition, result("ArchiveListingResult", "archiving a listing")
]
ApproveListingResult = Annotated[
    ApproveListingSuccess
    | NotFound
    | IllegalTransition
    | ListingChanged
    | SellerNotActive
    | PaymentAccountIncomplete
    | InvalidInput,
    result("ApproveListingResult", "approving a listing"),
]
RejectListingResult = Annotated[
    RejectListingSuccess | NotFound | IllegalTransition | ListingChanged | InvalidInput,
    result("RejectListingResult", "rejecting a listing"),
]
SuspendListingResult = Annotated[
    SuspendListingSuccess | NotFound | IllegalTransition | InvalidInput,
    result("SuspendListingResult", "suspending a listing"),
]
ReinstateListingResult = Annotated[
    ReinstateListingSuccess | NotFound | IllegalTransition | SellerNotActive | PaymentAccountIncomplete | InvalidInput,
    result("ReinstateListingResult", "reinstating a listing"),
]


@strawberry.type
class SellerLifecycleMutations:
    @mutation(AccessLevel.SELLER, "Ask to put a listing on sale.")
    async def submit_listing(self, info: Info, input: ListingInput) -> SubmitListingResult:
        ports = info.context.ports
        command = parse(MoveListing, input)
        id_ = await submit_listing(command, actor=info.context.actor, db=ports.db, policy=ports.policy)
        return SubmitListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.SELLER, "Take a listing back from review, to change it.")
    async def withdraw_listing(self, info: Info, input: ListingInput) -> WithdrawListingResult:
        context = info.context
        id_ = await withdraw_listing(parse(MoveListing, input), actor=context.actor, db=context.ports.db)
        return WithdrawListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.SELLER, "Take a listing off sale for a while.")
    async def pause_listing(self, info: Info, input: ListingInput) -> PauseListingResult:
        context = info.context
        id_ = await pause_listing(parse(MoveListing, input), actor=context.actor, db=context.ports.db)
        return PauseListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.SELLER, "Put a paused listing on sale again.")
    async def resume_listing(self, info: Info, input: ListingInput) -> ResumeListingResult:
        context = info.context
        id_ = await resume_listing(parse(MoveListing, input), actor=context.actor, db=context.ports.db)
        return ResumeListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.SELLER, "Take a listing off sale for good.")
    async def archive_listing(self, info: Info, input: ListingInput) -> ArchiveListingResult:
        context = info.context
        id_ = await archive_listing(parse(MoveListing, input), actor=context.actor, db=context.ports.db)
        return ArchiveListingSuccess(listing=await shown_listing(info, id_))


@strawberry.type
class AdminLifecycleMutations:
    @mutation(AccessLevel.MODERATOR, "Put a listing on sale after looking at it.")
    async def approve_listing(self, info: Info, input: ApproveListingInput) -> ApproveListingResult:
        context = info.context
        id_ = await approve_listing(parse(ApproveListing, input), actor=context.actor, db=context.ports.db)
        return ApproveListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.MODERATOR, "Send a listing back to its seller, with the reason.")
    async def reject_listing(self, info: Info, input: RejectListingInput) -> RejectListingResult:
        context = info.context
        id_ = await reject_listing(parse(RejectListing, input), actor=context.actor, db=context.ports.db)
        return RejectListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.MODERATOR, "Take a listing off sale, with the reason.")
    async def suspend_listing(self, info: Info, input: ListingReasonInput) -> SuspendListingResult:
        context = info.context
        id_ = await suspend_listing(parse(SuspendListing, input), actor=context.actor, db=context.ports.db)
        return SuspendListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.MODERATOR, "Put a suspended listing on sale again, with the reason.")
    async def reinstate_listing(self, info: Info, input: ListingReasonInput) -> ReinstateListingResult:
        context = info.context
        id_ = await reinstate_listing(parse(ReinstateListing, input), actor=context.actor, db=context.ports.db)
        return ReinstateListingSuccess(listing=await shown_listing(info, id_))
