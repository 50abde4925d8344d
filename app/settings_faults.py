"""What no place may be: a production with a developer's secrets, and what would quietly do harm."""

from app.settings_fields import (
    DEVELOPMENT_JWT_SECRET,
    DEVELOPMENT_MAIL_FROM,
    DEVELOPMENT_STORAGE_URL,
    JWT_SECRET_BYTES_MIN,
    SANDBOX_API_KEY,
    SANDBOX_CARRIER_SECRET,
    SANDBOX_WEBHOOK_SECRET,
    Fields,
)
from infra.mail.security import SmtpSecurity

HASH_MEMORY_KIB_MIN = 7 * 1024
HASH_WORK_KIB_MIN = 5 * HASH_MEMORY_KIB_MIN


def production_faults(settings: Fields) -> list[str]:
    """What a developer's machine may do and production may not."""
    faults = [*known_secrets(settings), *weak_secrets(settings)]
    if settings.stripe_api_base is not None:
        faults.append("STRIPE_API_BASE points at a sandbox")
    faults += mail_faults(settings)
    if not settings.public_url.startswith("https://"):
        faults.append("PUBLIC_URL is not https")
    if settings.storage_url == DEVELOPMENT_STORAGE_URL:
        faults.append("STORAGE_URL is not set")
    if not settings.pictures_url.startswith("https://"):
        faults.append("MEDIA_URL is not https")
    if any(not origin.startswith("https://") for origin in settings.allowed_origins):
        faults.append("ALLOWED_ORIGINS has an origin that is not https")
    return faults


def exposure_faults(settings: Fields) -> list[str]:
    """A place that others reach with secrets that everybody knows: most likely a production that forgot to say so."""
    if not settings.is_exposed or settings.allow_exposed_development:
        return []
    known = known_secrets(settings)
    if not known:
        return []
    where = f"HOST={settings.host} with PUBLIC_URL={settings.public_url} is open to others"
    remedy = "set ENVIRONMENT=production, or ALLOW_EXPOSED_DEVELOPMENT=true where nobody else gets in"
    return [
        f"{where} and ENVIRONMENT is {settings.environment}: {remedy}",
        *known,
    ]


def known_secrets(settings: Fields) -> list[str]:
    """Secrets that stand in the code: whoever reads it can sign tokens and report payments."""
    faults = []
    if settings.jwt_secret.get_secret_value() == DEVELOPMENT_JWT_SECRET:
        faults.append("JWT_SECRET is the development default")
    if settings.stripe_api_key.get_secret_value() == SANDBOX_API_KEY:
        faults.append("STRIPE_API_KEY is the sandbox key")
    if settings.stripe_webhook_secret.get_secret_value() == SANDBOX_WEBHOOK_SECRET:
        faults.append("STRIPE_WEBHOOK_SECRET is the sandbox secret")
    if settings.carrier_webhook_secret.get_secret_value() == SANDBOX_CARRIER_SECRET:
        faults.append("CARRIER_WEBHOOK_SECRET is the sandbox secret")
    return faults


def weak_secrets(settings: Fields) -> list[str]:
    faults = []
    secret = settings.jwt_secret.get_secret_value()
    if len(secret.encode()) < JWT_SECRET_BYTES_MIN:
        faults.append(f"JWT_SECRET is shorter than {JWT_SECRET_BYTES_MIN} bytes")
    if settings.storage_secret is not None:
        own = settings.storage_secret.get_secret_value()
        if len(own.encode()) < JWT_SECRET_BYTES_MIN:
            faults.append(f"STORAGE_SECRET is shorter than {JWT_SECRET_BYTES_MIN} bytes")
        if own == secret:
            faults.append("STORAGE_SECRET is JWT_SECRET once more")
    return faults


def password_faults(settings: Fields) -> list[str]:
    """Hashes that are guessed too cheaply. OWASP's least: 7 MiB in five passes, 9 in four, ... 46 in one."""
    passes, memory_kib = settings.password_hash_passes, settings.password_hash_memory_kib
    if memory_kib >= HASH_MEMORY_KIB_MIN and passes * memory_kib >= HASH_WORK_KIB_MIN:
        return []
    return [f"PASSWORD_HASH_MEMORY_KIB={memory_kib} with PASSWORD_HASH_PASSES={passes} is too weak"]


def mail_faults(settings: Fields) -> list[str]:
    """Mail that would silently go nowhere, or a password that everybody on the way could read."""
    faults = []
    if settings.smtp_host is None and not settings.mail_off:
        faults.append("SMTP_HOST is not set; set MAIL_OFF=true to send no mail")
    if settings.smtp_host is not None and settings.mail_from == DEVELOPMENT_MAIL_FROM:
        faults.append("MAIL_FROM is the development default")
    if settings.smtp_security is SmtpSecurity.NONE and settings.smtp_username is not None:
        faults.append("SMTP_SECURITY is none and there is a password to protect")
    if settings.mailbox_directory is not None:
        faults.append("MAILBOX_DIRECTORY is for development")
    return faults
