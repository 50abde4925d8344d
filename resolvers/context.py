"""What a resolver has in its hands: who asks, the ports, the read door, and loaders for this one operation."""

from collections.abc import Awaitable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import strawberry

from domain.cart.ports import CartCache, CartPorts
from domain.checkout.ports import CheckoutPorts
from domain.media.ports import ObjectStorage
from domain.payments.ports import PaymentGateway
from domain.pricing.ports import ShippingRates, TaxRules
from domain.search.ports import SearchIndex
from domain.sellers.ports import InvitationTokens
from domain.shared.actor import Actor, Client
from domain.shared.clock import Clock
from domain.shared.database import Database, Reads
from domain.shared.feeds import Hints
from domain.shared.policy import Policy
from domain.users.ports import PasswordHasher, TokenSigner, UserPorts
from resolvers.shared.batching import Batch, Batcher

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Viewer:
    actor: Actor
    client: Client = field(default_factory=Client)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Every port that a use case called from here may need. Wired in `app/container.py`, and nowhere else."""

    db: Database
    clock: Clock
    policy: Policy
    hasher: PasswordHasher
    tokens: TokenSigner
    invitation_tokens: InvitationTokens
    hints: Hints
    gateway: PaymentGateway
    checkout: CheckoutPorts
    shipping_rates: ShippingRates
    tax_rules: TaxRules
    cart_cache: CartCache
    search_index: SearchIndex
    storage: ObjectStorage

    @property
    def users(self) -> UserPorts:
        """For use cases that open or change sessions."""
        return UserPorts(self.db, self.hasher, self.tokens, self.policy)

    @property
    def carts(self) -> CartPorts:
        """For reading carts, and for whatever prices them."""
        return CartPorts(
            db=self.db,
            clock=self.clock,
            cache=self.cart_cache,
            shipping=self.shipping_rates,
            tax=self.tax_rules,
            policy=self.policy,
        )


class LoaderScope:
    """One batcher per batch read, made when first needed; it batches and remembers within one operation."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._batchers: dict[object, Batcher[Any, Any]] = {}

    def load(self, batch: Batch[K, V], key: K) -> Awaitable[V | None]:
        """`await context.loaders.load(sellers_by_ids, seller_id)`: None when the read does not know the key."""
        batcher = self._batchers.get(batch)
        if batcher is None:
            batcher = self._batchers[batch] = Batcher(batch, self._reads)
        return batcher.load(key)

    def forget(self) -> None:
        """Before each event of a subscription: what the last one loaded is old."""
        self._batchers.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """`reads` and `loaders` may answer from a replica, in queries alone."""

    viewer: Viewer
    ports: Ports
    reads: Reads
    loaders: LoaderScope

    @property
    def actor(self) -> Actor:
        return self.viewer.actor

    def fork(self, *, on_primary: bool) -> "Context":
        """The same viewer with fresh loaders: one socket carries many operations.

        `on_primary`: for mutations and subscriptions, which show what was written a moment ago.
        """
        reads = self.ports.db.primary if on_primary else self.reads
        return Context(viewer=self.viewer, ports=self.ports, reads=reads, loaders=LoaderScope(reads))

    def refresh(self) -> None:
        """Between two events of a subscription, called by the edge."""
        self.loaders.forget()


Info = strawberry.Info[Context, None]
