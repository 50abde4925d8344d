"""What is refused about files and pictures.

DomainError
├── StorageUnavailable (no answer; the same may be tried again)
├── ObjectMissing, ObjectTooLarge (of a file in the storage)
├── ImageRefused (what was uploaded is no picture that we take), RenderingFailed
├── UploadNotArrived (nothing lies at the address of the upload)
├── ImageNotUsable (refused, or it belongs to something else)
└── TooManyImages, TooManyUploads
"""

from domain.media.refusals import RefusalReason, in_words
from domain.shared.errors import DomainError


class StorageUnavailable(DomainError):
    code = "STORAGE_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("Files cannot be stored or read at present; try again in a moment.")


class ObjectMissing(DomainError):
    code = "OBJECT_MISSING"

    def __init__(self) -> None:
        super().__init__("There is no such file.")


class ObjectTooLarge(DomainError):
    code = "OBJECT_TOO_LARGE"

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"The file is larger than {bytes_max} bytes.")
        self.bytes_max = bytes_max


class ImageRefused(DomainError):
    code = "IMAGE_REFUSED"

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(in_words(reason))
        self.reason = reason


class RenderingFailed(DomainError):
    """The attempt was cut off; the file may be all right."""

    code = "RENDERING_FAILED"

    def __init__(self) -> None:
        super().__init__("The picture could not be processed; it is tried again.")


class UploadNotArrived(DomainError):
    code = "UPLOAD_NOT_ARRIVED"

    def __init__(self) -> None:
        super().__init__("No complete file has arrived; send it to the upload's address first.")


class ImageNotUsable(DomainError):
    code = "IMAGE_NOT_USABLE"

    def __init__(self) -> None:
        super().__init__("This picture was refused, has expired, or belongs to something else; upload it again.")


class TooManyImages(DomainError):
    code = "TOO_MANY_IMAGES"

    def __init__(self, images_max: int) -> None:
        super().__init__(f"There can be at most {images_max} pictures.")
        self.maximum = images_max


class TooManyUploads(DomainError):
    code = "TOO_MANY_UPLOADS"

    def __init__(self, uploads_max: int) -> None:
        super().__init__(f"There are {uploads_max} uploads that belong to nothing yet; use them, or wait.")
        self.maximum = uploads_max
