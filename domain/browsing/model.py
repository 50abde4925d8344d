"""What a person looked at lately.

Invariant: at most RECENT_MAX listings of a person, and nothing of it stands anywhere else: it is theirs to clear.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Field

from domain.shared.columns import TIME
from domain.shared.table_row import TableRow

RECENT_MAX: Final = 50


class RecentView(TableRow, table=True):
    """That somebody looked at a listing, and when last.

    The listing has no foreign key: its check would lock the row of whatever is looked at most, on every look. A
    listing that could be looked at is never deleted. The key alone is the index: what it finds is at most RECENT_MAX
    rows, and a second look changes none of its columns.
    """

    __tablename__ = "recent_view"

    user_id: UUID = Field(primary_key=True, foreign_key="user.id")
    listing_id: UUID = Field(primary_key=True)
    viewed_at: datetime = Field(sa_type=TIME)
