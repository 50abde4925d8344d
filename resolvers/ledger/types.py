"""The ledger in the schema: what a seller is owed and why, and whether the books balance."""

from datetime import datetime

import strawberry

from domain.ledger.model import AccountKind, TransactionKind
from domain.ledger.reads import AccountTotal, StatementLine
from resolvers.shared.enums import expose
from resolvers.shared.scalars import MoneyType, money, public_id

expose(
    TransactionKind,
    "What a booking is about.",
    {
        TransactionKind.CAPTURE: "A buyer's money arrived and is held.",
        TransactionKind.PROVIDER_FEE: "The payment provider's fee.",
        TransactionKind.REFUND: "Money went back to a buyer.",
        TransactionKind.RELEASE: "Held money became the seller's, less the commission.",
        TransactionKind.REVERSAL: "An earlier booking was taken back.",
        TransactionKind.CHARGEBACK: "A buyer's bank took money back, or gave it back after it was persuaded.",
    },
    name="LedgerTransactionKind",
)
expose(
    AccountKind,
    "A sort of account in the books.",
    {
        AccountKind.PROVIDER_CLEARING: "Money that lies with the payment provider.",
        AccountKind.ESCROW: "Money held for orders.",
        AccountKind.SELLER_PAYABLE: "What sellers are owed.",
        AccountKind.PLATFORM_COMMISSION: "The marketplace's commission.",
        AccountKind.PLATFORM_TAX: "Tax that the marketplace owes.",
        AccountKind.PLATFORM_LOSS: "What the marketplace lost.",
        AccountKind.PLATFORM_INSURANCE: "What the marketplace sets aside for losses.",
        AccountKind.PROVIDER_FEES: "The payment provider's fees.",
        AccountKind.FX: "Differences of exchange.",
    },
    name="LedgerAccountKind",
)


@strawberry.type(description="One change of what the shop is owed.")
class StatementEntry:
    id: strawberry.ID = strawberry.field(description="Its id.")
    kind: TransactionKind = strawberry.field(description="What it is about.")
    amount: MoneyType = strawberry.field(description="Above zero: in the shop's favour.")
    order_id: strawberry.ID | None = strawberry.field(description="The order it comes from.")
    at: datetime = strawberry.field(description="When it was booked.")

    @classmethod
    def of(cls, view: StatementLine) -> "StatementEntry":
        return cls(
            id=public_id("event", view.id),
            kind=view.kind,
            amount=money(view.amount_minor, view.currency),
            order_id=public_id("order", view.order_id) if view.order_id else None,
            at=view.at,
        )


@strawberry.type(description="All entries of one sort of account in one currency, summed.")
class TrialBalanceLine:
    account: AccountKind = strawberry.field(description="The sort of account.")
    entries: int = strawberry.field(description="How many entries.")
    total: MoneyType = strawberry.field(description="Debits above zero, credits below. In a currency all sum to zero.")

    @classmethod
    def of(cls, view: AccountTotal) -> "TrialBalanceLine":
        return cls(account=view.kind, entries=view.entries, total=money(view.total_minor, view.currency))
