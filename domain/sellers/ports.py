"""What sellers need from outside: the payment provider's account of theirs, and tokens for invitations."""

from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

PROVIDER_NAME: Final = "stripe"
"""The payment provider in the rows of sellers' accounts and of payments: references mean something only to it."""


class AccountState(Protocol):
    """A seller's account with the provider, as the provider has it now."""

    @property
    def account_ref(self) -> str: ...

    @property
    def details_submitted(self) -> bool: ...

    @property
    def charges_enabled(self) -> bool: ...

    @property
    def payouts_enabled(self) -> bool: ...

    @property
    def requirements_due(self) -> tuple[str, ...]:
        """What the seller still has to tell the provider, in the provider's words."""
        ...


class Onboarding(Protocol):
    """Where the seller tells it; good for some minutes and for one visit."""

    @property
    def url(self) -> str: ...

    @property
    def expires_at(self) -> datetime: ...


class AccountProvider(Protocol):
    """All calls are bounded in time and tries; what they raise is the provider's noun's to say."""

    async def create_account(self, country: str, email: str, seller_id: UUID) -> AccountState:
        """The seller's account; called again for the same seller, the same one."""
        ...

    async def onboarding_link(self, account_ref: str, return_url: str, refresh_url: str) -> Onboarding:
        """A short-lived page of the provider; it ends at `return_url`, or at `refresh_url` when out of date."""
        ...

    async def read_account(self, account_ref: str) -> AccountState: ...


class InvitationTokens(Protocol):
    """The one-time secret of an invitation: the same for the same id, and unguessable from it."""

    def token_of(self, invitation_id: UUID) -> str: ...
