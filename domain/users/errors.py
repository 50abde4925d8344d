"""What registration and sign-in refuse.

DomainError
├── EmailTaken
├── WrongCredentials (unknown e-mail, wrong password and blocked user look the same)
├── TooManyAttempts (to sign in or to register; the same for an address that exists and one that does not)
├── SessionOver (the session ended, or the refresh token is unknown, expired or came twice)
├── TokenJustUsed (another tab was faster; nothing is over)
├── TooManyAddresses
└── WouldLoseAdministrator
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


class TooManyAttempts(DomainError):
    code = "TOO_MANY_ATTEMPTS"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("Too many attempts; try again later.")
        self.retry_after_seconds = retry_after_seconds


class TokenJustUsed(DomainError):
    code = "TOKEN_JUST_USED"

    def __init__(self) -> None:
        super().__init__("This refresh token was used a moment ago; take the newer one.")


class TooManyAddresses(DomainError):
    code = "TOO_MANY_ADDRESSES"

    def __init__(self, maximum: int) -> None:
        super().__init__(f"An account keeps at most {maximum} addresses; remove one first.")
        self.maximum = maximum


class WouldLoseAdministrator(DomainError):
    code = "WOULD_LOSE_ADMINISTRATOR"

    def __init__(self) -> None:
        super().__init__("Administrators cannot block themselves or take their own role away.")


class SessionOver(DomainError):
    code = "SESSION_OVER"

    def __init__(self) -> None:
        super().__init__("This session is over; sign in again.")
