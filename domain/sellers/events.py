"""What happens to sellers."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerChanged(Event):
    """Something that buyers see is different: name, slug, status, terms. Whoever shows sellers reads them again."""

    kind: ClassVar[str] = "seller.changed"
    seller_id: UUID

    def topics(self) -> tuple[str, ...]:
        return (f"seller:{self.seller_id}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerApplied(Event):
    """A person wants to sell: administrators have something to decide."""

    kind: ClassVar[str] = "seller.applied"
    seller_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerDecided(Event):
    """The marketplace decided about a seller: its members should be told. Comes together with SellerChanged."""

    kind: ClassVar[str] = "seller.decided"
    seller_id: UUID
    decision_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersChanged(Event):
    """A member is something else there now."""

    kind: ClassVar[str] = "seller.members_changed"
    seller_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoined(Event):
    """Somebody works for the shop from now on: its other owners should be told."""

    kind: ClassVar[str] = "seller.member_joined"
    seller_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft(Event):
    """Somebody works for the shop no longer, by their own decision or an owner's: whom it concerns should be told."""

    kind: ClassVar[str] = "seller.member_left"
    seller_id: UUID
    user_id: UUID
    by_user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberInvited(Event):
    """An address is to be told that it may join a shop."""

    kind: ClassVar[str] = "seller.member_invited"
    seller_id: UUID
    invitation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAccountChanged(Event):
    """What the provider lets the seller do is different."""

    kind: ClassVar[str] = "seller.payment_account_changed"
    seller_id: UUID
