"""Queries about imports and exports: the shop's own."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.imports.export_files import KEPT_MAX, export_by_id, exports_of_shop
from domain.imports.reads import count_imports, imports_by_ids, imports_keyset, imports_page
from domain.shared.ids import decode_id
from resolvers.context import Context, Info
from resolvers.imports.types import ListingExport, ListingImport
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

    @query(AccessLevel.SELLER, "One of the shop's exports; null when it is none of them.")
    async def export(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The export's id.")]
    ) -> ListingExport | None:
        return await own_export(info.context, decode_id("export", id))

    @query(AccessLevel.SELLER, f"The shop's last {KEPT_MAX} exports, the newest first.")
    async def exports(self, info: Info) -> list[ListingExport]:
        found = await exports_of_shop(info.context.ports.db.primary, info.context.actor.seller())
        return [ListingExport.of(view) for view in found]


async def own_export(context: Context, export_id: UUID) -> ListingExport | None:
    """From the primary: whoever asks waits for it."""
    found = await export_by_id(context.ports.db.primary, export_id)
    return ListingExport.of(found) if found is not None and found.seller_id == context.actor.seller_id else None


async def own_import(context: Context, import_id: UUID) -> ListingImport | None:
    """From the primary: whoever asks watches it move."""
    found = (await imports_by_ids(context.ports.db.primary, [import_id])).get(import_id)
    return ListingImport.of(found) if found is not None and found.seller_id == context.actor.seller_id else None


register_node("import", own_import)
register_node("export", own_export)
