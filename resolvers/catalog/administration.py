"""Mutations by which administrators shape the tree and mend products."""

from typing import Annotated

import strawberry

from domain.catalog.categories import CreateCategory, UpdateCategory, create_category, update_category
from domain.catalog.products import UpdateProduct, update_product
from domain.catalog.reads import products_by_ids
from domain.catalog.tree import categories_by_ids
from resolvers.catalog.failures import result
from resolvers.catalog.inputs import CreateCategoryInput, UpdateCategoryInput, UpdateProductInput
from resolvers.catalog.types import Category, Product
from resolvers.context import Info
from resolvers.shared.errors import InvalidInput, NotFound
from resolvers.shared.parsing import parse
from resolvers.shared.permission import AccessLevel, mutation


@strawberry.type(description="The category is made.")
class CreateCategorySuccess:
    category: Category = strawberry.field(description="The new category.")


@strawberry.type(description="The category is changed.")
class UpdateCategorySuccess:
    category: Category = strawberry.field(description="As it is now.")


@strawberry.type(description="The product is changed.")
class UpdateProductSuccess:
    product: Product = strawberry.field(description="As it is now.")


CreateCategoryResult = Annotated[
    CreateCategorySuccess | NotFound | InvalidInput, result("CreateCategoryResult", "making a category")
]
UpdateCategoryResult = Annotated[
    UpdateCategorySuccess | NotFound | InvalidInput, result("UpdateCategoryResult", "changing a category")
]
UpdateProductResult = Annotated[
    UpdateProductSuccess | NotFound | InvalidInput, result("UpdateProductResult", "changing a product")
]


@strawberry.type
class AdminCatalogMutations:
    @mutation(AccessLevel.ADMIN, "Add a category to the tree. Its path is for ever.")
    async def create_category(self, info: Info, input: CreateCategoryInput) -> CreateCategoryResult:
        db = info.context.ports.db
        id_ = await create_category(parse(CreateCategory, input), actor=info.context.actor, db=db)
        return CreateCategorySuccess(category=Category.of((await categories_by_ids(db.primary, [id_]))[id_]))

    @mutation(AccessLevel.ADMIN, "Change a category. Listings are checked against it when they are next edited.")
    async def update_category(self, info: Info, input: UpdateCategoryInput) -> UpdateCategoryResult:
        db = info.context.ports.db
        id_ = await update_category(parse(UpdateCategory, input), actor=info.context.actor, db=db)
        return UpdateCategorySuccess(category=Category.of((await categories_by_ids(db.primary, [id_]))[id_]))

    @mutation(AccessLevel.ADMIN, "Change what a product is called, whoever made it.")
    async def update_product(self, info: Info, input: UpdateProductInput) -> UpdateProductResult:
        db = info.context.ports.db
        id_ = await update_product(parse(UpdateProduct, input), actor=info.context.actor, db=db)
        return UpdateProductSuccess(product=Product.of((await products_by_ids(db.primary, [id_]))[id_]))
