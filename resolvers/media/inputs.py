"""Inputs about pictures that several nouns take."""

import strawberry


@strawberry.input(description="An uploaded picture that is to belong to something.")
class AttachedImageInput:
    upload_id: strawberry.ID = strawberry.field(description="As `createImageUpload` gave it.")
    alt_text: str = strawberry.field(
        default="", description="What to say to those who do not see it: one line of at most 200 characters."
    )
