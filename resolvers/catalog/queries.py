"""Queries about the catalog: what everybody sees, the shop's own listings, the moderators' queue."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.catalog.model import ListingStatus
from domain.catalog.reads import (
    ListingFilter,
    count_listings,
    listings_for,
    listings_page,
    products_by_ids,
    variants_by_ids,
)
from domain.catalog.tree import categories_by_ids, category_by_path, root_categories
from domain.shared.errors import InvalidInput
from domain.shared.ids import decode_id
from resolvers.catalog.types import Category, Listing, Product, Variant
from resolvers.context import Context, Info
from resolvers.shared.connections import After, Before, Connection, First, Last, connection
from resolvers.shared.nodes import register_node
from resolvers.shared.permission import AccessLevel, query

Status = Annotated[ListingStatus | None, strawberry.argument(description="Only those in this status.")]
ListingKey = Annotated[strawberry.ID, strawberry.argument(description="The listing's id.")]


@strawberry.type
class PublicCatalogQueries:
    @query(AccessLevel.PUBLIC, "A listing; null when there is none or when it is not yours to see.")
    async def listing(self, info: Info, id: ListingKey) -> Listing | None:
        return await _listing_node(info.context, decode_id("listing", id))

    @query(AccessLevel.PUBLIC, "A category by its id or its path; null when there is none.")
    async def category(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        path: Annotated[str | None, strawberry.argument(description="As `electronics/phones`.")] = None,
    ) -> Category | None:
        if (id is None) == (path is None):
            raise InvalidInput.at("id", "CONFLICT", "Give the id or the path.")
        if id is not None:
            return await _category_node(info.context, decode_id("category", id))
        found = await category_by_path(info.context.reads, path or "")
        return Category.of(found) if found is not None else None

    @query(AccessLevel.PUBLIC, "The roots of the category tree.")
    async def categories(self, info: Info) -> list[Category]:
        return [Category.of(each) for each in await root_categories(info.context.reads)]

    @query(AccessLevel.PUBLIC, "A product; null when there is none.")
    async def product(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The product's id.")]
    ) -> Product | None:
        return await _product_node(info.context, decode_id("product", id))


@strawberry.type
class SellerCatalogQueries:
    @query(AccessLevel.SELLER, "The shop's listings, the newest first.")
    async def listings(
        self,
        info: Info,
        status: Status = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Listing]:
        wanted = ListingFilter(seller_id=info.context.actor.seller(), status=status)
        return await _page(info, wanted, first, after, last, before)

    @query(AccessLevel.SELLER, "One of the shop's listings; null when it is not.")
    async def listing(self, info: Info, id: ListingKey) -> Listing | None:
        listing = await _listing_node(info.context, decode_id("listing", id))
        return listing if listing is not None and listing.view.seller_id == info.context.actor.seller() else None


@strawberry.type
class AdminCatalogQueries:
    @query(AccessLevel.MODERATOR, "Everybody's listings, those that have waited longest first.")
    async def listings(
        self,
        info: Info,
        status: Status = ListingStatus.PENDING_REVIEW,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Listing]:
        return await _page(info, ListingFilter(status=status), first, after, last, before)


async def _page(
    info: Info, wanted: ListingFilter, first: int | None, after: str | None, last: int | None, before: str | None
) -> Connection[Listing]:
    reads = info.context.reads
    page = await listings_page(reads, wanted, wanted.keyset().request(first, after, last, before))
    return connection(page, Listing.of, lambda: count_listings(reads, wanted))


async def _listing_node(context: Context, id_: UUID) -> Listing | None:
    found = (await listings_for(context.reads, [id_], context.actor)).get(id_)
    return Listing.of(found) if found is not None else None


async def visible_variant(context: Context, id_: UUID) -> Variant | None:
    """Seen by whoever sees its listing."""
    found = await context.loaders.load(variants_by_ids, id_)
    if found is None:
        return None
    listing = await _listing_node(context, found.listing_id)
    return Variant.of(found) if listing is not None else None


async def _category_node(context: Context, id_: UUID) -> Category | None:
    found = await context.loaders.load(categories_by_ids, id_)
    return Category.of(found) if found is not None else None


async def _product_node(context: Context, id_: UUID) -> Product | None:
    found = await context.loaders.load(products_by_ids, id_)
    return Product.of(found) if found is not None else None


register_node("listing", _listing_node)
register_node("variant", visible_variant)
register_node("category", _category_node)
register_node("product", _product_node)
