"""All tables at once, for migrations and for whoever needs every mapper configured."""

from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlmodel import SQLModel

from domain.browsing import model as browsing
from domain.cart import model as cart
from domain.catalog import model as catalog
from domain.checkout import model as checkout
from domain.imports import model as imports
from domain.inbox import model as inbox
from domain.inventory import model as inventory
from domain.ledger import model as ledger
from domain.media import model as media
from domain.notifications import model as notifications
from domain.orders import model as orders
from domain.payments import model as payments
from domain.pricing import model as pricing
from domain.reviews import model as reviews
from domain.risk import model as risk
from domain.search import model as search
from domain.sellers import model as sellers
from domain.shared import columns, idempotency
from domain.users import model as users

MODULES = (
    idempotency, users, inbox, ledger, media, sellers, catalog, inventory, pricing, payments, risk, cart, orders,
    checkout, search, reviews, browsing, notifications, imports,
)  # fmt: skip
METADATA: MetaData = SQLModel.metadata

# Reflection knows no xid8; without this, comparing models and database warns.
ischema_names["xid8"] = columns.Xid8
