"""A reason of the buy box as a sentence for people, with its numbers in units."""

from collections.abc import Mapping
from typing import Final

from domain.offers.buy_box import Reason, ReasonGiven
from domain.shared.money import formatted

_R = Reason
_SENTENCES: Final[Mapping[Reason, str]] = {
    _R.ONLY_OFFER: "Nobody else offers it so.",
    _R.LOWEST_PRICE: "Nobody asks less: it costs {actual} delivered, the next one {compared}.",
    _R.FASTEST_DELIVERY: "It is there first: within {actual}, the next one within {compared}.",
    _R.BEST_RATING: "Its shop is rated best: it counts as {actual}, the next one as {compared}.",
    _R.BEST_SCORE: "It has the most points in all: {actual}, the next one {compared}.",
    _R.HIGHER_PRICE: "It costs {actual} delivered, the winner {compared}.",
    _R.SLOWER_DELIVERY: "It is there within {actual}, the winner within {compared}.",
    _R.LOWER_RATING: "Its shop's rating counts as {actual}, the winner's as {compared}.",
    _R.LESS_STOCK: "Little of it is left, and plenty of the winner's.",
    _R.LISTED_LATER: "It is as good as the winner, but was listed later.",
    _R.ABOVE_PRICE_BAND: "It costs {actual} delivered; with more than {compared} no offer can win.",
    _R.LESSER_CONDITION: "It can be had in a better condition.",
    _R.OTHER_CURRENCY: "Most offers are in another currency.",
    _R.NOT_ON_SALE: "Nobody can find it at present.",
    _R.OUT_OF_STOCK: "None of it is left.",
    _R.SELLER_RESTRICTED: "The marketplace has restricted the shop.",
    _R.SELLER_NOT_PAYABLE: "The shop's payment account cannot take payments.",
    _R.NOT_DELIVERED: "The shop does not send it there, or it is not known at what price.",
    _R.COLLECTED: "It is fetched or done on site, so its price delivered cannot be compared.",
    _R.NOT_AT_ONCE: "It is sold by request or booking.",
}
_PRICES: Final = frozenset({_R.LOWEST_PRICE, _R.HIGHER_PRICE, _R.ABOVE_PRICE_BAND})
_SPANS: Final = frozenset({_R.FASTEST_DELIVERY, _R.SLOWER_DELIVERY})
_RATINGS: Final = frozenset({_R.BEST_RATING, _R.LOWER_RATING})


def sentence(given: ReasonGiven, currency: str) -> str:
    """In English; `currency` is that of the offer, which is also that of whatever it was compared with."""
    return _SENTENCES[given.reason].format(
        actual=_quantity(given.reason, given.actual, currency),
        compared=_quantity(given.reason, given.compared, currency),
    )


def _quantity(reason: Reason, number: int | None, currency: str) -> str:
    if number is None:
        return ""
    if reason in _PRICES:
        return formatted(number, currency)
    if reason in _SPANS:
        return "one day" if number == 1 else f"{number} days"
    return f"{number / 1000:.2f} stars" if reason in _RATINGS else f"{number}"
