"""Identifiers: UUIDv7 made by the application, shown to clients as `prefix_base32` (the TypeID form).

Invariant: within one process every id is greater than the one before, so rows by id are rows by time.
"""

import os
import threading
import time
from typing import Annotated, Final
from uuid import UUID

from pydantic import BeforeValidator

from domain.shared.errors import MalformedId

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS: Final = {character: value for value, character in enumerate(_ALPHABET)}
_TEXT_LENGTH: Final = 26
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
"""Two characters at a time: every row that is shown has ids."""
_FORTY_BITS: Final = (1 << 40) - 1

PREFIXES: Final[dict[str, str]] = {
    "user": "usr",
    "session": "ses",
    "address": "adr",
    "seller": "sel",
    "seller_account": "sac",
    "invitation": "inv",
    "shipping_rate": "shr",
    "category": "cat",
    "product": "prd",
    "listing": "lst",
    "variant": "var",
    "media_asset": "med",
    "stock_item": "stk",
    "cart": "crt",
    "cart_line": "cln",
    "checkout": "chk",
    "order": "ord",
    "order_line": "oln",
    "order_event": "oev",
    "shipment": "shp",
    "payment": "pay",
    "refund": "rfd",
    "moderation_case": "mdc",
    "review": "rev",
    "notification": "ntf",
    "mail_delivery": "mdl",
    "event": "evt",
    "import": "imp",
    "export": "exp",
}
"""Noun -> prefix of its public id. The prefixes are part of the API: add, never change."""


class _Sequence:
    """The last id of this process: 48 bits of milliseconds, then a 74-bit number that only grows within one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds = 0
        self._tail = 0

    def next(self) -> UUID:
        with self._lock:
            now = time.time_ns() // 1_000_000
            if now > self._milliseconds:
                self._milliseconds = now
                self._tail = int.from_bytes(os.urandom(9)) & ((1 << 72) - 1)
            else:
                # A clock that steps back must not make a smaller id: stay in the last millisecond.
                self._tail += 1 + int.from_bytes(os.urandom(4))
            head, low = self._tail >> 62, self._tail & ((1 << 62) - 1)
            value = (self._milliseconds << 80) | (7 << 76) | ((head & 0xFFF) << 64) | (2 << 62) | low
            return UUID(int=value)


_sequence = _Sequence()


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562), greater than every id this process made before."""
    return _sequence.next()


def encode_id(noun: str, value: UUID) -> str:
    """`encode_id("listing", id)` -> `lst_01h45y...`: the prefix and 26 characters of Crockford's base 32."""
    number = value.int
    return f"{PREFIXES[noun]}_{_PAIRS[number >> 120]}{_eight(number >> 80)}{_eight(number >> 40)}{_eight(number)}"


def _eight(number: int) -> str:
    """The last eight characters. Small numbers are quicker to take apart than one of 128 bits."""
    low = number & _FORTY_BITS
    return f"{_PAIRS[low >> 30]}{_PAIRS[low >> 20 & 1023]}{_PAIRS[low >> 10 & 1023]}{_PAIRS[low & 1023]}"


def decode_id(noun: str, text: str) -> UUID:
    """The id behind its public form. Raises MalformedId for another noun's prefix or a broken text."""
    prefix, _, digits = text.partition("_")
    if prefix != PREFIXES[noun]:
        raise MalformedId(noun, text)
    return _number(noun, text, digits)


def decode_any(text: str) -> tuple[str, UUID]:
    """(noun, id) of any public id; the door of `node(id:)`."""
    prefix, _, digits = text.partition("_")
    for noun, known in PREFIXES.items():
        if known == prefix:
            return noun, _number(noun, text, digits)
    raise MalformedId("node", text)


def _number(noun: str, text: str, digits: str) -> UUID:
    if len(digits) != _TEXT_LENGTH:
        raise MalformedId(noun, text)
    number = 0
    for character in digits:
        value = _DIGITS.get(character)
        if value is None:
            raise MalformedId(noun, text)
        number = (number << 5) | value
    if number >> 128:
        raise MalformedId(noun, text)
    return UUID(int=number)


def public(noun: str) -> BeforeValidator:
    """For fields of commands: takes the public text (or an id) and gives the UUID.

    MalformedId is deliberately no ValueError: it passes through pydantic and becomes a top-level error.
    """

    def parse(value: object) -> object:
        return decode_id(noun, value) if isinstance(value, str) else value

    return BeforeValidator(parse)


AddressId = Annotated[UUID, public("address")]
CartLineId = Annotated[UUID, public("cart_line")]
CategoryId = Annotated[UUID, public("category")]
CheckoutId = Annotated[UUID, public("checkout")]
ImportId = Annotated[UUID, public("import")]
InvitationId = Annotated[UUID, public("invitation")]
ListingId = Annotated[UUID, public("listing")]
MediaAssetId = Annotated[UUID, public("media_asset")]
ModerationCaseId = Annotated[UUID, public("moderation_case")]
MailDeliveryId = Annotated[UUID, public("mail_delivery")]
NotificationId = Annotated[UUID, public("notification")]
OrderId = Annotated[UUID, public("order")]
OrderLineId = Annotated[UUID, public("order_line")]
ProductId = Annotated[UUID, public("product")]
ReviewId = Annotated[UUID, public("review")]
SellerId = Annotated[UUID, public("seller")]
SessionId = Annotated[UUID, public("session")]
ShippingRateId = Annotated[UUID, public("shipping_rate")]
UserId = Annotated[UUID, public("user")]
VariantId = Annotated[UUID, public("variant")]
