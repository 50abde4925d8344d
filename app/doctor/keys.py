"""Keys as the doctor sees them: long enough, of the right kind, none of them everybody's.

Invariant: a finding speaks of a key's length and kind, never of its text.
"""

from collections.abc import Iterator
from typing import Final

from app.doctor.findings import Area, Finding, fault, warning, well
from app.settings import Settings
from app.settings_fields import (
    DEVELOPMENT_JWT_SECRET,
    JWT_SECRET_BYTES_MIN,
    SANDBOX_API_KEY,
    SANDBOX_CARRIER_SECRET,
    SANDBOX_WEBHOOK_SECRET,
)

DISTINCT_MIN: Final = 10
"""A random secret of 32 bytes has more different characters than that; `xxxx...` has not."""
FRESH: Final = "set it to a new one: `openssl rand -base64 48`"


def key_findings(settings: Settings) -> Iterator[Finding]:
    yield jwt_secret(settings)
    yield from provider_key(settings)
    yield webhook_secret(settings)
    yield carrier_secret(settings)


def jwt_secret(settings: Settings) -> Finding:
    check, secret = "JWT_SECRET", settings.jwt_secret.get_secret_value()
    if secret == DEVELOPMENT_JWT_SECRET:
        return _default(settings, check)
    length = len(secret.encode())
    if length < JWT_SECRET_BYTES_MIN:
        return fault(Area.KEYS, check, f"{length} bytes long, {JWT_SECRET_BYTES_MIN} are needed", FRESH)
    if len(set(secret)) < DISTINCT_MIN:
        return warning(Area.KEYS, check, f"has only {len(set(secret))} different characters", FRESH)
    return well(Area.KEYS, check, f"{length} bytes")


def provider_key(settings: Settings) -> Iterator[Finding]:
    """Its kind against the place: live keys move real money, test keys none."""
    check, key = "STRIPE_API_KEY", settings.stripe_api_key.get_secret_value()
    kind, _, rest = key.partition("_")
    mode = rest.partition("_")[0]
    if kind == "pk":
        yield fault(
            Area.KEYS, check, "is a publishable key", "set the secret key (sk_...) or a restricted one (rk_...)"
        )
    elif kind not in {"sk", "rk"} or mode not in {"live", "test"}:
        yield fault(Area.KEYS, check, "is no key of the provider", "copy the secret key from the provider's dashboard")
    elif mode == "live" and not settings.is_production:
        yield fault(Area.KEYS, check, f"is live in {settings.environment}", "use a test key: this moves real money")
    elif mode == "test" and settings.is_production:
        yield warning(Area.KEYS, check, "is a test key in production", "set the live key: nobody is charged now")
    elif key == SANDBOX_API_KEY and settings.stripe_api_base is None:
        yield fault(
            Area.KEYS,
            check,
            "is the sandbox's, but no sandbox is set",
            "set a test key, or STRIPE_API_BASE to a sandbox",
        )
    else:
        yield well(Area.KEYS, check, f"{mode}, {'restricted' if kind == 'rk' else 'secret'}")


def webhook_secret(settings: Settings) -> Finding:
    check, secret = "STRIPE_WEBHOOK_SECRET", settings.stripe_webhook_secret.get_secret_value()
    if secret == SANDBOX_WEBHOOK_SECRET:
        if settings.stripe_api_base is not None:
            return well(Area.KEYS, check, "the sandbox's")
        return fault(
            Area.KEYS, check, "is the sandbox's, but no sandbox is set", "copy the endpoint's secret from the dashboard"
        )
    if not secret.startswith("whsec_"):
        return fault(
            Area.KEYS, check, "does not begin with whsec_", "copy the endpoint's signing secret from the dashboard"
        )
    return well(Area.KEYS, check, "set")


def carrier_secret(settings: Settings) -> Finding:
    check, secret = "CARRIER_WEBHOOK_SECRET", settings.carrier_webhook_secret.get_secret_value()
    if secret == SANDBOX_CARRIER_SECRET:
        return _default(settings, check)
    if len(secret.encode()) < JWT_SECRET_BYTES_MIN:
        return warning(Area.KEYS, check, f"is only {len(secret.encode())} bytes long", FRESH)
    return well(Area.KEYS, check, "set")


def _default(settings: Settings, check: str) -> Finding:
    """A default secret is known to everybody: fine where only this machine can come in."""
    if not settings.is_exposed:
        return well(Area.KEYS, check, "the development default, on this machine only")
    return fault(Area.KEYS, check, "is the default, and others than this machine get in", FRESH)
