"""The one schema: merges what the nouns export, per kind of viewer.

Invariant: every root field has a permission; a schema with one that forgot it cannot be built.
"""

from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from resolvers.shared.permission import AccessDirective, AccessLevel, query
from resolvers.shared.scalars import SCALARS
from resolvers.users.mutations import UserMutations
from resolvers.users.queries import BuyerUserQueries

Me = merge_types("Me", (BuyerUserQueries,))
"""The buyer's side: everything that belongs to whoever is signed in."""


@strawberry.type
class Namespaces:
    @query(AccessLevel.SIGNED_IN, "Everything that belongs to the signed-in viewer.", graphql_type=Me)
    def me(self) -> Any:
        return Me()


Query = merge_types("Query", (Namespaces,))
Mutation = merge_types("Mutation", (UserMutations,))


def build_schema() -> strawberry.Schema:
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        config=StrawberryConfig(auto_camel_case=True, scalar_map=SCALARS),
    )
    refuse_unguarded(schema)
    return schema


def refuse_unguarded(schema: strawberry.Schema) -> None:
    """Raises TypeError for a root field without a permission: access is denied until it is written down."""
    for name in ("Query", "Mutation", "Subscription", "Me", "SellerArea", "AdminArea"):
        definition = schema.get_type_by_name(name)
        for field in getattr(definition, "fields", ()):
            if not any(isinstance(directive, AccessDirective) for directive in field.directives):
                raise TypeError(f"{name}.{field.python_name} does not say who may use it")
