"""The words of sellers' states and roles in the schema; types and inputs take them from here."""

from domain.sellers.model import MemberRole, SellerStatus
from resolvers.shared.enums import expose

__all__ = ["MemberRole", "SellerStatus"]

expose(
    SellerStatus,
    "Where a seller stands with the marketplace.",
    {
        SellerStatus.APPLIED: "Waits to be approved; sells nothing yet.",
        SellerStatus.ACTIVE: "Sells.",
        SellerStatus.RESTRICTED: "Sells on, but new listings are reviewed and nothing is paid out.",
        SellerStatus.SUSPENDED: "Sells nothing until reinstated.",
        SellerStatus.REJECTED: "Was not approved; may apply again.",
    },
)

expose(
    MemberRole,
    "What a person is in a shop.",
    {
        MemberRole.OWNER: "Does everything, members, money and tax number included.",
        MemberRole.STAFF: "Does the daily work: listings, orders, shipping rates.",
    },
)
