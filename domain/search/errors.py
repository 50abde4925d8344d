"""What searching refuses.

DomainError
└── SearchUnavailable (no search could be made in time)
"""

from domain.shared.errors import DomainError


class SearchUnavailable(DomainError):
    """The index did not answer, or not in time."""

    code = "SEARCH_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("Search is not available at the moment.")
