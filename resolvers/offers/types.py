"""Offers, the buy box and a seller's own standing in the schema."""

import strawberry

import resolvers.catalog.enums  # noqa: F401  # describes the enums used here
from domain.catalog.model import Condition, Fulfilment
from domain.inventory.model import StockStatus
from domain.offers import comparing, standing
from domain.offers.buy_box import POINTS_MAX, WEIGHTS, Reason, ReasonGiven, Signal, SignalPoints
from domain.offers.comparing import OfferSort
from domain.offers.words import sentence
from domain.shared.actor import Actor
from resolvers.sellers.cards import ShopCard, stars
from resolvers.shared.directives import ListSize
from resolvers.shared.enums import expose
from resolvers.shared.scalars import CurrencyCode, MoneyType, money, public_id

FEW = ListSize(assumed_size=4)

expose(
    OfferSort,
    "The order of a product's offers. Those of several currencies come one currency after the other.",
    {
        OfferSort.BEST: "As the buy box sees them: its winner first, what cannot be had last.",
        OfferSort.PRICE: "The lowest price delivered first.",
        OfferSort.DELIVERY: "The earliest at the latest first.",
        OfferSort.RATING: "The best rated seller first.",
    },
)
expose(
    Signal,
    "What the buy box weighs.",
    {
        Signal.PRICE: "The price delivered, against the lowest.",
        Signal.DELIVERY: "The day by which it is there.",
        Signal.RATING: "The seller's rating.",
        Signal.STOCK: "Whether there is plenty of it.",
    },
    name="BuyBoxSignalKind",
)
expose(
    Reason,
    "Why an offer stands where it does. New reasons may come: keep a default branch.",
    {
        Reason.ONLY_OFFER: "Wins: nobody else offers it so.",
        Reason.LOWEST_PRICE: "Wins: nobody asks less. Numbers: minor units, of this one and of the next.",
        Reason.FASTEST_DELIVERY: "Wins: it is there first. Numbers: days.",
        Reason.BEST_RATING: "Wins: the best rated seller. Numbers: thousandths of a star.",
        Reason.BEST_SCORE: "Wins: the most points in all. Numbers: points.",
        Reason.HIGHER_PRICE: "Loses: it costs more delivered. Numbers: minor units, of this one and of the winner.",
        Reason.SLOWER_DELIVERY: "Loses: it takes longer. Numbers: days.",
        Reason.LOWER_RATING: "Loses: its seller is rated lower. Numbers: thousandths of a star.",
        Reason.LESS_STOCK: "Loses: little of it is left.",
        Reason.LISTED_LATER: "Loses: as good as the winner, but listed later.",
        Reason.ABOVE_PRICE_BAND: "Loses: it costs too much to be compared in anything else. Numbers: minor units, "
        "of this one and the most that could win.",
        Reason.LESSER_CONDITION: "Loses: it can be had in a better condition.",
        Reason.OTHER_CURRENCY: "Loses: most offers are in another currency.",
        Reason.NOT_ON_SALE: "Out: nobody can find it at present.",
        Reason.OUT_OF_STOCK: "Out: none is left.",
        Reason.SELLER_RESTRICTED: "Out: the marketplace has restricted the shop.",
        Reason.SELLER_NOT_PAYABLE: "Out: the shop's payment account cannot take payments.",
        Reason.NOT_DELIVERED: "Out: the shop does not send there, or it is not known at what price.",
        Reason.COLLECTED: "Out: it is fetched or done on site, so its price delivered cannot be compared.",
        Reason.NOT_AT_ONCE: "Out: it is sold by request or booking.",
    },
    name="BuyBoxReasonKind",
)


@strawberry.type(description="One thing that the buy box weighs, with the numbers.")
class BuyBoxSignal:
    signal: Signal = strawberry.field(description="What.")
    value: int = strawberry.field(
        description="Minor units delivered, days, thousandths of a star, or 1 for plenty of stock."
    )
    points: int = strawberry.field(description=f"What that is worth, 0 to {POINTS_MAX}.")
    weight: int = strawberry.field(description="What the points count by.")
    contribution: int = strawberry.field(description="Points times weight; the contributions sum to the score.")

    @classmethod
    def of(cls, view: SignalPoints) -> "BuyBoxSignal":
        return cls(
            signal=view.signal,
            value=view.value,
            points=view.points,
            weight=WEIGHTS[view.signal],
            contribution=view.contribution,
        )


@strawberry.type(description="A reason for the place of an offer.")
class BuyBoxReason:
    kind: Reason = strawberry.field(description="Which.")
    actual: int | None = strawberry.field(description="The number of this offer, if it is about one.")
    compared: int | None = strawberry.field(description="What it is compared with.")
    message: str = strawberry.field(description="The same as a sentence, in English, with its numbers in units.")

    @classmethod
    def of(cls, view: ReasonGiven, currency: str) -> "BuyBoxReason":
        return cls(kind=view.reason, actual=view.actual, compared=view.compared, message=sentence(view, currency))


@strawberry.type(description="How one unit of an offer gets to the buyer.")
class OfferDelivery:
    name: str = strawberry.field(description="The parcel in the shop's words; empty where nothing is sent.")
    price: MoneyType = strawberry.field(description="What the shop asks, tax and all; nothing where nothing is sent.")
    days_min: int = strawberry.field(description="Days from the payment until it is there, at least.")
    days_max: int = strawberry.field(description="Days from the payment until it is there, at most.")


@strawberry.type(description="A listing of a product as it stands among those of other shops.")
class Offer:
    listing_id: strawberry.ID = strawberry.field(description="The listing.")
    variant_id: strawberry.ID = strawberry.field(description="Its cheapest variant that can be had: for the cart.")
    title: str = strawberry.field(description="The listing's title.")
    variant_title: str = strawberry.field(description="What sets the variant apart; may be empty.")
    condition: Condition = strawberry.field(description="In which condition it is.")
    fulfilment: Fulfilment = strawberry.field(description="How the buyer gets it at this price.")
    fulfilments: list[Fulfilment] = strawberry.field(
        description="All ways in which it can be had; the first one unless the buyer chooses."
    )
    stock_status: StockStatus = strawberry.field(description="How much of it is there, in words.")
    price: MoneyType = strawberry.field(description="What one costs, with the tax of the country it goes to.")
    tax: MoneyType = strawberry.field(description="The tax in that price.")
    tax_included: bool = strawberry.field(description="The listed price contains the tax; else it was added here.")
    delivery: OfferDelivery | None = strawberry.field(
        description="How it gets there; null when the shop does not send it there, or it is not known."
    )
    landed_price: MoneyType | None = strawberry.field(
        description="Price and delivery together: what a checkout of one would ask. Null without a delivery."
    )
    country: str = strawberry.field(description="Where it goes, ISO 3166-1 alpha-2.")
    estimated: bool = strawberry.field(description="From rates that may be out of date.")
    rating: float | None = strawberry.field(description="Average of the listing's reviews; null without any.")
    rating_count: int = strawberry.field(description="How many reviews that average is made of.")
    shop: ShopCard = strawberry.field(description="Who sells it.")
    rank: int | None = strawberry.field(description="Its place from 1 among what can be had; null when it cannot.")
    wins_buy_box: bool = strawberry.field(description="It is the one to show first.")
    score: int | None = strawberry.field(description="Its points in all; null when it could not win.")
    signals: list[BuyBoxSignal] = strawberry.field(description="What the score is made of.", directives=[FEW])
    reasons: list[BuyBoxReason] | None = strawberry.field(
        description="Why it wins; why it loses only its own shop and administrators see.", directives=[FEW]
    )

    @classmethod
    def of(cls, view: comparing.Offer, actor: Actor) -> "Offer":
        item, place, currency = view.candidate, view.standing, view.candidate.currency
        told = place.wins or actor.seller_id == item.seller_id or bool(actor.roles)
        return cls(
            listing_id=public_id("listing", item.listing_id),
            variant_id=public_id("variant", item.variant_id),
            title=item.title,
            variant_title=item.variant_title,
            condition=item.condition,
            fulfilment=item.fulfilment,
            fulfilments=list(item.fulfilments),
            stock_status=item.stock_status,
            price=money(view.item_minor, currency),
            tax=money(view.tax_minor, currency),
            tax_included=view.tax_included,
            delivery=_delivery(view.delivery, currency),
            landed_price=money(view.landed_minor, currency) if view.landed_minor is not None else None,
            country=view.country,
            estimated=view.estimated,
            rating=stars(item.rating_millis),
            rating_count=item.rating_count,
            shop=ShopCard(
                seller_id=public_id("seller", item.seller_id),
                name=item.seller_name,
                slug=item.seller_slug,
                rating=stars(item.seller_rating_millis),
                rating_count=item.seller_rating_count,
            ),
            rank=place.rank,
            wins_buy_box=place.wins,
            score=place.score,
            signals=[BuyBoxSignal.of(each) for each in place.signals],
            reasons=[BuyBoxReason.of(each, currency) for each in place.reasons] if told else None,
        )


def _delivery(view: comparing.Delivery | None, currency: str) -> OfferDelivery | None:
    if view is None:
        return None
    return OfferDelivery(
        name=view.name, price=money(view.price_minor, currency), days_min=view.days_min, days_max=view.days_max
    )


@strawberry.type(description="The offer of a product to show first, by the rule of the documentation.")
class BuyBox:
    winner: Offer | None = strawberry.field(description="The offer; null when nothing can be had so.")
    currency: CurrencyCode | None = strawberry.field(description="The currency in which offers were compared.")
    condition: Condition | None = strawberry.field(description="The condition in which offers were compared.")
    considered: int = strawberry.field(description="How many offers could have won.")

    @classmethod
    def of(cls, view: comparing.Comparison, actor: Actor) -> "BuyBox":
        winner = next((each for each in view.offers if each.standing.wins), None)
        return cls(
            winner=Offer.of(winner, actor) if winner is not None else None,
            currency=CurrencyCode(view.box.currency) if view.box.currency is not None else None,
            condition=view.box.condition,
            considered=view.box.considered,
        )


@strawberry.type(description="How a shop's own listing stands among the offers of its product.")
class OfferStanding:
    listing_id: strawberry.ID = strawberry.field(description="The listing.")
    product_id: strawberry.ID = strawberry.field(description="The product.")
    country: str = strawberry.field(description="Where everything was sent for the comparison.")
    rank: int | None = strawberry.field(description="Its place from 1 among what can be had; null when it cannot.")
    considered: int = strawberry.field(description="How many offers could have won.")
    wins: bool = strawberry.field(description="It is the one to show first.")
    score: int | None = strawberry.field(description="Its points in all; null when it could not win.")
    signals: list[BuyBoxSignal] = strawberry.field(description="What the score is made of.", directives=[FEW])
    reasons: list[BuyBoxReason] = strawberry.field(description="Why it wins or loses.", directives=[FEW])
    price: MoneyType | None = strawberry.field(description="The listed price of the variant that was compared.")
    landed_price: MoneyType | None = strawberry.field(description="What a buyer pays for one, delivered.")
    winning_landed_price: MoneyType | None = strawberry.field(
        description="What a buyer pays for the winner, delivered; null when it is in another currency."
    )
    price_to_win: MoneyType | None = strawberry.field(
        description="The highest listed price with which it would win, all else as it is; null when it wins already, "
        "or no price would do."
    )

    @classmethod
    def of(cls, view: standing.OfferStanding) -> "OfferStanding":
        def amount(minor: int | None) -> MoneyType | None:
            return money(minor, view.currency) if minor is not None else None

        return cls(
            listing_id=public_id("listing", view.listing_id),
            product_id=public_id("product", view.product_id),
            country=view.country,
            rank=view.rank,
            considered=view.considered,
            wins=view.wins,
            score=view.score,
            signals=[BuyBoxSignal.of(each) for each in view.signals],
            reasons=[BuyBoxReason.of(each, view.currency) for each in view.reasons],
            price=amount(view.price_minor),
            landed_price=amount(view.landed_minor),
            winning_landed_price=amount(view.winner_landed_minor),
            price_to_win=amount(view.price_to_win_minor),
        )
