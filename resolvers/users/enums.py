"""The words of users' states and roles in the schema; types and inputs take them from here."""

from domain.shared.actor import Role
from domain.users.model import UserStatus
from resolvers.shared.enums import expose

__all__ = ["Role", "UserStatus"]

expose(
    UserStatus,
    "Where a user stands.",
    {
        UserStatus.ACTIVE: "May sign in.",
        UserStatus.BLOCKED: "May not sign in until unblocked.",
        UserStatus.ERASED: "Is gone; what the law wants kept is kept without a name.",
    },
)
expose(
    Role,
    "What an account may be besides a buyer's.",
    {
        Role.ADMIN: "Runs the marketplace.",
        Role.MODERATOR: "Looks at listings, purchases and complaints, and decides about them.",
        Role.PARTNER: "A program of an integration: executes operations of the registered manifest, and no others.",
    },
)
