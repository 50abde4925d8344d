"""What imports refuse.

DomainError
├── FileRefused (nothing of the file can be taken; `reason` is the code of why)
└── TooManyImports (a shop has so many open ones already)
"""

from domain.imports.model import OPEN_MAX
from domain.shared.errors import DomainError


class FileRefused(DomainError):
    """The file as a whole, not a row of it: another encoding, a header without what is needed."""

    code = "FILE_REFUSED"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class TooManyImports(DomainError):
    code = "TOO_MANY_IMPORTS"

    def __init__(self) -> None:
        super().__init__(f"A shop has at most {OPEN_MAX} imports open at once; wait for one or cancel it.")
