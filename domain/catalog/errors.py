"""What the catalog refuses.

DomainError
├── ListingChanged (somebody else changed it since it was read)
├── ListingNotEditable (its state does not allow changes)
├── ListingInUse (a draft with a history is archived, not deleted)
├── SellerNotActive (the shop may not sell)
└── PaymentAccountIncomplete (the shop could not be paid)
"""

from uuid import UUID

from domain.catalog.model import ListingStatus
from domain.sellers.model import SellerStatus
from domain.shared.errors import DomainError


class ListingChanged(DomainError):
    code = "LISTING_CHANGED"

    def __init__(self, listing_id: UUID) -> None:
        super().__init__("The listing was changed since you read it; look at it again.")
        self.listing_id = listing_id


class ListingNotEditable(DomainError):
    code = "LISTING_NOT_EDITABLE"

    def __init__(self, status: ListingStatus) -> None:
        super().__init__(f"A listing that is {status.value.replace('_', ' ')} cannot be changed.")
        self.status = status


class ListingInUse(DomainError):
    code = "LISTING_IN_USE"

    def __init__(self) -> None:
        super().__init__("This draft has a history already (stock, or a review); archive it instead.")


class SellerNotActive(DomainError):
    code = "SELLER_NOT_ACTIVE"

    def __init__(self, status: SellerStatus) -> None:
        super().__init__(f"A shop that is {status.value} cannot put anything on sale.")
        self.status = status


class PaymentAccountIncomplete(DomainError):
    code = "PAYMENT_ACCOUNT_INCOMPLETE"

    def __init__(self) -> None:
        super().__init__("The shop's payment account cannot take payments yet; complete it first.")
