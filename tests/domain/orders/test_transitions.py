"""The table of an order's states, walked exhaustively: what it allows, and nothing else."""

import pytest

from domain.orders.model import ORDER_TRANSITIONS, OrderStatus
from domain.shared.errors import IllegalTransition
from domain.shared.transitions import Party

S, P = OrderStatus, Party

LEGAL = {
    (S.PENDING_PAYMENT, S.PAID): {P.SYSTEM},
    (S.PENDING_PAYMENT, S.AWAITING_SELLER): {P.SYSTEM},
    (S.PENDING_PAYMENT, S.CANCELLED): {P.SYSTEM},
    (S.AWAITING_SELLER, S.PAID): {P.SELLER, P.SYSTEM},
    (S.AWAITING_SELLER, S.CANCELLED): {P.SELLER, P.SYSTEM},
    (S.PAID, S.SHIPPED): {P.SELLER, P.SYSTEM},
    (S.PAID, S.DELIVERED): {P.SELLER},
    (S.PAID, S.CANCELLED): {P.BUYER, P.SELLER, P.ADMIN, P.SYSTEM},
    (S.SHIPPED, S.DELIVERED): {P.CARRIER, P.SYSTEM},
    (S.SHIPPED, S.COMPLETED): {P.BUYER, P.SYSTEM},
    (S.DELIVERED, S.COMPLETED): {P.BUYER, P.SYSTEM},
}


@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize("target", OrderStatus)
@pytest.mark.parametrize("source", OrderStatus)
def test_every_step(source: OrderStatus, target: OrderStatus, party: Party) -> None:
    if party in LEGAL.get((source, target), set()):
        assert ORDER_TRANSITIONS.check(source, target, party).target is target
    else:
        with pytest.raises(IllegalTransition):
            ORDER_TRANSITIONS.check(source, target, party)


def test_completed_and_cancelled_are_final() -> None:
    assert {step.source for step in ORDER_TRANSITIONS.steps}.isdisjoint({S.COMPLETED, S.CANCELLED})


def test_the_carrier_pays_nobody() -> None:
    paying = [step for step in ORDER_TRANSITIONS.steps if step.target is S.COMPLETED]
    assert all(P.CARRIER not in step.parties and P.SELLER not in step.parties for step in paying)


@pytest.mark.parametrize(
    ("status", "party", "actions"),
    [
        (S.AWAITING_SELLER, P.SELLER, ("ACCEPT", "DECLINE")),
        (S.AWAITING_SELLER, P.BUYER, ()),
        (S.PAID, P.BUYER, ("CANCEL",)),
        (S.PAID, P.SELLER, ("SHIP", "HAND_OVER", "CANCEL")),
        (S.SHIPPED, P.BUYER, ("CONFIRM_DELIVERY",)),
        (S.SHIPPED, P.SELLER, ()),
        (S.COMPLETED, P.BUYER, ()),
    ],
)
def test_what_a_party_may_do(status: OrderStatus, party: Party, actions: tuple[str, ...]) -> None:
    assert ORDER_TRANSITIONS.actions(status, party) == actions
