"""What the marketplace decides about a seller: approve, reject, restrict, suspend, and back.

Invariant: every change of status is a step of SELLER_TRANSITIONS and leaves a decision that is never changed.
"""

from uuid import UUID

from domain.sellers.events import SellerChanged, SellerDecided
from domain.sellers.model import SELLER_TRANSITIONS, Seller, SellerDecision, SellerStatus
from domain.shared.actor import Actor, ActorKind
from domain.shared.commands import ShortText, command
from domain.shared.database import Database, Tx
from domain.shared.errors import IllegalTransition, InvalidInput, NotFound
from domain.shared.ids import SellerId, new_id
from domain.shared.transitions import Party, Step

REASON_NEEDED = frozenset({"REJECT", "RESTRICT", "SUSPEND"})
"""The seller has to learn why."""


@command
class DecideSeller:
    seller_id: SellerId
    reason: ShortText = ""


async def decide_seller(action: str, command: DecideSeller, *, actor: Actor, db: Database) -> UUID:
    """Take the step called `action` in SELLER_TRANSITIONS, as an administrator or as SYSTEM; the seller's id.

    Raises NotPermitted, NotFound, InvalidInput (a reason is missing), IllegalTransition.
    """
    party = _party(actor)
    if action in REASON_NEEDED and not command.reason:
        raise InvalidInput.at("reason", "MISSING", "Say why; the seller reads it.")

    async def step(tx: Tx) -> UUID:
        rows = await tx.lock(Seller, [command.seller_id])
        if not rows:
            raise NotFound("seller")
        seller = rows[0]
        taken = _step_called(action, seller.status, party)
        seller.status, seller.status_reason = taken.target, command.reason
        seller.updated_at = tx.now
        seller.version += 1
        if taken.target is SellerStatus.ACTIVE and seller.approved_at is None:
            seller.approved_at = tx.now
        decision_id = await note(tx, seller, action, command.reason, actor)
        tx.record(SellerChanged(at=tx.now, seller_id=seller.id))
        tx.record(SellerDecided(at=tx.now, seller_id=seller.id, decision_id=decision_id))
        return seller.id

    return await db.run(step)


async def note(tx: Tx, seller: Seller, action: str, reason: str, actor: Actor) -> UUID:
    """One line of the seller's timeline."""
    decision = SellerDecision(
        id=new_id(),
        seller_id=seller.id,
        action=action,
        status=seller.status,
        reason=reason,
        actor=actor.name,
        at=tx.now,
    )
    await tx.add(decision)
    return decision.id


def _party(actor: Actor) -> Party:
    if actor.kind is ActorKind.SYSTEM:
        return Party.SYSTEM
    actor.admin()
    return Party.ADMIN


def _step_called(action: str, current: SellerStatus, party: Party) -> Step[SellerStatus]:
    """Two steps may lead to one status (APPROVE and REINSTATE): the action tells which is meant."""
    named = [step for step in SELLER_TRANSITIONS.steps if step.action == action]
    assert named, f"no step of a seller is called {action}"
    for step in named:
        if step.source is current:
            return SELLER_TRANSITIONS.check(current, step.target, party)
    raise IllegalTransition(SELLER_TRANSITIONS.noun, current.value, named[0].target.value)
