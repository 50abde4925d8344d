"""Wiring: the only place that names concrete adapters. Everything opened here is closed here, in reverse."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from functools import partial
from typing import Final, Protocol
from uuid import UUID

import asyncpg
from aiodataloader import DataLoader
from sqlalchemy.ext.asyncio import AsyncEngine

from app.gathering import Gathered
from app.keys import Purpose, key_for
from app.settings import Settings, SettingsRefused
from app.tasks import ProcessTasks
from domain.checkout.ports import CheckoutPorts
from domain.checkout.sifting import News, sift
from domain.inbox.receiving import Incoming, receive_all
from domain.media.ports import ImageRenderer
from domain.notifications.ports import MailPorts, MailSender, MailTerms
from domain.orders.ports import CarrierWebhooks
from domain.shared.actor import Actor, Client
from domain.shared.budgets import CostBudget, TokenBuckets
from domain.shared.clock import Clock, SystemClock
from domain.shared.database import Database, Reads
from domain.shared.events import Event
from domain.shared.measures import Measures, NoMeasures
from domain.shared.policy import Policy
from infra.argon2.hasher import Argon2PasswordHasher
from infra.carriers.webhooks import SignedCarrierWebhooks
from infra.hmac.invitations import HmacInvitationTokens
from infra.jwt.signer import JwtTokenSigner
from infra.mail.mailbox import MailboxDirectory
from infra.mail.smtp import SmtpMailSender, SmtpServer
from infra.pillow.renderer import ProcessImageRenderer
from infra.postgres.connections import KEPT_PLANS, create_engine, fill
from infra.postgres.database import PostgresDatabase
from infra.postgres.jobs import JobQueue
from infra.postgres.pools import open_pool
from infra.postgres.reads import PoolReads
from infra.postgres.search_index import SERVER_SETTINGS, PostgresSearchIndex
from infra.postgres.shipping_rates import TableShippingRates
from infra.postgres.tax_rules import TableTaxRules
from infra.redis.asking import RedisDoor, open_redis
from infra.redis.cart_cache import RedisCartCache
from infra.redis.cost_budgets import RedisCostBudget
from infra.redis.documents import RedisDocuments
from infra.redis.hints import RedisHints, open_redis_hints
from infra.storage.opening import ObjectStore, open_storage
from infra.stripe.gateway import StripePaymentGateway, stripe_gateway
from resolvers.context import Context, LoaderScope, Ports, Viewer
from resolvers.transport.persisted import DocumentStore, NearAndFar, RecentDocuments

GATHERED_SECONDS: Final = 0.03
"""So long a message from outside waits for others, to be written with them."""
GATHERED_MAX: Final = 100


class WatchPool(Protocol):
    """Takes the two numbers of a pool, to be asked for at any time."""

    def __call__(self, pool: str, *, size: Callable[[], int], idle: Callable[[], int]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    settings: Settings
    ports: Ports
    reads: PoolReads
    carriers: CarrierWebhooks
    storage: ObjectStore
    documents: DocumentStore
    budget: CostBudget
    mail: MailPorts
    renderer: ImageRenderer
    news: DataLoader[UUID, News]
    """What is known already about messages of the payment provider: jobs that begin together ask together."""
    inbox: Gathered[Incoming, bool]
    """Takes messages from outside: those that come together are written together."""

    def context(self, actor: Actor, client: Client | None = None) -> Context:
        """What one operation gets."""
        return Context(
            viewer=Viewer(actor, client or Client()),
            ports=self.ports,
            reads=self.reads,
            loaders=LoaderScope(self.reads),
        )


def policy_of(settings: Settings) -> Policy:
    return Policy(
        commission_ppm=settings.commission_ppm,
        trusted_sellers_skip_approval=settings.auto_approve_trusted_sellers,
        reservation_seconds=settings.reservation_seconds,
        lease_seconds=settings.lease_seconds,
        saga_wait_seconds=settings.saga_wait_seconds,
    )


@asynccontextmanager
async def open_container(
    settings: Settings,
    *,
    handlers_of: Mapping[str, Sequence[str]],
    clock: Clock | None = None,
    observe_sql: Callable[[str], None] | None = None,
    measures: Measures | None = None,
    watch_pool: WatchPool | None = None,
    serving: bool = False,
) -> AsyncIterator[Container]:
    """Opens pools and clients. `observe_sql` sees the text of every statement of the read door.

    `serving`: requests are answered, nothing is swept; all connections are open before anybody comes.
    """
    clock = clock or SystemClock(settings.clock_offset_seconds)
    measures = measures or NoMeasures()
    async with AsyncExitStack() as opened:
        engine = await open_engine(opened, settings, serving=serving)
        primary_pool, read_pool, search_pool = await open_pools(opened, settings, watch_pool, filled=serving)
        hints = await opened.enter_async_context(open_redis_hints(settings.redis_url))
        redis = await opened.enter_async_context(redis_of(settings, measures))
        hasher = password_hasher(settings)
        opened.callback(hasher.close)
        gateway = payment_gateway(settings)
        opened.push_async_callback(gateway.aclose)
        db = database_of(settings, engine, PoolReads(primary_pool, observe_sql), clock, handlers_of, hints)
        reads = PoolReads(read_pool, observe_sql)
        shipping, tax = rate_tables(settings, reads, measures)
        policy, runner = policy_of(settings), ProcessTasks()
        opened.push_async_callback(runner.drain, settings.shutdown_seconds)
        storage = object_storage(settings, clock)
        checkout = CheckoutPorts(
            db=db,
            clock=clock,
            policy=policy,
            gateway=gateway,
            shipping=shipping,
            tax=tax,
            runner=runner,
            measures=measures,
        )
        ports = Ports(
            db=db,
            clock=clock,
            policy=policy,
            hasher=hasher,
            tokens=JwtTokenSigner(key_for(Purpose.ACCESS_TOKENS, settings)),
            invitation_tokens=HmacInvitationTokens(key_for(Purpose.INVITATIONS, settings)),
            hints=hints,
            gateway=gateway,
            cart_cache=RedisCartCache(redis),
            shipping_rates=shipping,
            tax_rules=tax,
            checkout=checkout,
            storage=storage,
            search_index=search_index_of(settings, search_pool, primary_pool),
        )
        yield Container(
            settings=settings,
            ports=ports,
            reads=reads,
            carriers=SignedCarrierWebhooks(settings.carrier_webhook_secret.get_secret_value(), clock),
            storage=storage,
            documents=NearAndFar(RecentDocuments(), RedisDocuments(redis)),
            budget=cost_budget(settings, redis),
            mail=mail_ports(settings, db, clock),
            renderer=ProcessImageRenderer(),
            news=news_of(db, clock),
            inbox=Gathered(partial(receive_all, db=db), seconds=GATHERED_SECONDS, most=GATHERED_MAX),
        )


def news_of(db: Database, clock: Clock) -> DataLoader[UUID, News]:
    async def ask(message_ids: list[UUID]) -> list[News]:
        found = await sift(message_ids, db=db, clock=clock)
        return [found[message_id] for message_id in message_ids]

    return DataLoader(ask, cache=False)


def search_index_of(settings: Settings, reading: asyncpg.Pool, writing: asyncpg.Pool) -> PostgresSearchIndex:
    return PostgresSearchIndex(reading, writing, remembered_seconds=settings.search_remembered_seconds)


def rate_tables(settings: Settings, reads: Reads, measures: Measures) -> tuple[TableShippingRates, TableTaxRules]:
    seconds = settings.rates_cache_seconds
    shipping = TableShippingRates(reads, measures, fresh_seconds=seconds)
    return shipping, TableTaxRules(reads, measures, fresh_seconds=seconds)


def password_hasher(settings: Settings) -> Argon2PasswordHasher:
    return Argon2PasswordHasher(passes=settings.password_hash_passes, memory_kib=settings.password_hash_memory_kib)


def object_storage(settings: Settings, clock: Clock) -> ObjectStore:
    """Raises SettingsRefused for a storage that cannot be opened."""
    try:
        return open_storage(
            settings.storage_url,
            endpoint=settings.storage_endpoint,
            api_url=settings.public_url,
            base_url=settings.pictures_url,
            signing_key=key_for(Purpose.STORED_FILES, settings),
            clock=clock,
        )
    except (ValueError, OSError) as fault:
        raise SettingsRefused(f"STORAGE_URL {fault}") from fault


def database_of(
    settings: Settings,
    engine: AsyncEngine,
    primary: PoolReads,
    clock: Clock,
    handlers_of: Mapping[str, Sequence[str]],
    hints: RedisHints,
) -> PostgresDatabase:
    """Events become jobs with the commit, and hints after it."""
    return PostgresDatabase(
        engine,
        primary,
        clock,
        enqueue=JobQueue(handlers_of).enqueue,
        after_commit=partial(hint_at, hints),
        strict_locks=not settings.is_production,
    )


def redis_of(settings: Settings, measures: Measures) -> AbstractAsyncContextManager[RedisDoor]:
    """To be entered: the one door of all that can do without Redis."""
    return open_redis(
        settings.redis_url,
        measures,
        connections_max=settings.redis_pool_size,
        answer_seconds=settings.redis_answer_seconds,
    )


def cost_budget(settings: Settings, redis: RedisDoor) -> CostBudget:
    """One budget per client over all processes; while Redis is away, one of the same size in each."""
    capacity, refill = settings.cost_capacity, settings.cost_refill_per_second
    alone = TokenBuckets(clock=time.monotonic, capacity=capacity, refill_per_second=refill)
    return RedisCostBudget(redis, alone=alone, clock=time.time, capacity=capacity, refill_per_second=refill)


def mail_ports(settings: Settings, db: Database, clock: Clock) -> MailPorts:
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    terms = MailTerms(site_url=settings.links_url, domain=domain)
    return MailPorts(db=db, clock=clock, sender=mail_sender(settings), terms=terms)


def mail_sender(settings: Settings) -> MailSender | None:
    """The mail server, else the local mailbox; None where mail is turned off or neither is named."""
    if settings.mail_off:
        return None
    server = mail_server(settings)
    return SmtpMailSender(server) if server is not None else local_mailbox(settings)


def mail_server(settings: Settings) -> SmtpServer | None:
    if settings.smtp_host is None:
        return None
    password = settings.smtp_password
    return SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.mail_from,
        username=settings.smtp_username,
        password=password.get_secret_value() if password is not None else None,
        timeout_seconds=settings.smtp_timeout_seconds,
        ca_file=settings.smtp_ca_file,
    )


def local_mailbox(settings: Settings) -> MailboxDirectory | None:
    if settings.mailbox_directory is None:
        return None
    return MailboxDirectory(settings.mailbox_directory, settings.mail_from)


def payment_gateway(settings: Settings) -> StripePaymentGateway:
    return stripe_gateway(
        settings.stripe_api_key.get_secret_value(),
        [settings.stripe_webhook_secret.get_secret_value()],
        settings.stripe_api_base,
    )


def hint_at(hints: RedisHints, events: Sequence[Event]) -> None:
    """After a commit: tell the feeds of its events, each once."""
    topics = dict.fromkeys(topic for event in events for topic in event.topics())
    if topics:
        hints.publish(tuple(topics))


async def open_pools(
    opened: AsyncExitStack, settings: Settings, watch_pool: WatchPool | None, *, filled: bool
) -> tuple[asyncpg.Pool, asyncpg.Pool, asyncpg.Pool]:
    """For single statements on the primary, for reads, and for searches."""

    async def pool(name: str, url: str, size: int, server_settings: Mapping[str, str] | None = None) -> asyncpg.Pool:
        made = await open_pool(url, size, server_settings, filled=filled)
        opened.push_async_callback(made.close)
        if watch_pool is not None:
            watch_pool(name, size=made.get_size, idle=made.get_idle_size)
        return made

    return (
        await pool("primary", settings.database_url, settings.database_pool_size),
        await pool("reads", settings.read_url, settings.database_read_pool_size),
        await pool("search", settings.read_url, settings.database_search_pool_size, SERVER_SETTINGS),
    )


async def open_engine(opened: AsyncExitStack, settings: Settings, *, serving: bool) -> AsyncEngine:
    """For transactions."""
    size = settings.database_pool_size
    engine = create_engine(settings.database_url, size=size, server_settings=KEPT_PLANS if serving else None)
    opened.push_async_callback(engine.dispose)
    if serving:
        await fill(engine, size)
    return engine
