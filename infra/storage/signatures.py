"""Signed addresses of our own, for a storage that has none: who may do what to which file, and until when.

Invariant: everything that the receiver acts on (method, key, type, size, name, expiry) is under the signature.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self
from urllib.parse import urlencode

from domain.shared.clock import Clock

LEEWAY_SECONDS: Final = 5


class AddressRefused(Exception):
    """The address was not made here, was changed, or has expired; the message says which."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What an address allows. `content_type` and `bytes_max` are of a PUT, `file_name` of a GET."""

    method: str
    key: str
    expires: int
    content_type: str = ""
    bytes_max: int = 0
    file_name: str = ""

    def parameters(self) -> dict[str, str]:
        values = {"expires": str(self.expires)}
        if self.method == "PUT":
            return values | {"type": self.content_type, "max": str(self.bytes_max)}
        return values | ({"name": self.file_name} if self.file_name else {})

    @classmethod
    def of(cls, method: str, key: str, parameters: Mapping[str, str]) -> Self:
        try:
            return cls(
                method=method,
                key=key,
                expires=int(parameters["expires"]),
                content_type=parameters.get("type", ""),
                bytes_max=int(parameters.get("max", "0")),
                file_name=parameters.get("name", ""),
            )
        except (KeyError, ValueError) as fault:
            raise AddressRefused("This address is incomplete.") from fault

    def text(self) -> bytes:
        # Lengths keep two fields from being read as one another.
        parts = (self.method, self.key, str(self.expires), self.content_type, str(self.bytes_max), self.file_name)
        return "".join(f"{len(part)}:{part}" for part in parts).encode()


class AddressSigner:
    """Signs with a key that signs nothing else."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def expiry(self, seconds: int) -> datetime:
        return datetime.fromtimestamp(int(self._clock.now().timestamp()) + seconds, UTC)

    def query(self, grant: Grant) -> str:
        return urlencode(grant.parameters() | {"signature": self._sign(grant)})

    def check(self, method: str, key: str, parameters: Mapping[str, str]) -> Grant:
        """What the address allows. Raises AddressRefused."""
        grant = Grant.of(method, key, parameters)
        given = parameters.get("signature", "")
        if not hmac.compare_digest(self._sign(grant).encode(), given.encode()):
            raise AddressRefused("The signature of this address is wrong.")
        if self._clock.now().timestamp() > grant.expires + LEEWAY_SECONDS:
            raise AddressRefused("This address has expired; ask for a new one.")
        return grant

    def _sign(self, grant: Grant) -> str:
        return hmac.new(self._key, grant.text(), hashlib.sha256).hexdigest()
