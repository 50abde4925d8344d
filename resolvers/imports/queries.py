"""Queries about imports: the shop's own."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.imports.reads import count_imports, imports_by_ids, imports_keyset, imports_page
from domain.shared.ids import decode_id
from resolvers.context import Context, Info
from resolvers.imports.types import ListingImport
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.directives import paged
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query


@strawberry.type
class SellerImportQueries:
    @query(AccessLevel.SELLER, "One of the shop's imports; null when it is none of them.", name="import")
    async def import_(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The import's id.")]
    ) -> ListingImport | None:
        return await own_import(info.context, decode_id("import", id))

    @query(AccessLevel.SELLER, "The shop's imports, the newest first.", size=paged(20))
    async def imports(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ListingImport]:
        seller_id, primary = info.context.actor.seller(), info.context.ports.db.primary
        page = await imports_page(primary, seller_id, imports_keyset(seller_id).request(first, after, last, before))
        return connection(page, ListingImport.of, lambda: count_imports(primary, seller_id))


async def own_import(context: Context, import_id: UUID) -> ListingImport | None:
    """From the primary: whoever asks watches it move."""
    found = (await imports_by_ids(context.ports.db.primary, [import_id])).get(import_id)
    return ListingImport.of(found) if found is not None and found.seller_id == context.actor.seller_id else None


register_node("import", own_import)
