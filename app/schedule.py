"""The one table of sweeps: what is done again and again, how often, and by which function.

Invariant: every worker runs all of them; each works a bounded batch and skips what another holds, so running twice at
once does no harm and needs no leader.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from app.container import Container
from app.jobs import MESSAGES
from domain.cart.sweeping import BATCH_MAX as CARTS_MAX
from domain.cart.sweeping import sweep_expired_carts
from domain.checkout.sweeping import expire_checkouts, recover_checkouts
from domain.erasure.customers import forget_customers
from domain.erasure.farewell import BATCH_MAX as FAREWELLS_MAX
from domain.erasure.farewell import forget_farewells
from domain.imports.export_files import BATCH_MAX as EXPORTS_MAX
from domain.imports.export_files import tidy_exports
from domain.imports.tidying import BATCH_MAX as IMPORTS_MAX
from domain.imports.tidying import tidy_imports
from domain.inbox.sweeping import BATCH_MAX as MESSAGES_MAX
from domain.inbox.sweeping import sweep_messages
from domain.ledger.sealing import BATCH_MAX as SEALED_MAX
from domain.ledger.sealing import seal
from domain.media.sweeping import BATCH_MAX as MEDIA_MAX
from domain.media.sweeping import sweep_media
from domain.notifications import mailing, marking
from domain.notifications.errors import MailServerDown
from domain.orders.completion import complete_due_orders
from domain.orders.lateness import cancel_given_up_orders, mark_late_orders
from domain.payments.fees import settle_fees
from domain.payments.refunding import resume_refunds
from domain.search import indexing
from domain.sellers.invitations import BATCH_MAX as INVITATIONS_MAX
from domain.sellers.invitations import forget_invitations
from domain.shared.measures import Measures, NoMeasures
from domain.users.retention import BATCH_MAX as USERS_MAX
from domain.users.retention import sweep_users

log = structlog.get_logger("market.schedule")

BACKLOG_PAUSE_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Sweep:
    """`run` gives how many rows it worked; as many as `batch` means that there may be more, so it runs again soon."""

    name: str
    every_seconds: float
    run: Callable[[Container], Awaitable[int]]
    batch: int = 100


async def _complete_orders(container: Container) -> int:
    return await complete_due_orders(db=container.ports.db, clock=container.ports.clock)


async def _mark_late(container: Container) -> int:
    return await mark_late_orders(db=container.ports.db, clock=container.ports.clock)


async def _cancel_given_up(container: Container) -> int:
    return await cancel_given_up_orders(db=container.ports.db, clock=container.ports.clock)


async def _resume_refunds(container: Container) -> int:
    ports = container.ports
    return await resume_refunds(db=ports.db, gateway=ports.gateway, clock=ports.clock)


async def _settle_fees(container: Container) -> int:
    ports = container.ports
    return await settle_fees(db=ports.db, gateway=ports.gateway, clock=ports.clock)


async def _forget_customers(container: Container) -> int:
    return await forget_customers(db=container.ports.db, gateway=container.ports.gateway)


async def _sweep_users(container: Container) -> int:
    return await sweep_users(container.ports.db, container.ports.policy)


async def _sweep_media(container: Container) -> int:
    return await sweep_media(db=container.ports.db, storage=container.ports.storage)


async def _seal_ledger(container: Container) -> int:
    link = await seal(db=container.ports.db)
    return link.transactions if link is not None else 0


async def _send_mails(container: Container) -> int:
    try:
        return await mailing.send_due_mails(ports=container.mail)
    except MailServerDown as down:
        log.warning("no mail can be sent; mails wait", reason=down.reason)
        return 0


async def _forget_notifications(container: Container) -> int:
    return await marking.forget_old(db=container.ports.db)


async def _drain_changes(container: Container) -> int:
    return await indexing.drain(db=container.ports.db, index=container.ports.search_index, batches_max=1)


async def _refresh_documents(container: Container) -> int:
    await indexing.refresh(db=container.ports.db, index=container.ports.search_index)
    # The next ones are found only after these were drained.
    return 0


async def _tidy_search(container: Container) -> int:
    await container.ports.search_index.tidy()
    return 0


async def _tidy_imports(container: Container) -> int:
    return await tidy_imports(db=container.ports.db, storage=container.ports.storage)


async def _tidy_exports(container: Container) -> int:
    return await tidy_exports(db=container.ports.db, storage=container.ports.storage)


SWEEPS: Final[tuple[Sweep, ...]] = (
    Sweep("expired carts", 600, lambda container: sweep_expired_carts(container.ports.db), CARTS_MAX),
    Sweep("expired checkouts", 30, lambda container: expire_checkouts(container.ports.checkout)),
    Sweep("abandoned checkouts", 5, lambda container: recover_checkouts(container.ports.checkout)),
    Sweep("complete orders", 60, _complete_orders),
    Sweep("late orders", 60, _mark_late),
    Sweep("orders not sent for too long", 300, _cancel_given_up),
    Sweep("unworked messages", 60, lambda container: sweep_messages(container.ports.db, MESSAGES), MESSAGES_MAX),
    Sweep("resume refunds", 30, _resume_refunds),
    Sweep("fees not told yet", 300, _settle_fees),
    Sweep("customers of erased users", 300, _forget_customers),
    Sweep("last mails not taken", 600, lambda container: forget_farewells(db=container.ports.db), FAREWELLS_MAX),
    Sweep("sign-ins, signals and sessions grown old", 60, _sweep_users, batch=USERS_MAX),
    Sweep("seal the ledger", 10, _seal_ledger, batch=SEALED_MAX),
    Sweep("mails", 2, _send_mails, batch=mailing.BATCH_MAX),
    Sweep("invitations grown old", 600, lambda container: forget_invitations(db=container.ports.db), INVITATIONS_MAX),
    Sweep("notifications grown old", 600, _forget_notifications, batch=marking.BATCH_MAX),
    Sweep("files of ended imports", 60, _tidy_imports, batch=IMPORTS_MAX),
    Sweep("exports of yesterday", 600, _tidy_exports, batch=EXPORTS_MAX),
    Sweep("uploads and pictures that nobody uses", 300, _sweep_media, batch=MEDIA_MAX),
    Sweep("search changes", 1, _drain_changes, batch=indexing.BATCH_CHANGES),
    Sweep("search documents grown old", 60, _refresh_documents),
    Sweep("search words", 600, _tidy_search),
)


async def run_schedule(
    container: Container,
    stop: asyncio.Event,
    sweeps: tuple[Sweep, ...] = SWEEPS,
    measures: Measures | None = None,
) -> None:
    """Runs all sweeps until `stop`; the running ones are finished first."""
    async with asyncio.TaskGroup() as group:
        for sweep in sweeps:
            work = _repeat(sweep, container, stop, measures or NoMeasures())
            group.create_task(work, name=f"sweep {sweep.name}")


async def _repeat(sweep: Sweep, container: Container, stop: asyncio.Event, measures: Measures) -> None:
    while not stop.is_set():
        worked = await run_once(sweep, container, measures)
        # Spread, so that workers started together do not sweep together.
        pause = BACKLOG_PAUSE_SECONDS if worked >= sweep.batch else sweep.every_seconds * random.uniform(0.8, 1.2)  # noqa: S311
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except TimeoutError:
            continue


async def run_once(sweep: Sweep, container: Container, measures: Measures) -> int:
    """How many rows it worked; 0 when something failed, which is logged and counted and comes again."""
    try:
        worked = await sweep.run(container)
    except Exception as fault:  # one failing sweep must not end the others
        faults = len(fault.exceptions) if isinstance(fault, ExceptionGroup) else 1
        log.exception("sweep failed", sweep=sweep.name, faults=faults)
        measures.sweep(sweep.name, faults)
        return 0
    measures.sweep(sweep.name, 0)
    return worked
