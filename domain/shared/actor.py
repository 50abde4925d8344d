"""Who acts, and with what: the values that use cases check rights against and keep traces of."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.shared.errors import NotPermitted, NotSignedIn


class ActorKind(StrEnum):
    ANONYMOUS = "anonymous"
    USER = "user"
    SYSTEM = "system"
    PROVIDER = "provider"
    CARRIER = "carrier"


class Role(StrEnum):
    """What a signed-in account may be besides a buyer. Membership of a shop is no role: it is `seller_id`.

    PARTNER gives nothing and takes something away: a program's account executes registered operations only.
    """

    ADMIN = "admin"
    MODERATOR = "moderator"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class Actor:
    """One acting party. `seller_id` is the shop that the session acts for, if any."""

    kind: ActorKind
    user_id: UUID | None = None
    seller_id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    session_id: UUID | None = None
    trace: str = ""

    def user(self) -> UUID:
        """The signed-in user's id; raises NotSignedIn."""
        if self.user_id is None:
            raise NotSignedIn()
        return self.user_id

    def seller(self) -> UUID:
        """The shop acted for; raises NotPermitted when the session has none."""
        self.user()
        if self.seller_id is None:
            raise NotPermitted("This needs a shop: open one, or switch to it.")
        return self.seller_id

    def admin(self) -> UUID:
        """The administrator's user id; raises NotPermitted."""
        user_id = self.user()
        if Role.ADMIN not in self.roles:
            raise NotPermitted("This is for administrators.")
        return user_id

    @property
    def is_moderator(self) -> bool:
        """Whether the actor may look at what others keep to themselves. Administrators may do what moderators may."""
        return bool(self.roles & {Role.ADMIN, Role.MODERATOR})

    def moderator(self) -> UUID:
        """The moderator's or administrator's user id; raises NotPermitted."""
        user_id = self.user()
        if not self.is_moderator:
            raise NotPermitted("This is for moderators.")
        return user_id

    @property
    def name(self) -> str:
        """How the actor stands in timelines and audit trails: `user:<id>`, `system`, `carrier`."""
        return f"user:{self.user_id}" if self.user_id is not None else self.kind.value


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from: kept as client signal at registration, sign-in, checkout and review."""

    ip: str = ""
    user_agent: str = ""
    device_id: str = ""


SYSTEM = Actor(ActorKind.SYSTEM)
PROVIDER = Actor(ActorKind.PROVIDER)
CARRIER = Actor(ActorKind.CARRIER)
ANONYMOUS = Actor(ActorKind.ANONYMOUS)
