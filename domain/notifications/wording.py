"""The words of notifications, in one place per language: titles, sentences, and when a sentence is said.

Invariant: every kind has words in every language (a test renders all), and words come from constants here: values are
put in, never read as templates.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.notifications.model import NotificationKind
from domain.notifications.reads import NotificationView
from domain.sellers.model import SellerStatus
from domain.shared.money import Money

_K = NotificationKind


@dataclass(frozen=True, slots=True)
class Sentence:
    """Said only when every value that it names is known."""

    text: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    title: str
    body: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """One language. `decisions` says how a shop stands, `when` writes a time."""

    language: str
    templates: Mapping[NotificationKind, Template]
    decisions: Mapping[SellerStatus, str]
    when: Callable[[datetime], str]
    greeting: str
    link: str
    why: str
    invitation_title: str
    invitation_body: str
    invitation_link: str
    invitation_why: str
    farewell_title: str
    farewell_body: str
    farewell_link: str
    farewell_why: str


@dataclass(frozen=True, slots=True)
class Words:
    """`title` is one line; `body` is a sentence or more."""

    title: str
    body: str


def words_of(view: NotificationView) -> Words:
    """What the notification says to its recipient, in their language or else in English."""
    wording = wording_for(view.locale)
    template = wording.templates[view.kind]
    values = _values(view, wording)
    said = (each for each in template.body if all(values[name] for name in each.needs))
    title = template.title.format_map(values)
    return Words(one_line(title), " ".join(each.text.format_map(values) for each in said))


def wording_for(locale: str) -> Wording:
    """By the language of a locale as `de-AT`."""
    return WORDINGS.get(locale.partition("-")[0].lower(), ENGLISH)


def one_line(text: str) -> str:
    """Without anything that could end a line or be invisible: what people wrote may go into a heading."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _values(view: NotificationView, wording: Wording) -> dict[str, str]:
    decision = wording.decisions[view.decision] if view.decision is not None else ""
    return {
        "numbers": ", ".join(view.order_numbers),
        "number": view.order_number or "",
        "total": _amount(view.total_minor, view.currency),
        "amount": _amount(view.amount_minor, view.currency),
        "shop": one_line(view.shop_name or ""),
        "listing": one_line(view.listing_title or ""),
        "decision": decision,
        "reason": one_line(view.reason or ""),
        "carrier": one_line(view.carrier or ""),
        "tracking": one_line(view.tracking_number or ""),
        "deadline": wording.when(view.deadline_at) if view.deadline_at is not None else "",
        "member": one_line(view.member_name or ""),
        "paid": "yes" if view.paid_at is not None else "",
    }


def _amount(minor: int | None, currency: str | None) -> str:
    return Money(minor, currency).formatted() if minor is not None and currency is not None else ""


def _template(title: str, *body: Sentence | str) -> Template:
    return Template(title, tuple(each if isinstance(each, Sentence) else Sentence(each) for each in body))


_REASON: Final = Sentence("The reason given: {reason}", ("reason",))

ENGLISH: Final = Wording(
    language="en",
    templates={
        _K.ORDER_PLACED: _template(
            "Your order is placed",
            "Thank you for your order over {total}.",
            Sentence("Its number: {numbers}.", ("numbers",)),
        ),
        _K.ORDER_PAID: _template(
            "Order {number} is paid",
            "We have received your payment of {total} for order {number}. {shop} gets it ready for you.",
        ),
        _K.ORDER_SHIPPED: _template(
            "Order {number} is on its way",
            "{shop} has sent order {number}.",
            Sentence("Follow your parcel: {carrier} {tracking}.", ("carrier", "tracking")),
        ),
        _K.ORDER_DELIVERED: _template(
            "Order {number} has arrived",
            "Order {number} from {shop} was delivered.",
            "If all is well, confirm it; if not, tell us before the money goes to the shop.",
        ),
        _K.ORDER_READY: _template(
            "Order {number} is ready for you",
            "You can fetch order {number} from {shop} now. Where, and the code to show there, stand with the order.",
        ),
        _K.ORDER_LATE: _template(
            "Order {number} is late",
            "{shop} should have sent order {number} by now. We have reminded them.",
            "What is not sent in the end is cancelled, and you get your money back.",
        ),
        _K.ORDER_REST_CANCELLED: _template(
            "Part of order {number} is cancelled",
            "What had not left of order {number} from {shop} was cancelled, and what it cost goes back to you.",
        ),
        _K.ORDER_CANCELLED: _template(
            "Order {number} is cancelled",
            "Order {number} from {shop} was cancelled.",
            Sentence("What you paid goes back the way it came.", ("paid",)),
            _REASON,
        ),
        _K.ORDER_REFUNDED: _template(
            "{amount} refunded",
            "{amount} for order {number} from {shop} went back to you.",
            "Until it shows on your account may take your bank some days.",
        ),
        _K.NEW_ORDER: _template(
            "New order {number}",
            "{shop} has a new order over {total}: {number}.",
            Sentence("Accept or decline it by {deadline}.", ("deadline",)),
        ),
        _K.SALE_LATE: _template(
            "Order {number} is late",
            "Order {number} of {shop} should have been sent by now. Send it, or it will be cancelled.",
        ),
        _K.SALE_REST_CANCELLED: _template(
            "Part of order {number} was cancelled",
            "What had not left of order {number} of {shop} was cancelled. Do not send it.",
        ),
        _K.SALE_CANCELLED: _template(
            "Order {number} was cancelled",
            "Order {number} of {shop} was cancelled. Do not send it.",
            _REASON,
        ),
        _K.PAYMENT_RECEIVED: _template(
            "Payment received: {amount}",
            "Order {number} is complete, and {amount} of it belong to {shop} now.",
        ),
        _K.LISTING_APPROVED: _template(
            "“{listing}” is on sale", "The listing “{listing}” of {shop} was approved and is on sale."
        ),
        _K.LISTING_REJECTED: _template(
            "“{listing}” was not approved",
            "The listing “{listing}” of {shop} was not approved.",
            _REASON,
        ),
        _K.LISTING_SUSPENDED: _template(
            "“{listing}” was taken off sale",
            "The marketplace took the listing “{listing}” of {shop} off sale.",
            _REASON,
        ),
        _K.SHOP_DECIDED: _template("{shop} {decision}", "{shop} {decision}.", _REASON),
        _K.MEMBER_JOINED: _template(
            "A colleague has joined {shop}",
            Sentence("{member} works for {shop} now.", ("member",)),
            "Owners see who works for the shop, and can remove whoever should not.",
        ),
        _K.MEMBER_LEFT: _template(
            "A colleague has left {shop}",
            Sentence("{member} works for {shop} no longer.", ("member",)),
            "Whoever has left sees nothing of the shop any more.",
        ),
        _K.MEMBER_REMOVED: _template(
            "You work for {shop} no longer",
            "An owner of {shop} has removed you from those who work for it.",
            "Your own account is as it was.",
        ),
        _K.NEW_REVIEW: _template(
            "A new review",
            Sentence("A buyer has reviewed {listing}.", ("listing",)),
            "It is about order {number}. You may answer it; everybody reads the answer.",
        ),
        _K.REVIEW_REPLIED: _template(
            "{shop} has answered your review", "{shop} has answered what you wrote about order {number}."
        ),
        _K.BUYER_REVIEWED: _template(
            "{shop} has reviewed you", "{shop} has said how order {number} went with you. Only you and shops read it."
        ),
        _K.PASSWORD_CHANGED: _template(
            "Your password was changed",
            "The password of your account was changed, and everywhere else you were signed out.",
            "If this was not you, write to us at once.",
        ),
        _K.SESSION_STOLEN: _template(
            "We signed you out on one device",
            "A sign-in of yours was used twice, as if somebody had a copy of it, so we ended it.",
            "If you see this more than once, change your password.",
        ),
    },
    decisions={
        SellerStatus.APPLIED: "waits to be approved",
        SellerStatus.ACTIVE: "is approved and may sell",
        SellerStatus.RESTRICTED: "is restricted: new listings are reviewed and nothing is paid out",
        SellerStatus.SUSPENDED: "is suspended and sells nothing for now",
        SellerStatus.REJECTED: "was not approved",
    },
    when=lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC",
    greeting="Hello {name},",
    link="See it here:",
    why="You get this mail because of your account at the marketplace. What is mailed to you is set in your account.",
    invitation_title="Work for {shop}?",
    invitation_body="{shop} invites you to work for the shop at the marketplace. Sign in with this e-mail address, or "
    "register with it, and accept by {deadline}.",
    invitation_link="Accept it here:",
    invitation_why="You get this mail because an owner of the shop entered your address. If you do not know the shop, "
    "do nothing: without your yes nothing happens.",
    farewell_title="Your account was erased",
    farewell_body="Your account at the marketplace was erased for good, with your addresses, sign-ins and messages. "
    "Orders and reviews stay without your name. If you did not want this, write to us at once.",
    farewell_link="You are welcome again:",
    farewell_why="This is the last mail about your account. We have deleted this address with it.",
)
WORDINGS: Final[Mapping[str, Wording]] = {ENGLISH.language: ENGLISH}
"""Language -> words. A further language is one more constant and one more line here."""
