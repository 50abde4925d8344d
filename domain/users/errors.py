"""What registration and sign-in refuse.

DomainError
├── EmailTaken
├── WrongCredentials (unknown e-mail, wrong password and blocked user look the same)
└── SessionOver (the refresh token is used, unknown or expired)
"""

from domain.shared.errors import DomainError


class EmailTaken(DomainError):
    code = "EMAIL_TAKEN"

    def __init__(self, email: str) -> None:
        super().__init__("There is an account with this e-mail address already.")
        self.email = email


class WrongCredentials(DomainError):
    code = "WRONG_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("E-mail address and password do not match.")


class SessionOver(DomainError):
    code = "SESSION_OVER"

    def __init__(self) -> None:
        super().__init__("This session is over; sign in again.")
