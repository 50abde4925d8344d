"""What is still needed of somebody who was forgotten: where to tell them so."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from domain.shared.columns import TIME
from domain.shared.table_row import TableRow


class Farewell(TableRow, table=True):
    """The last mail to an erased user, until a server has taken it: their address stands nowhere else any more."""

    __tablename__ = "farewell"

    user_id: UUID = Field(primary_key=True, foreign_key="user.id")
    email: str = Field(max_length=254)
    display_name: str = Field(max_length=200)
    locale: str = Field(max_length=20)
    created_at: datetime = Field(sa_type=TIME, index=True)
