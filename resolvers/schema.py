"""The one schema: merges what the nouns export, per kind of viewer.

Invariant: every root field has a permission; a schema with one that forgot it cannot be built.
"""

from collections.abc import Iterable
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

import resolvers.reviews.fields
import resolvers.search.fields
import resolvers.storefront.fields  # noqa: F401  # these add fields to the types of other nouns
from resolvers.browsing.mutations import BrowsingMutations
from resolvers.browsing.queries import BuyerBrowsingQueries
from resolvers.cart.mutations import CartMutations
from resolvers.cart.queries import BuyerCartQueries, PublicCartQueries
from resolvers.cart.subscriptions import CartSubscriptions
from resolvers.cart.warnings import WARNING_TYPES
from resolvers.catalog.administration import AdminCatalogMutations
from resolvers.catalog.lifecycle import AdminLifecycleMutations, SellerLifecycleMutations
from resolvers.catalog.matching import AdminMatchingMutations, AdminMatchingQueries
from resolvers.catalog.mutations import SellerListingMutations
from resolvers.catalog.pictures import SellerPictureMutations
from resolvers.catalog.placing import PlaceMutations
from resolvers.catalog.queries import AdminCatalogQueries, PublicCatalogQueries, SellerCatalogQueries
from resolvers.checkout.mutations import CheckoutMutations
from resolvers.checkout.queries import BuyerCheckoutQueries
from resolvers.checkout.subscriptions import CheckoutSubscriptions
from resolvers.erasure.mutations import ErasureMutations
from resolvers.extensions.plain_fields import PlainFields
from resolvers.imports.mutations import SellerImportMutations
from resolvers.imports.queries import SellerImportQueries
from resolvers.inventory.mutations import SellerInventoryMutations
from resolvers.inventory.queries import SellerInventoryQueries
from resolvers.inventory.subscriptions import StockSubscriptions
from resolvers.inventory.synchronising import SellerSynchronisingMutations
from resolvers.ledger.queries import AdminLedgerQueries, SellerLedgerQueries
from resolvers.media.mutations import MediaMutations
from resolvers.media.queries import BuyerMediaQueries
from resolvers.notifications.mutations import AdminNotificationMutations, NotificationMutations
from resolvers.notifications.queries import AdminNotificationQueries, BuyerNotificationQueries
from resolvers.notifications.subscriptions import NotificationSubscriptions
from resolvers.offers.queries import SellerOfferQueries
from resolvers.orders.mutations import AdminOrderMutations, OrderMutations, SellerOrderMutations
from resolvers.orders.queries import AdminOrderQueries, BuyerOrderQueries, SellerOrderQueries
from resolvers.orders.subscriptions import OrderSubscriptions
from resolvers.reviews.admin_mutations import ReviewModerationMutations
from resolvers.reviews.mutations import ReviewMutations
from resolvers.reviews.queries import BuyerReviewQueries, ModeratorReviewQueries, SellerReviewQueries
from resolvers.risk.mutations import CaseMutations
from resolvers.risk.queries import AdminCaseQueries
from resolvers.search.queries import PublicSearchQueries
from resolvers.sellers.admin_mutations import AdminSellerMutations
from resolvers.sellers.invitation_mutations import InvitationMutations
from resolvers.sellers.mutations import SellerMutations
from resolvers.sellers.pictures import ShopPictureMutations
from resolvers.sellers.queries import AdminSellerQueries, BuyerSellerQueries, PublicSellerQueries, SellerSellerQueries
from resolvers.sellers.shipping_mutations import ShippingMutations
from resolvers.shared.names import RememberedNames
from resolvers.shared.nodes import NodeQueries
from resolvers.shared.permission import AccessDirective, AccessLevel, query
from resolvers.shared.scalars import SCALARS
from resolvers.storefront.queries import PublicStorefrontQueries
from resolvers.users.account_mutations import AccountMutations
from resolvers.users.admin_mutations import AdminUserMutations
from resolvers.users.mutations import UserMutations
from resolvers.users.queries import AdminUserQueries, BuyerUserQueries


def merged(name: str, description: str, parts: tuple[type, ...]) -> Any:
    """One type with the fields of all parts."""
    made: Any = merge_types(name, parts)
    made.__strawberry_definition__.description = description
    return made


Me = merged(
    "Me",
    "What belongs to the signed-in viewer: the buyer's side.",
    (
        BuyerUserQueries,
        BuyerSellerQueries,
        BuyerCartQueries,
        BuyerOrderQueries,
        BuyerCheckoutQueries,
        BuyerReviewQueries,
        BuyerBrowsingQueries,
        BuyerNotificationQueries,
        BuyerMediaQueries,
    ),
)
SellerArea = merged(
    "SellerArea",
    "What belongs to the shop that the session acts for.",
    (
        SellerSellerQueries,
        SellerCatalogQueries,
        SellerInventoryQueries,
        SellerImportQueries,
        SellerOrderQueries,
        SellerLedgerQueries,
        SellerReviewQueries,
        SellerOfferQueries,
    ),
)
AdminArea = merged(
    "AdminArea",
    "The marketplace as those who run it see it.",
    (
        AdminSellerQueries,
        AdminUserQueries,
        AdminCatalogQueries,
        AdminMatchingQueries,
        AdminOrderQueries,
        AdminLedgerQueries,
        AdminCaseQueries,
        ModeratorReviewQueries,
        AdminNotificationQueries,
    ),
)


@strawberry.type
class Namespaces:
    @query(AccessLevel.SIGNED_IN, "Everything that belongs to the signed-in viewer.", graphql_type=Me)
    def me(self) -> Any:
        return Me()

    @query(
        AccessLevel.SELLER, "Everything that belongs to the shop that the session acts for.", graphql_type=SellerArea
    )
    def seller(self) -> Any:
        return SellerArea()

    @query(AccessLevel.MODERATOR, "For moderators and administrators.", graphql_type=AdminArea)
    def admin(self) -> Any:
        return AdminArea()


Query = merged(
    "Query",
    "Everything that can be read.",
    (
        Namespaces,
        NodeQueries,
        PublicSellerQueries,
        PublicCatalogQueries,
        PublicCartQueries,
        PublicSearchQueries,
        PublicStorefrontQueries,
    ),
)
Mutation = merged(
    "Mutation",
    "Everything that can be done.",
    (
        UserMutations,
        AccountMutations,
        ErasureMutations,
        AdminUserMutations,
        SellerMutations,
        InvitationMutations,
        ShippingMutations,
        ShopPictureMutations,
        MediaMutations,
        AdminSellerMutations,
        SellerListingMutations,
        SellerLifecycleMutations,
        SellerPictureMutations,
        SellerInventoryMutations,
        SellerSynchronisingMutations,
        SellerImportMutations,
        AdminLifecycleMutations,
        AdminCatalogMutations,
        AdminMatchingMutations,
        PlaceMutations,
        CartMutations,
        CheckoutMutations,
        CaseMutations,
        OrderMutations,
        SellerOrderMutations,
        AdminOrderMutations,
        ReviewMutations,
        ReviewModerationMutations,
        BrowsingMutations,
        NotificationMutations,
        AdminNotificationMutations,
    ),
)
Subscription = merged(
    "Subscription",
    "Everything that can be watched.",
    (
        CartSubscriptions,
        OrderSubscriptions,
        CheckoutSubscriptions,
        StockSubscriptions,
        NotificationSubscriptions,
    ),
)


def build_schema(
    schema_class: type[strawberry.Schema] = strawberry.Schema, extensions: Iterable[Any] = ()
) -> strawberry.Schema:
    """The schema; the application adds the class and the extensions that every operation passes through."""
    schema = schema_class(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=WARNING_TYPES,
        config=StrawberryConfig(name_converter=RememberedNames(), scalar_map=SCALARS),
        extensions=list(extensions),
        execution_context_class=PlainFields,
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
