"""What administrators decide about products: which listings are of them, and which two are one."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.catalog.matching import (
    LinkListing,
    MergeProducts,
    UnlinkListing,
    link_listing,
    merge_products,
    unlink_listing,
)
from domain.catalog.matching_reads import EVENTS_MAX, ProductEventView, events_of_product
from domain.catalog.model import ProductEventKind
from domain.catalog.reads import products_by_ids
from domain.shared.ids import decode_id
from resolvers.catalog.failures import result
from resolvers.catalog.inputs import ListingReasonInput
from resolvers.catalog.mutations import shown_listing
from resolvers.catalog.types import Listing, Product
from resolvers.context import Info
from resolvers.shared.directives import ListSize
from resolvers.shared.errors import InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation, query
from resolvers.shared.scalars import public_id

WHY = "Why, 1 to 500 characters; it is kept."


@strawberry.input(description="A listing and the product that it is of.")
class LinkListingInput:
    listing_id: strawberry.ID = strawberry.field(description="Which listing.")
    product_id: strawberry.ID = strawberry.field(description="Which product.")
    reason: str = strawberry.field(description=WHY)


@strawberry.input(description="Two products that are one.")
class MergeProductsInput:
    product_id: strawberry.ID = strawberry.field(description="The one that goes; its id and GTIN lead to the other.")
    into_id: strawberry.ID = strawberry.field(description="The one that stays, with the listings of both.")
    reason: str = strawberry.field(description=WHY)


@strawberry.type(description="The listing is of this product, whatever its GTIN says.")
class LinkListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The listing is of no known product, whatever its GTIN says.")
class UnlinkListingSuccess:
    listing: Listing = strawberry.field(description="As it is now.")


@strawberry.type(description="The two are one.")
class MergeProductsSuccess:
    product: Product = strawberry.field(description="The one that stays.")


LinkListingResult = Annotated[
    LinkListingSuccess | NotFound | InvalidInput, result("LinkListingResult", "linking a listing to a product")
]
UnlinkListingResult = Annotated[
    UnlinkListingSuccess | NotFound | InvalidInput,
    result("UnlinkListingResult", "taking a listing from its product"),
]
MergeProductsResult = Annotated[
    MergeProductsSuccess | NotFound | InvalidInput, result("MergeProductsResult", "merging two products")
]


@strawberry.type(description="One decision about a product.")
class ProductEvent:
    kind: ProductEventKind = strawberry.field(description="What was decided.")
    listing_id: strawberry.ID | None = strawberry.field(description="The listing that it is about.")
    merged_product_id: strawberry.ID | None = strawberry.field(description="The product that was merged into it.")
    reason: str = strawberry.field(description="Why.")
    actor: str = strawberry.field(description="Who decided, as in audit trails.")
    at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, view: ProductEventView) -> "ProductEvent":
        return cls(
            kind=view.kind,
            listing_id=public_id("listing", view.listing_id) if view.listing_id else None,
            merged_product_id=public_id("product", view.other_id) if view.other_id else None,
            reason=view.reason,
            actor=view.actor,
            at=view.at,
        )


@strawberry.type
class AdminMatchingMutations:
    @mutation(AccessLevel.ADMIN, "Decide which product a listing is of.")
    async def link_listing(self, info: Info, input: LinkListingInput) -> LinkListingResult:
        context = info.context
        id_ = await link_listing(parse(LinkListing, input), actor=context.actor, db=context.ports.db)
        return LinkListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.ADMIN, "Decide that a listing is of no known product.")
    async def unlink_listing(self, info: Info, input: ListingReasonInput) -> UnlinkListingResult:
        context = info.context
        id_ = await unlink_listing(parse(UnlinkListing, input), actor=context.actor, db=context.ports.db)
        return UnlinkListingSuccess(listing=await shown_listing(info, id_))

    @mutation(AccessLevel.ADMIN, "Make two products one. It is not undone; listings can be linked one by one.")
    async def merge_products(self, info: Info, input: MergeProductsInput) -> MergeProductsResult:
        db = info.context.ports.db
        id_ = await merge_products(parse(MergeProducts, input), actor=info.context.actor, db=db)
        return MergeProductsSuccess(product=Product.of((await products_by_ids(db.primary, [id_]))[id_]))


@strawberry.type
class AdminMatchingQueries:
    @query(
        AccessLevel.ADMIN,
        f"What was decided about a product, the newest first; at most {EVENTS_MAX}.",
        size=ListSize(assumed_size=10),
    )
    async def product_events(
        self,
        info: Info,
        product_id: Annotated[strawberry.ID, strawberry.argument(description="The product's id.")],
    ) -> list[ProductEvent]:
        found = await events_of_product(info.context.reads, decode_id("product", product_id))
        return [ProductEvent.of(each) for each in found]
