"""Keys from secrets: HKDF with SHA-256 (RFC 5869), one label for each purpose.

Invariant: no two purposes share a key, and a key tells nothing of the secret that it was made from nor of another
key; so what leaks from one place opens no other.
"""

import hashlib
import hmac
from enum import StrEnum
from typing import Final

from pydantic import SecretStr

from app.settings import Settings

_NO_SALT: Final = bytes(32)


class Purpose(StrEnum):
    """The label of a key. Another text makes another key: whatever the old one signed ends."""

    ACCESS_TOKENS = "marketplace: access tokens"
    INVITATIONS = "marketplace: tokens of invitations"
    STORED_FILES = "marketplace: addresses of stored files"


def key_for(purpose: Purpose, settings: Settings) -> bytes:
    """The key of a purpose, from the secret that is set for it."""
    return derived(_secret_of(purpose, settings).get_secret_value().encode(), purpose.value.encode())


def derived(secret: bytes, label: bytes, salt: bytes = _NO_SALT) -> bytes:
    """HKDF's extract and the first block of its expand: what SHA-256 gives, 32 bytes."""
    pseudorandom = hmac.digest(salt, secret, hashlib.sha256)
    return hmac.digest(pseudorandom, label + b"\x01", hashlib.sha256)


def _secret_of(purpose: Purpose, settings: Settings) -> SecretStr:
    if purpose is Purpose.STORED_FILES and settings.storage_secret is not None:
        return settings.storage_secret
    return settings.jwt_secret
