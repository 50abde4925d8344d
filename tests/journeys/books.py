"""What has to be true of the whole database at any moment when nothing is on its way, whatever happened before."""

from typing import Final

import asyncpg

from tests.journeys.provider import Provider

NOTHING_FOUND: Final = {
    "entries of a transaction sum to zero": """
        SELECT transaction_id FROM entry GROUP BY transaction_id, currency HAVING sum(amount_minor) <> 0""",
    "all entries sum to zero": "SELECT currency FROM entry GROUP BY currency HAVING sum(amount_minor) <> 0",
    "what is held or owed is what its entries credit": """
        SELECT b.id FROM balance b WHERE b.amount_minor <> -(
            SELECT coalesce(sum(e.amount_minor), 0) FROM entry e
            WHERE e.account_id = b.account_id AND (b.order_id IS NULL OR e.order_id = b.order_id))""",
    "what is on hand is the sum of its movements": """
        SELECT i.id FROM stock_item i LEFT JOIN stock_movement m ON m.stock_item_id = i.id GROUP BY i.id
        HAVING i.on_hand <> coalesce(sum(m.on_hand_delta), 0) OR i.reserved <> coalesce(sum(m.reserved_delta), 0)""",
    "what is reserved is the sum of what is held": """
        SELECT i.id FROM stock_item i
        LEFT JOIN reservation r ON r.stock_item_id = i.id AND r.status = 'held' GROUP BY i.id
        HAVING i.reserved <> coalesce(sum(r.quantity), 0)""",
    "an ended purchase holds no stock": """
        SELECT r.id FROM reservation r JOIN checkout c ON c.id = r.checkout_id
        WHERE r.status = 'held' AND c.state IN ('completed', 'failed', 'expired', 'cancelled')""",
    "an order is paid if and only if its purchase is completed": """
        SELECT o.id FROM "order" o JOIN checkout c ON c.id = o.checkout_id
        WHERE (o.paid_at IS NOT NULL) <> (c.state = 'completed')""",
    "a purchase is charged as a whole or not at all": """
        SELECT c.id FROM checkout c JOIN payment p ON p.checkout_id = c.id GROUP BY c.id
        HAVING sum(p.captured_minor) <> CASE WHEN c.state = 'completed' THEN c.total_minor ELSE 0 END""",
    "a payment is shared out to the cent": """
        SELECT p.id FROM payment p JOIN payment_allocation a ON a.payment_id = p.id GROUP BY p.id
        HAVING p.captured_minor <> sum(a.captured_minor) OR p.refunded_minor <> sum(a.refunded_minor)""",
    "escrow of a completed or cancelled order is empty": """
        SELECT o.id FROM "order" o JOIN balance b ON b.order_id = o.id JOIN account a ON a.id = b.account_id
        WHERE a.kind = 'escrow' AND o.status IN ('completed', 'cancelled') AND b.amount_minor <> 0""",
    "a sold line has one committed reservation": """
        SELECT l.id FROM order_line l JOIN "order" o ON o.id = l.order_id
        WHERE l.kind = 'item' AND o.paid_at IS NOT NULL AND l.quantity <> (
            SELECT coalesce(sum(r.quantity), 0) FROM reservation r
            WHERE r.checkout_id = o.checkout_id AND r.variant_id = l.variant_id AND r.status = 'committed')""",
}
"""Sentence -> query for its counterexamples."""

MOVING: Final = "SELECT count(*) FROM checkout WHERE state IN ('authorizing', 'capturing', 'cancelling')"


async def moving(database: asyncpg.Pool) -> int:
    """How many purchases are on their way by themselves."""
    return int(await database.fetchval(MOVING))


async def assert_books_right(database: asyncpg.Pool) -> None:
    for sentence, query in NOTHING_FOUND.items():
        found = await database.fetch(f"{query} LIMIT 5")
        assert found == [], sentence


async def assert_provider_agrees(database: asyncpg.Pool, provider: Provider) -> None:
    """What the provider took and gave back is what stands in our payments; and no payment was made there twice."""
    ours = {
        row["provider_ref"]: (row["captured_minor"], row["refunded_minor"])
        for row in await database.fetch("SELECT provider_ref, captured_minor, refunded_minor FROM payment")
    }
    intents = await provider.all("payment_intents")
    named = [intent["metadata"]["payment_id"] for intent in intents]
    assert len(named) == len(set(named)), "one intent for each payment"
    refunds = await provider.all("refunds")
    for intent in intents:
        given_back = sum(
            refund["amount"]
            for refund in refunds
            if refund["payment_intent"] == intent["id"] and refund["status"] == "succeeded"
        )
        assert ours.get(intent["id"], (0, 0)) == (intent["amount_received"], given_back), intent["id"]
        assert intent["status"] != "requires_capture" or intent["id"] in ours, "no authorization is forgotten"
