"""How one listing stands among the offers of its product: told to its seller, who may change something about it.

Invariant: the winning price is searched with the very decision that the buy box makes, so what is promised here holds
as long as nobody else changes anything.
"""

from dataclasses import dataclass
from uuid import UUID

from domain.catalog.model import Fulfilment
from domain.offers.buy_box import Reason, ReasonGiven, SignalPoints, price_to_win
from domain.offers.comparing import Comparison, landed_price


@dataclass(frozen=True, slots=True)
class OfferStanding:
    """`price_to_win_minor` is the listed price of the variant that is compared; None for who wins, or cannot."""

    listing_id: UUID
    product_id: UUID
    country: str
    currency: str
    rank: int | None
    considered: int
    wins: bool
    score: int | None
    signals: tuple[SignalPoints, ...]
    reasons: tuple[ReasonGiven, ...]
    price_minor: int | None
    landed_minor: int | None
    winner_landed_minor: int | None
    price_to_win_minor: int | None


def standing_of(
    comparison: Comparison, listing_id: UUID, *, product_id: UUID, country: str, currency: str
) -> OfferStanding:
    """Of a listing of the product; one that nobody can find at present stands nowhere."""
    by_id = {offer.candidate.listing_id: offer for offer in comparison.offers}
    winner = by_id[comparison.box.winner_id] if comparison.box.winner_id is not None else None
    offer = by_id.get(listing_id)
    standing = offer.standing if offer is not None else None
    same_currency = winner is not None and winner.candidate.currency == currency
    return OfferStanding(
        listing_id=listing_id,
        product_id=product_id,
        country=country,
        currency=currency,
        rank=standing.rank if standing is not None else None,
        considered=comparison.box.considered,
        wins=standing is not None and standing.wins,
        score=standing.score if standing is not None else None,
        signals=standing.signals if standing is not None else (),
        reasons=standing.reasons if standing is not None else (ReasonGiven(Reason.NOT_ON_SALE),),
        price_minor=offer.candidate.price_minor if offer is not None else None,
        landed_minor=offer.landed_minor if offer is not None else None,
        winner_landed_minor=winner.landed_minor if winner is not None and same_currency else None,
        price_to_win_minor=_price_to_win(comparison, listing_id),
    )


def _price_to_win(comparison: Comparison, listing_id: UUID) -> int | None:
    offer = next((each for each in comparison.offers if each.candidate.listing_id == listing_id), None)
    if offer is None or offer.standing.wins or offer.standing.rank is None or offer.landed_minor is None:
        return None
    terms = comparison.terms[listing_id]
    sent = offer.candidate.fulfilment is Fulfilment.SHIP
    steps = [rate.free_over_minor for rate in terms.rates or () if sent and rate.free_over_minor is not None]
    return price_to_win(
        comparison.facts,
        listing_id,
        price_minor=offer.candidate.price_minor,
        steps_minor=steps,
        landed=lambda price_minor: landed_price(price_minor, terms),
        currency=comparison.box.currency,
    )
