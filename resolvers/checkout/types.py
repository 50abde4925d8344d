"""Checkouts in the schema."""

from datetime import datetime
from enum import StrEnum

import strawberry

from domain.checkout import errors
from domain.checkout.model import CheckoutState, CheckoutStatus
from domain.checkout.reads import CheckoutEventView, CheckoutView
from domain.orders.reads import orders_of_checkout
from domain.pricing.quote import Problem, ProblemKind
from resolvers.context import Info
from resolvers.orders.types import Order
from resolvers.shared.enums import expose
from resolvers.shared.errors import UserError, failure
from resolvers.shared.scalars import MoneyType, Node, money, public_id

expose(
    CheckoutStatus,
    "How far a purchase is.",
    {
        CheckoutStatus.PROCESSING: "It moves by itself; watch `checkoutUpdated`.",
        CheckoutStatus.REQUIRES_ACTION: "It waits for the buyer: see `nextAction`.",
        CheckoutStatus.IN_REVIEW: "Authorized; somebody looks at it before money is taken.",
        CheckoutStatus.AWAITING_SELLER: "Authorized; the seller has to accept.",
        CheckoutStatus.COMPLETED: "Paid. The orders are with the sellers.",
        CheckoutStatus.FAILED: "Nothing was taken; `failureCode` says why. The cart has its lines back.",
        CheckoutStatus.EXPIRED: "It took too long; nothing was taken. The cart has its lines back.",
        CheckoutStatus.CANCELLED: "Cancelled before payment; nothing was taken. The cart has its lines back.",
    },
)
expose(
    ProblemKind,
    "Why something cannot be bought as it stands.",
    {
        ProblemKind.OUT_OF_STOCK: "Fewer are left than wanted.",
        ProblemKind.LISTING_UNAVAILABLE: "It is not for sale at the moment.",
        ProblemKind.SELLER_UNAVAILABLE: "The shop does not sell at the moment.",
        ProblemKind.FULFILMENT_UNAVAILABLE: "It is not handed over (any more) in the way that was chosen.",
        ProblemKind.NOT_SHIPPED_THERE: "The shop does not send it to that country.",
        ProblemKind.CURRENCY_NOT_SUPPORTED: "It is in another currency than the rest; buy it apart.",
        ProblemKind.BOUGHT_ALONE: "It is sold on request and has to be bought alone.",
        ProblemKind.AMOUNT_TOO_LARGE: "The amount is larger than can be charged.",
    },
)


class NextActionKind(StrEnum):
    AUTHENTICATE = "authenticate"
    PROVIDE_PAYMENT_METHOD = "provide_payment_method"


expose(
    NextActionKind,
    "What the buyer has to do.",
    {
        NextActionKind.AUTHENTICATE: "Confirm with the bank, by the provider's client library and the client secret.",
        NextActionKind.PROVIDE_PAYMENT_METHOD: "Give a (different) payment method to `continueCheckout`.",
    },
)


@strawberry.type(description="What a checkout waits for.")
class NextAction:
    kind: NextActionKind = strawberry.field(description="What to do.")
    client_secret: str | None = strawberry.field(
        description="For the provider's client library. For the buyer only; never log it."
    )
    decline_code: str | None = strawberry.field(description="Why the last payment method was declined.")


@strawberry.type(description="One purchase, from the cart to paid orders.")
class Checkout(Node):
    status: CheckoutStatus = strawberry.field(description="How far it is.")
    total: MoneyType = strawberry.field(description="What it costs in all.")
    next_action: NextAction | None = strawberry.field(description="What it waits for, while REQUIRES_ACTION.")
    failure_code: str | None = strawberry.field(description="Why it ended without payment, as `OUT_OF_STOCK`.")
    allowed_actions: list[str] = strawberry.field(description="What the buyer may do now: `CONTINUE`, `CANCEL`.")
    expires_at: datetime | None = strawberry.field(description="Until when the stock is held for it.")
    created_at: datetime = strawberry.field(description="When it was started.")
    ended_at: datetime | None = strawberry.field(description="When it came to its end.")
    last_event: int = strawberry.field(description="Sequence of its last event: pass it as `after`.")
    view: strawberry.Private[CheckoutView]

    @strawberry.field(description="One order per seller and way of fulfilment.")
    async def orders(self, info: Info) -> list[Order]:
        found = await info.context.loaders.load(orders_of_checkout, self.view.id)
        return [Order.of(view, info.context.actor) for view in found or ()]

    @classmethod
    def of(cls, view: CheckoutView) -> "Checkout":
        return cls(
            id=public_id("checkout", view.id),
            status=view.status,
            total=money(view.total_minor, view.currency),
            next_action=next_action(view),
            failure_code=view.failure_code.upper() if view.failure_code else None,
            allowed_actions=list(view.allowed_actions),
            expires_at=view.expires_at,
            created_at=view.created_at,
            ended_at=view.ended_at,
            last_event=view.sequence,
            view=view,
        )


def next_action(view: CheckoutView) -> NextAction | None:
    if view.state is not CheckoutState.REQUIRES_ACTION:
        return None
    kind = NextActionKind.AUTHENTICATE if view.wants_authentication else NextActionKind.PROVIDE_PAYMENT_METHOD
    return NextAction(
        kind=kind,
        client_secret=view.client_secret,
        decline_code=view.decline_code.upper() if view.decline_code else None,
    )


@strawberry.type(description="Something happened to a checkout.")
class CheckoutUpdate:
    event_id: strawberry.ID = strawberry.field(description="The event; the same event has the same id everywhere.")
    sequence: int = strawberry.field(description="Its place; pass the last one seen as `after` to resume.")
    reason: str | None = strawberry.field(description="What it was about, as `INSUFFICIENT_FUNDS`.")
    at: datetime = strawberry.field(description="When it happened.")
    checkout: Checkout = strawberry.field(description="The checkout as it stands now.")

    @classmethod
    def of(cls, event: CheckoutEventView, view: CheckoutView) -> "CheckoutUpdate":
        return cls(
            event_id=public_id("event", event.id),
            sequence=event.sequence,
            reason=event.reason.upper() or None,
            at=event.at,
            checkout=Checkout.of(view),
        )


@strawberry.type(description="A line that cannot be bought as it stands.")
class LineProblem:
    kind: ProblemKind = strawberry.field(description="Why.")
    variant_id: strawberry.ID = strawberry.field(description="The variant.")
    available: int | None = strawberry.field(description="How many are left, for OUT_OF_STOCK.")

    @classmethod
    def of(cls, problem: Problem) -> "LineProblem":
        return cls(kind=problem.kind, variant_id=public_id("variant", problem.variant_id), available=problem.available)


@failure(errors.ItemsUnavailable, "Some lines cannot be bought as they stand. Nothing was changed.")
class ItemsUnavailable(UserError):
    problems: list[LineProblem] = strawberry.field(description="Every such line, and why.")

    @classmethod
    def of(cls, error: errors.ItemsUnavailable) -> "ItemsUnavailable":
        return cls(
            code=error.code,
            message=error.message,
            path=["input"],
            problems=[LineProblem.of(problem) for problem in error.problems],
        )


@failure(errors.AddressRequired, "Nothing tells where it goes: a parcel needs an address, and tax needs a country.")
class AddressRequired(UserError):
    pass


@failure(errors.QuoteNotFirm, "Shipping or tax cannot be confirmed at the moment. Nothing was changed; try again.")
class QuoteNotFirm(UserError):
    pass


@failure(
    errors.PaymentUnavailable,
    "The payment provider does not answer. The stock stays reserved; repeat with the same idempotency key.",
)
class PaymentUnavailable(UserError):
    checkout_id: strawberry.ID = strawberry.field(description="The checkout that waits.")

    @classmethod
    def of(cls, error: errors.PaymentUnavailable) -> "PaymentUnavailable":
        return cls(
            code=error.code,
            message=error.message,
            path=["input"],
            checkout_id=public_id("checkout", error.checkout_id),
        )
