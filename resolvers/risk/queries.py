"""Queries of moderators about cases."""

import strawberry

from domain.risk.cases import OPEN_CASES, count_open_cases, open_cases
from resolvers.context import Info
from resolvers.risk.types import ModerationCase
from resolvers.shared.connections import After, Connection, First, connection
from resolvers.shared.permission import AccessLevel, query


@strawberry.type
class AdminCaseQueries:
    @query(AccessLevel.MODERATOR, "Purchases and losses that wait for a decision, the oldest first.")
    async def moderation_cases(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[ModerationCase]:
        page = await open_cases(info.context.reads, OPEN_CASES.request(first, after))
        return connection(page, ModerationCase.of, lambda: count_open_cases(info.context.reads))
