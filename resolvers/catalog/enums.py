"""The words of the catalog in the schema."""

from enum import StrEnum

from domain.catalog.model import (
    AttributeType,
    Condition,
    Fulfilment,
    ListingKind,
    ListingStatus,
    MatchedBy,
    ProductEventKind,
    SaleMode,
    Visibility,
)
from domain.inventory.model import StockStatus
from resolvers.shared.enums import expose

expose(
    ListingStatus,
    "Where a listing stands. That it is sold out is no status: see the stock of its variants.",
    {
        ListingStatus.DRAFT: "Being written; nobody else sees it.",
        ListingStatus.PENDING_REVIEW: "Waits for the marketplace to look at it.",
        ListingStatus.ACTIVE: "On sale.",
        ListingStatus.PAUSED: "Taken off sale by its seller for a while.",
        ListingStatus.ARCHIVED: "Taken off sale for good.",
        ListingStatus.REJECTED: "Not accepted; may be changed and submitted again.",
        ListingStatus.SUSPENDED: "Taken off sale by the marketplace.",
    },
)
expose(
    ListingKind,
    "What is sold.",
    {ListingKind.PRODUCT: "A thing.", ListingKind.SERVICE: "Something done for the buyer."},
)
expose(
    SaleMode,
    "How a purchase begins.",
    {
        SaleMode.PURCHASE: "Bought at once.",
        SaleMode.REQUEST: "The seller accepts before money is taken.",
        SaleMode.BOOKING: "Bought for a time.",
    },
)
expose(
    Fulfilment,
    "How the buyer gets it.",
    {
        Fulfilment.SHIP: "Sent by parcel.",
        Fulfilment.PICKUP: "Fetched from the seller.",
        Fulfilment.DIGITAL: "Delivered without a parcel.",
        Fulfilment.ON_SITE: "Done at the buyer's place.",
    },
)
expose(
    MatchedBy,
    "Who said which product a listing is of.",
    {
        MatchedBy.GTIN: "Found by its GTIN.",
        MatchedBy.SELLER: "Its seller.",
        MatchedBy.ADMIN: "The marketplace; that stands, whatever the GTIN says.",
    },
)
expose(
    ProductEventKind,
    "What was decided about a product.",
    {
        ProductEventKind.LINKED: "A listing is of it.",
        ProductEventKind.UNLINKED: "A listing is not of it.",
        ProductEventKind.MERGED: "Another product turned out to be it.",
    },
)
expose(
    Condition,
    "In which condition it is.",
    {
        Condition.NEW: "Never used.",
        Condition.REFURBISHED: "Used, then restored and checked.",
        Condition.USED: "Used.",
    },
)
expose(
    Visibility,
    "Who finds a listing that is on sale.",
    {
        Visibility.PUBLIC: "Everybody.",
        Visibility.UNLISTED: "Whoever has its id.",
        Visibility.PRIVATE: "Only the shop itself.",
    },
)
expose(
    AttributeType,
    "Which values an attribute takes.",
    {
        AttributeType.TEXT: "One line of text.",
        AttributeType.NUMBER: "A number, as `42` or `3.5`.",
        AttributeType.BOOLEAN: "`true` or `false`.",
        AttributeType.CHOICE: "One of the attribute's choices.",
    },
)
expose(
    StockStatus,
    "How much is there, in words; a few seconds behind at most.",
    {
        StockStatus.IN_STOCK: "Plenty.",
        StockStatus.LOW_STOCK: "The last ones.",
        StockStatus.OUT_OF_STOCK: "Sold out for now.",
    },
)


class ListingAction(StrEnum):
    """What a viewer may do to a listing: the actions of its transition table, and what its state allows besides."""

    SUBMIT = "SUBMIT"
    WITHDRAW = "WITHDRAW"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    ARCHIVE = "ARCHIVE"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    SUSPEND = "SUSPEND"
    REINSTATE = "REINSTATE"
    EDIT = "EDIT"
    DELETE = "DELETE"


expose(
    ListingAction,
    "What the viewer may do to a listing now.",
    {
        ListingAction.SUBMIT: "`submitListing`.",
        ListingAction.WITHDRAW: "`withdrawListing`.",
        ListingAction.PAUSE: "`pauseListing`.",
        ListingAction.RESUME: "`resumeListing`.",
        ListingAction.ARCHIVE: "`archiveListing`.",
        ListingAction.APPROVE: "`approveListing`.",
        ListingAction.REJECT: "`rejectListing`.",
        ListingAction.SUSPEND: "`suspendListing`.",
        ListingAction.REINSTATE: "`reinstateListing`.",
        ListingAction.EDIT: "`editListing`, and all that changes its variants.",
        ListingAction.DELETE: "`deleteDraftListing`.",
    },
)
