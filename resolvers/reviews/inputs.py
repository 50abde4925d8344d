"""Inputs about reviews."""

from typing import Final

import strawberry

from resolvers.media.inputs import AttachedImageInput
from resolvers.reviews.enums import ReportReason

RATING: Final = "1 to 5 stars."
TITLE: Final = "At most 120 characters; may be left out."
BODY: Final = "Plain text of at most 5,000 characters; may be left out."
IMAGES: Final = "Pictures that you uploaded (`createImageUpload`), at most 5. They show once they are ready."


@strawberry.input(description="What a buyer says of a listing.")
class ReviewListingInput:
    order_line_id: strawberry.ID = strawberry.field(description="The line of a delivered order by which it was bought.")
    rating: int = strawberry.field(description=RATING)
    title: str = strawberry.field(default="", description=TITLE)
    body: str = strawberry.field(default="", description=BODY)
    images: list[AttachedImageInput] = strawberry.field(default_factory=list, description=IMAGES)


@strawberry.input(description="What a buyer says of a shop.")
class ReviewSellerInput:
    order_id: strawberry.ID = strawberry.field(description="A delivered order that was bought there.")
    rating: int = strawberry.field(description=RATING)
    title: str = strawberry.field(default="", description=TITLE)
    body: str = strawberry.field(default="", description=BODY)
    images: list[AttachedImageInput] = strawberry.field(default_factory=list, description=IMAGES)


@strawberry.input(description="What a shop says of a buyer. The buyer reads it, nobody else outside the shop.")
class ReviewBuyerInput:
    order_id: strawberry.ID = strawberry.field(description="A delivered order that the shop sold.")
    rating: int = strawberry.field(description=RATING)
    title: str = strawberry.field(default="", description=TITLE)
    body: str = strawberry.field(default="", description=BODY)


@strawberry.input(description="Changes of a review. What is left out stays as it is.")
class EditReviewInput:
    review_id: strawberry.ID = strawberry.field(description="Which one.")
    rating: int | None = strawberry.field(default=strawberry.UNSET, description=RATING)
    title: str | None = strawberry.field(default=strawberry.UNSET, description="At most 120 characters.")
    body: str | None = strawberry.field(default=strawberry.UNSET, description="Plain text of at most 5,000 characters.")


@strawberry.input(description="A shop's answer to a review.")
class ReplyToReviewInput:
    review_id: strawberry.ID = strawberry.field(description="Which one.")
    text: str = strawberry.field(description="Plain text, 1 to 2,000 characters; replaces an answer that stands.")


@strawberry.input(description="A review that should not stand.")
class ReportReviewInput:
    review_id: strawberry.ID = strawberry.field(description="Which one.")
    reason: ReportReason = strawberry.field(description="Why.")
    note: str = strawberry.field(default="", description="What moderators should know, at most 500 characters.")


@strawberry.input(description="A review, and why something is done about it.")
class ModerateReviewInput:
    review_id: strawberry.ID = strawberry.field(description="Which one.")
    reason: str = strawberry.field(description="Why, 1 to 500 characters. Its author reads it while it does not show.")
