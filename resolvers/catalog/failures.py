"""What the catalog refuses, in the schema."""

from typing import Any
from uuid import UUID

import strawberry

from domain.catalog import errors
from domain.catalog.model import ListingStatus
from domain.catalog.reads import listings_for
from domain.sellers.model import SellerStatus
from resolvers.catalog.types import Listing
from resolvers.context import Info
from resolvers.shared.errors import UserError, failure


@failure(errors.ListingChanged, "Somebody changed it since you read it. Nothing was written.")
class ListingChanged(UserError):
    listing_id: strawberry.Private[UUID]

    @strawberry.field(description="As it stands now; null should it be gone meanwhile.")
    async def current_listing(self, info: Info) -> Listing | None:
        primary = info.context.ports.db.primary
        found = (await listings_for(primary, [self.listing_id], info.context.actor)).get(self.listing_id)
        return Listing.of(found) if found is not None else None

    @classmethod
    def of(cls, error: errors.ListingChanged) -> "ListingChanged":
        return cls(code=error.code, message=error.message, listing_id=error.listing_id)


@failure(errors.ListingNotEditable, "In its status nothing can be changed; see `allowedActions`.")
class ListingNotEditable(UserError):
    status: ListingStatus = strawberry.field(description="The status in which it is.")

    @classmethod
    def of(cls, error: errors.ListingNotEditable) -> "ListingNotEditable":
        return cls(code=error.code, message=error.message, status=error.status)


@failure(errors.ListingInUse, "It has a history (stock, or a review) and can only be archived.")
class ListingInUse(UserError):
    pass


@failure(errors.SellerNotActive, "The shop may not put anything on sale.")
class SellerNotActive(UserError):
    status: SellerStatus = strawberry.field(description="Where the shop stands.")

    @classmethod
    def of(cls, error: errors.SellerNotActive) -> "SellerNotActive":
        return cls(code=error.code, message=error.message, status=error.status)


@failure(errors.PaymentAccountIncomplete, "The shop's payment account cannot take payments yet.")
class PaymentAccountIncomplete(UserError):
    pass


def result(name: str, what: str) -> Any:
    """The union of a mutation's outcomes."""
    return strawberry.union(name, description=f"What became of {what}.")
