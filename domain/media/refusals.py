"""Which files are taken as pictures, and why others are not.

It stands apart from the tables so that the process that decodes a picture loads next to nothing.
"""

from enum import StrEnum
from typing import Final

IMAGE_BYTES_MAX: Final = 10 * 1024 * 1024
IMAGE_PIXELS_MAX: Final = 40_000_000
IMAGE_SIDE_MAX: Final = 16_000
"""No side is longer than this: every rendition is then within what WebP can hold."""


class RefusalReason(StrEnum):
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    FILE_TOO_LARGE = "file_too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    DAMAGED = "damaged"
    NEVER_ARRIVED = "never_arrived"
    PROCESSING_FAILED = "processing_failed"


_IN_WORDS: Final = {
    RefusalReason.NOT_AN_IMAGE: "This file is no picture, whatever its name says.",
    RefusalReason.UNSUPPORTED_FORMAT: "Pictures of this format are not taken; send JPEG, PNG or WebP.",
    RefusalReason.FILE_TOO_LARGE: f"A picture has at most {IMAGE_BYTES_MAX // 1024**2} MB.",
    RefusalReason.TOO_MANY_PIXELS: (
        f"A picture has at most {IMAGE_PIXELS_MAX // 1_000_000} megapixels and {IMAGE_SIDE_MAX:,} pixels a side."
    ),
    RefusalReason.DAMAGED: "The file is damaged or incomplete.",
    RefusalReason.NEVER_ARRIVED: "No complete file has arrived.",
    RefusalReason.PROCESSING_FAILED: "The picture could not be processed; upload it again.",
}


def in_words(reason: RefusalReason) -> str:
    """What to tell the person who sent the file."""
    return _IN_WORDS[reason]
