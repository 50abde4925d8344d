"""The queue's log keeps what went wrong, and nothing else.

PgQueuer logs every step of every job: a dozen rows in four indexes for one purchase, which nobody reads and nothing
ever deletes. Steps that leave a traceback are kept, for whoever looks into a dead letter.
"""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION pgqueuer_log_skip() RETURNS TRIGGER AS $$ BEGIN RETURN NULL; END; $$ LANGUAGE plpgsql
        """
    )
    op.execute(
        """
        CREATE TRIGGER pgqueuer_log_only_faults BEFORE INSERT ON pgqueuer_log FOR EACH ROW
        WHEN (NEW.traceback IS NULL) EXECUTE FUNCTION pgqueuer_log_skip()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER pgqueuer_log_only_faults ON pgqueuer_log")
    op.execute("DROP FUNCTION pgqueuer_log_skip")
