"""What each business fact books. Pure: facts in, postings out.

Invariant: every recipe sums to zero, whatever its amounts. Tax goes with the seller's gross: the seller sold the goods
and owes the tax; a jurisdiction that makes the marketplace owe it adds an entry against `platform:tax` here.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from domain.ledger.model import AccountKind, TransactionKind
from domain.ledger.posting import EntryDraft, Posting, posting_id
from domain.shared.money import split

_CLEARING: Final = AccountKind.PROVIDER_CLEARING
_ESCROW: Final = AccountKind.ESCROW


def capture(
    *, payment_id: UUID, order_id: UUID, amount_minor: int, currency: str, on: date, trace: str = ""
) -> Posting:
    """The buyer's money for one order has arrived with the provider; the platform holds it."""
    return Posting(
        id=posting_id(TransactionKind.CAPTURE, payment_id, order_id),
        kind=TransactionKind.CAPTURE,
        cause=f"payment:{payment_id}",
        currency=currency,
        order_id=order_id,
        entries=(EntryDraft(_CLEARING, amount_minor), EntryDraft(_ESCROW, -amount_minor)),
        effective_on=on,
        trace=trace,
    )


def provider_fee(*, payment_id: UUID, fee_minor: int, currency: str, on: date, trace: str = "") -> Posting:
    """What the provider kept of a payment, in the currency of that: the platform's cost, no order's."""
    return Posting(
        id=posting_id(TransactionKind.PROVIDER_FEE, payment_id),
        kind=TransactionKind.PROVIDER_FEE,
        cause=f"payment:{payment_id}",
        currency=currency,
        order_id=None,
        entries=(EntryDraft(AccountKind.PROVIDER_FEES, fee_minor), EntryDraft(_CLEARING, -fee_minor)),
        effective_on=on,
        trace=trace,
    )


def refund(
    *,
    refund_id: UUID,
    order_id: UUID,
    amount_minor: int,
    currency: str,
    on: date,
    lost_minor: int = 0,
    trace: str = "",
) -> Posting:
    """Money held for an order went back to the buyer; `lost_minor` of it is the seller's already, and the platform's
    loss."""
    return Posting(
        id=refund_id,
        kind=TransactionKind.REFUND,
        cause=f"refund:{refund_id}",
        currency=currency,
        order_id=order_id,
        entries=(
            EntryDraft(_ESCROW, amount_minor - lost_minor),
            EntryDraft(AccountKind.PLATFORM_LOSS, lost_minor),
            EntryDraft(_CLEARING, -amount_minor),
        ),
        effective_on=on,
        trace=trace,
    )


def unattributed_refund(
    *, transaction_id: UUID, payment_id: UUID, amount_minor: int, currency: str, on: date
) -> Posting:
    """Money went back to the buyer by hand, and nobody can tell for which order of the payment."""
    return Posting(
        id=transaction_id,
        kind=TransactionKind.REFUND,
        cause=f"payment:{payment_id}",
        currency=currency,
        order_id=None,
        entries=(EntryDraft(AccountKind.PLATFORM_LOSS, amount_minor), EntryDraft(_CLEARING, -amount_minor)),
        effective_on=on,
    )


def chargeback(
    *, transaction_id: UUID, payment_id: UUID, taken_minor: int, fee_minor: int, currency: str, on: date
) -> Posting:
    """The buyer's bank took money of a payment back, and the provider its fee; below zero, they gave it back.

    The marketplace's loss until then: what an order holds stays held, and whose the loss is in the end a person
    decides.
    """
    return Posting(
        id=transaction_id,
        kind=TransactionKind.CHARGEBACK,
        cause=f"payment:{payment_id}",
        currency=currency,
        order_id=None,
        entries=(
            EntryDraft(AccountKind.PLATFORM_LOSS, taken_minor),
            EntryDraft(AccountKind.PROVIDER_FEES, fee_minor),
            EntryDraft(_CLEARING, -taken_minor - fee_minor),
        ),
        effective_on=on,
    )


def attribution(
    *,
    transaction_id: UUID,
    kind: TransactionKind,
    cause: str,
    order_id: UUID,
    seller_id: UUID,
    amount_minor: int,
    held_minor: int,
    commission_minor: int,
    currency: str,
    on: date,
    trace: str = "",
) -> Posting:
    """What the platform lost is taken from an order: `held_minor` of it is still held, the rest is the seller's
    already and owed by them, less the commission that was taken of it (`commission_back`)."""
    return Posting(
        id=transaction_id,
        kind=kind,
        cause=cause,
        currency=currency,
        order_id=order_id,
        entries=(
            EntryDraft(_ESCROW, held_minor),
            EntryDraft(AccountKind.SELLER_PAYABLE, amount_minor - held_minor - commission_minor, owner_id=seller_id),
            EntryDraft(AccountKind.PLATFORM_COMMISSION, commission_minor),
            EntryDraft(AccountKind.PLATFORM_LOSS, -amount_minor),
        ),
        effective_on=on,
        trace=trace,
    )


def commission_back(
    *, released_minor: int, taken_minor: int, back_minor: int, total_minor: int, commission_minor: int
) -> int:
    """How much commission is given back with `back_minor` of what was released for an order.

    Afterwards as much is taken as if only what remains had been released. `released_minor` is with the commission,
    `taken_minor` the commission in it.
    """
    assert 0 <= back_minor <= released_minor, "no more is taken from a seller than the order brought"
    return taken_minor - _commission_of(released_minor - back_minor, total_minor, commission_minor)


def recovery_id(refund_id: UUID) -> UUID:
    """The posting that takes from the seller what was lost with a refund that came after the release."""
    return posting_id(TransactionKind.REFUND, refund_id)


def release(
    *,
    order_id: UUID,
    seller_id: UUID,
    held_minor: int,
    total_minor: int,
    commission_minor: int,
    currency: str,
    on: date,
    trace: str = "",
) -> Posting:
    """What is still held for an order becomes the seller's, less the commission.

    The commission was frozen at sale for `total_minor`; of an order that was refunded in part it is taken in the
    proportion of what is left.
    """
    due_minor = _commission_of(held_minor, total_minor, commission_minor)
    return Posting(
        id=posting_id(TransactionKind.RELEASE, order_id),
        kind=TransactionKind.RELEASE,
        cause=f"order:{order_id}",
        currency=currency,
        order_id=order_id,
        entries=_to_seller(held_minor, due_minor, seller_id),
        effective_on=on,
        trace=trace,
    )


def later_release(
    *,
    order_id: UUID,
    refund_id: UUID,
    seller_id: UUID,
    held_minor: int,
    released_minor: int,
    taken_minor: int,
    total_minor: int,
    commission_minor: int,
    currency: str,
    on: date,
) -> Posting:
    """What was taken for `refund_id` before an order's release came back after it, and becomes the seller's too.

    Afterwards as much commission is taken as if all of it had been released at once. `released_minor`, which may be
    zero, is with the commission, `taken_minor` the commission in it.
    """
    due_minor = _commission_of(released_minor + held_minor, total_minor, commission_minor) - taken_minor
    return Posting(
        id=posting_id(TransactionKind.RELEASE, order_id, refund_id),
        kind=TransactionKind.RELEASE,
        cause=f"order:{order_id}",
        currency=currency,
        order_id=order_id,
        entries=_to_seller(held_minor, due_minor, seller_id),
        effective_on=on,
    )


def _to_seller(held_minor: int, commission_minor: int, seller_id: UUID) -> tuple[EntryDraft, ...]:
    """Out of escrow, less commission."""
    return (
        EntryDraft(_ESCROW, held_minor),
        EntryDraft(AccountKind.SELLER_PAYABLE, commission_minor - held_minor, owner_id=seller_id),
        EntryDraft(AccountKind.PLATFORM_COMMISSION, -commission_minor),
    )


def _commission_of(part_minor: int, total_minor: int, commission_minor: int) -> int:
    return split(commission_minor, [part_minor, total_minor - part_minor])[0]


def reversal(
    *,
    transaction_id: UUID,
    order_id: UUID | None,
    entries: Sequence[EntryDraft],
    currency: str,
    cause: str,
    on: date,
    trace: str = "",
) -> Posting:
    """Takes back a transaction as a whole, once; `cause` names why. What was written stays written."""
    return Posting(
        id=posting_id(TransactionKind.REVERSAL, transaction_id),
        kind=TransactionKind.REVERSAL,
        cause=cause,
        currency=currency,
        order_id=order_id,
        entries=tuple(EntryDraft(entry.account, -entry.amount_minor, entry.owner_id) for entry in entries),
        effective_on=on,
        reverses_id=transaction_id,
        trace=trace,
    )
