"""Queries about money in the books: the shop's balance and statement, the marketplace's trial balance."""

from functools import partial

import strawberry

from domain.ledger.reads import STATEMENT, count_statement, payable_of, statement_of, trial_balance
from resolvers.context import Info
from resolvers.ledger.types import StatementEntry, TrialBalanceLine
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.permission import AccessLevel, query
from resolvers.shared.scalars import MoneyType, money


@strawberry.type
class SellerLedgerQueries:
    @query(AccessLevel.SELLER, "What the marketplace owes the shop, one amount a currency; below zero, the shop owes.")
    async def balance(self, info: Info) -> list[MoneyType]:
        owed = await payable_of(info.context.reads, info.context.actor.seller())
        return [money(each.amount_minor, each.currency) for each in owed]

    @query(AccessLevel.SELLER, "What changed that balance, newest first.")
    async def statement(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[StatementEntry]:
        reads, seller_id = info.context.reads, info.context.actor.seller()
        page = await statement_of(reads, seller_id, STATEMENT.request(first, after, last, before))
        return connection(page, StatementEntry.of, partial(count_statement, reads, seller_id))


@strawberry.type
class AdminLedgerQueries:
    @query(AccessLevel.ADMIN, "The sum of every sort of account: in each currency they must sum to zero.")
    async def trial_balance(self, info: Info) -> list[TrialBalanceLine]:
        return [TrialBalanceLine.of(each) for each in await trial_balance(info.context.reads)]
