"""What a past sale left behind of the purchase: checkout, stock, payment, and the books.

Invariant: reserved and committed to the unit, captured and shared out to the cent, released with nothing left in
escrow; every ledger transaction is made by the ledger's own recipes.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from app.demo.rows import Rows
from app.demo.sales import DemoSale
from domain.checkout.model import Checkout, CheckoutEvent, CheckoutState
from domain.inventory.model import MovementKind, Reservation, ReservationStatus, StockMovement
from domain.ledger import recipes
from domain.ledger.model import AccountKind, Balance, Entry, LedgerTransaction
from domain.ledger.posting import FLOORS, Posting, account_id, balance_id
from domain.payments.model import Payment, PaymentAllocation, PaymentStatus
from domain.pricing.freezing import freeze
from domain.sellers.ports import PROVIDER_NAME
from domain.shared.money import share_ppm

FEE_PPM: Final = 29_000
FEE_FIXED_MINOR: Final = 30
_STATES: Final = (CheckoutState.AUTHORIZING, CheckoutState.CAPTURING, CheckoutState.COMPLETED)


def add_purchase(rows: Rows, sale: DemoSale) -> None:
    _add_checkout(rows, sale)
    _add_stock(rows, sale)
    _add_payment(rows, sale)


def add_postings(rows: Rows, sale: DemoSale, postings: Sequence[Posting]) -> None:
    for place, posting in enumerate(postings):
        _add_posting(rows, sale, posting, place)
    escrow = account_id(AccountKind.ESCROW, None, sale.quote.currency)
    rows.add(
        Balance,
        {
            "id": balance_id(escrow, sale.order_id),
            "account_id": escrow,
            "order_id": sale.order_id,
            "amount_minor": 0,
            "floor_minor": FLOORS[AccountKind.ESCROW],
        },
    )


def _add_checkout(rows: Rows, sale: DemoSale) -> None:
    buyer = f"user:{sale.buyer_id}"
    line = {"variant_id": str(sale.variant.id), "quantity": sale.quantity, "seen_price_minor": sale.variant.price_minor}
    rows.add(
        Checkout,
        {
            "id": sale.checkout_id,
            "buyer_id": sale.buyer_id,
            "state": CheckoutState.COMPLETED,
            "epoch": len(_STATES),
            "currency": sale.quote.currency,
            "total_minor": sale.quote.total_minor,
            "quote": freeze(sale.quote),
            "lines": [line],
            "event_sequence": len(_STATES),
            "created_at": sale.placed_at,
            "updated_at": sale.paid_at,
            "ended_at": sale.paid_at,
        },
    )
    for sequence, state in enumerate(_STATES, 1):
        rows.add(
            CheckoutEvent,
            {
                "id": sale.id("checkout-event", sequence),
                "checkout_id": sale.checkout_id,
                "sequence": sequence,
                "state": state,
                "actor": buyer if sequence == 1 else "system",
                "at": sale.placed_at + timedelta(seconds=sequence),
            },
        )


def _add_stock(rows: Rows, sale: DemoSale) -> None:
    rows.add(
        Reservation,
        {
            "id": sale.id("reservation"),
            "stock_item_id": sale.variant.stock_item_id,
            "checkout_id": sale.checkout_id,
            "variant_id": sale.variant.id,
            "quantity": sale.quantity,
            "status": ReservationStatus.COMMITTED,
            "created_at": sale.placed_at,
            "ended_at": sale.paid_at,
        },
    )
    common = {"stock_item_id": sale.variant.stock_item_id, "cause_id": sale.checkout_id}
    taken = {"kind": MovementKind.RESERVE, "reserved_delta": sale.quantity, "actor": f"user:{sale.buyer_id}"}
    gone = {"kind": MovementKind.COMMIT, "on_hand_delta": -sale.quantity, "reserved_delta": -sale.quantity}
    rows.add(
        StockMovement,
        {**common, **taken, "id": sale.id("reserved"), "at": sale.placed_at},
        {**common, **gone, "id": sale.id("sold"), "actor": "system", "at": sale.paid_at},
    )


def _add_payment(rows: Rows, sale: DemoSale) -> None:
    total_minor = sale.quote.total_minor
    rows.add(
        Payment,
        {
            "id": sale.payment_id,
            "checkout_id": sale.checkout_id,
            "provider": PROVIDER_NAME,
            "provider_ref": f"pi_demo_{sale.payment_id.hex}",
            "status": PaymentStatus.CAPTURED,
            "currency": sale.quote.currency,
            "amount_minor": total_minor,
            "captured_minor": total_minor,
            "fee_minor": fee_of(total_minor),
            "payment_method": "pm_card_visa",
            "created_at": sale.placed_at,
            "updated_at": sale.paid_at,
        },
    )
    rows.add(
        PaymentAllocation,
        {
            "payment_id": sale.payment_id,
            "order_id": sale.order_id,
            "amount_minor": total_minor,
            "authorized_minor": total_minor,
            "captured_minor": total_minor,
        },
    )


def fee_of(amount_minor: int) -> int:
    return min(amount_minor, share_ppm(amount_minor, FEE_PPM) + FEE_FIXED_MINOR)


def postings_of(sale: DemoSale) -> tuple[Posting, Posting, Posting]:
    """Captured, the provider's fee, released."""
    part, paid_on = sale.seller_quote, sale.paid_at.date()
    currency, total_minor = sale.quote.currency, sale.quote.total_minor
    return (
        recipes.capture(
            payment_id=sale.payment_id, order_id=sale.order_id, amount_minor=total_minor, currency=currency, on=paid_on
        ),
        recipes.provider_fee(payment_id=sale.payment_id, fee_minor=fee_of(total_minor), currency=currency, on=paid_on),
        recipes.release(
            order_id=sale.order_id,
            seller_id=part.seller_id,
            held_minor=total_minor,
            total_minor=total_minor,
            commission_minor=part.commission_minor,
            currency=currency,
            on=sale.completed_at.date(),
        ),
    )


def _add_posting(rows: Rows, sale: DemoSale, posting: Posting, place: int) -> None:
    booked_at = sale.completed_at if place == 2 else sale.paid_at
    rows.add(
        LedgerTransaction,
        {
            "id": posting.id,
            "kind": posting.kind,
            "cause": posting.cause,
            "order_id": posting.order_id,
            "effective_on": posting.effective_on,
            "created_at": booked_at,
        },
    )
    for part, entry in enumerate(posting.entries):
        rows.add(
            Entry,
            {
                "id": sale.id("entry", place * 10 + part, booked_at),
                "transaction_id": posting.id,
                "account_id": account_id(*posting.key_of(entry)),
                "order_id": posting.order_id,
                "amount_minor": entry.amount_minor,
                "currency": posting.currency,
            },
        )
