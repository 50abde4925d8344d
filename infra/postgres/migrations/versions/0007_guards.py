"""What the database itself refuses: changed history, and money that does not balance."""

from alembic import op

revision = "0007"
down_revision = "0006"

APPEND_ONLY = (
    "entry", "ledger_transaction", "ledger_seal", "order_event", "checkout_event", "stock_movement", "listing_event",
    "seller_decision",
)  # fmt: skip

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

ENTRY_BELONGS = """
CREATE FUNCTION entry_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- xmin is the inserting transaction: entries cannot be slipped under an older header.
    PERFORM FROM ledger_transaction
        WHERE id = NEW.transaction_id AND xmin = pg_current_xact_id()::xid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an entry is added together with its ledger transaction, never later'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM account WHERE id = NEW.account_id AND currency = NEW.currency;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an entry has the currency of its account' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""

TRANSACTION_BALANCES = """
CREATE FUNCTION transaction_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM entry WHERE transaction_id = NEW.id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a ledger transaction has entries' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM entry WHERE transaction_id = NEW.id GROUP BY currency HAVING sum(amount_minor) <> 0;
    IF FOUND THEN
        RAISE EXCEPTION 'the entries of a ledger transaction sum to zero per currency'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(REFUSE_CHANGE)
    for table in APPEND_ONLY:
        op.execute(
            f'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f'CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(ENTRY_BELONGS)
    op.execute("CREATE TRIGGER belongs BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION entry_belongs()")
    op.execute(TRANSACTION_BALANCES)
    # On the header, not on the entries: one check a transaction, at its commit.
    op.execute(
        "CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON ledger_transaction DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION transaction_balances()"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION refuse_change, entry_belongs, transaction_balances CASCADE")
