"""The words of notifications and their mails in the schema; types and inputs take them from here."""

from domain.notifications.model import DeliveryState, NotificationKind
from resolvers.shared.enums import expose

__all__ = ["DeliveryState", "NotificationKind"]

_K, _D = NotificationKind, DeliveryState

expose(
    NotificationKind,
    "What a notification tells. New kinds may come: show `title` and `body` for those you do not know.",
    {
        _K.ORDER_PLACED: "To the buyer: the purchase went through, or waits for a seller's yes.",
        _K.ORDER_PAID: "To the buyer: an order's money was received.",
        _K.ORDER_SHIPPED: "To the buyer: the last parcel of an order left.",
        _K.ORDER_DELIVERED: "To the buyer: an order arrived.",
        _K.ORDER_READY: "To the buyer: an order can be fetched.",
        _K.ORDER_LATE: "To the buyer: an order should have been sent by now.",
        _K.ORDER_REST_CANCELLED: "To the buyer: what had not left of an order was cancelled.",
        _K.ORDER_CANCELLED: "To the buyer: an order was cancelled.",
        _K.ORDER_REFUNDED: "To the buyer: money went back.",
        _K.NEW_ORDER: "To everybody in a shop: there is something to send, or to accept first.",
        _K.SALE_LATE: "To everybody in a shop: an order should have been sent by now.",
        _K.SALE_REST_CANCELLED: "To everybody in a shop: what had not left of an order must not be sent any more.",
        _K.SALE_CANCELLED: "To everybody in a shop: an order was cancelled by somebody else.",
        _K.PAYMENT_RECEIVED: "To a shop's owners: an order is over and its money is the shop's.",
        _K.LISTING_APPROVED: "To everybody in a shop: a listing is on sale by decision of the marketplace.",
        _K.LISTING_REJECTED: "To everybody in a shop: a listing was not approved.",
        _K.LISTING_SUSPENDED: "To everybody in a shop: a listing was taken off sale by the marketplace.",
        _K.SHOP_DECIDED: "To a shop's owners: it was approved, rejected, restricted, suspended or reinstated.",
        _K.MEMBER_JOINED: "To a shop's owners: somebody works for it from now on.",
        _K.MEMBER_LEFT: "To a shop's owners: somebody works for it no longer.",
        _K.MEMBER_REMOVED: "To a user: an owner has removed them from a shop that they worked for.",
        _K.NEW_REVIEW: "To everybody in a shop: a buyer has reviewed it, or a listing of it.",
        _K.REVIEW_REPLIED: "To the buyer: the shop has answered their review.",
        _K.BUYER_REVIEWED: "To the buyer: the shop has said how the order went with them.",
        _K.PASSWORD_CHANGED: "To a user: their password was changed.",
        _K.SESSION_STOLEN: "To a user: a session was ended because somebody may have had a copy of it.",
    },
)
expose(
    DeliveryState,
    "How far a mail is.",
    {
        _D.WAITING: "It will be sent, or tried again.",
        _D.SENDING: "It is being handed to the mail server.",
        _D.SENT: "The mail server has taken it.",
        _D.REFUSED: "The mail server will never take it.",
        _D.DEAD: "Given up after all attempts.",
        _D.SKIPPED: "Nobody is there to be told, or they want no mail of this kind.",
    },
    name="MailState",
)
