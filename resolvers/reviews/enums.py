"""The words of reviews in the schema."""

from enum import StrEnum

from domain.reviews.list_reads import ReviewSort
from domain.reviews.model import ReportReason, ReviewKind, ReviewStatus
from resolvers.shared.enums import expose

__all__ = ["ReportReason", "ReviewAction"]

expose(
    ReviewKind,
    "What a review is about.",
    {
        ReviewKind.LISTING: "A listing: by its buyer, one for each order line.",
        ReviewKind.SELLER: "A shop: by a buyer, one for each order.",
        ReviewKind.BUYER: "A buyer: by the shop, one for each order. These two read it, nobody else.",
    },
)
expose(
    ReviewStatus,
    "Where a review stands.",
    {
        ReviewStatus.PUBLISHED: "It shows and counts.",
        ReviewStatus.HELD: "A moderator looks at it; it neither shows nor counts.",
        ReviewStatus.REMOVED: "A moderator removed it; only its author sees it.",
    },
)
expose(
    ReviewSort,
    "The order of reviews; of equal rating the newest first.",
    {
        ReviewSort.NEWEST: "The newest first.",
        ReviewSort.HIGHEST: "The most stars first.",
        ReviewSort.LOWEST: "The fewest stars first.",
    },
)
expose(
    ReportReason,
    "Why a review should not stand.",
    {
        ReportReason.SPAM: "It advertises, or repeats what is elsewhere.",
        ReportReason.OFFENSIVE: "It insults or threatens.",
        ReportReason.PERSONAL_DATA: "It tells somebody's personal data.",
        ReportReason.FAKE: "Its author did not have the thing, or was paid.",
        ReportReason.OTHER: "Something else; say it in the note.",
    },
)


class ReviewAction(StrEnum):
    EDIT = "EDIT"
    REPLY = "REPLY"
    REPORT = "REPORT"
    HOLD = "HOLD"
    PUBLISH = "PUBLISH"
    REMOVE = "REMOVE"
    REMOVE_REPLY = "REMOVE_REPLY"


expose(
    ReviewAction,
    "What somebody may do to a review.",
    {
        ReviewAction.EDIT: "`editReview`: for its author, for 30 days after it was written.",
        ReviewAction.REPLY: "`replyToReview`: for the shop; a reply that stands is replaced.",
        ReviewAction.REPORT: "`reportReview`: for whoever reads it and did not write it.",
        ReviewAction.HOLD: "`holdReview`: for moderators.",
        ReviewAction.PUBLISH: "`publishReview`: for moderators.",
        ReviewAction.REMOVE: "`removeReview`: for moderators.",
        ReviewAction.REMOVE_REPLY: "`removeReviewReply`: for moderators.",
    },
)
