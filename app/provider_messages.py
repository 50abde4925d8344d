"""What the payment provider tells us, by what it is about: a reason to read the provider, never the truth itself."""

from app.container import Container
from domain.checkout.chargebacks import on_chargeback
from domain.checkout.provider_messages import on_payment_message
from domain.checkout.refunds_by_hand import on_refund_message, on_refunded_payment
from domain.checkout.sifting import News
from domain.inbox.receiving import Message, leave_unworked, mark_worked, message_by_id
from domain.payments.events import ProviderMessageReceived
from domain.payments.ports import ProviderEventKind
from domain.sellers.payment_accounts import refresh_payment_account
from domain.shared.errors import TooEarly


async def apply_provider_message(event: ProviderMessageReceived, container: Container) -> None:
    """Raises ProviderUnavailable, TooEarly: the job comes again."""
    news = await container.news.load(event.message_id)
    if news is News.OLD:
        return
    if news is News.EARLY:
        raise TooEarly("somebody is at this checkout")
    message = await message_by_id(container.ports.db.primary, event.message_id)
    if message is None:
        return
    done = mark_worked if await _apply(message, container) else leave_unworked
    await container.ports.db.run(lambda tx: done(tx, message.id))


async def _apply(message: Message, container: Container) -> bool:
    """False for what nobody here knows about: it stays unworked, for whoever learns to."""
    ports = container.ports
    if message.kind == ProviderEventKind.PAYMENT:
        await on_payment_message(message.object_ref, ports=ports.checkout)
    elif message.kind == ProviderEventKind.REFUND:
        await on_refund_message(message.object_ref, ports=ports.checkout)
    elif message.kind == ProviderEventKind.REFUNDED_PAYMENT:
        await on_refunded_payment(message.object_ref, ports=ports.checkout)
    elif message.kind == ProviderEventKind.ACCOUNT:
        await refresh_payment_account(db=ports.db, provider=ports.gateway, account_ref=message.object_ref)
    elif message.kind == ProviderEventKind.CHARGEBACK:
        await on_chargeback(message.object_ref, ports=ports.checkout)
    else:
        return False
    return True
