"""Access tokens as JSON Web Tokens, HMAC-SHA256. Short-lived: what they say was true some minutes ago."""

from datetime import datetime
from typing import Final
from uuid import UUID

import jwt

from domain.shared.actor import Actor, ActorKind, Role

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "marketplace"


class JwtTokenSigner:
    """`domain.users.ports.TokenSigner`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, actor: Actor, expires_at: datetime) -> str:
        claims = {
            "iss": _ISSUER,
            "sub": str(actor.user()),
            "sid": str(actor.session_id),
            "exp": int(expires_at.timestamp()),
            "roles": sorted(role.value for role in actor.roles),
        }
        if actor.seller_id is not None:
            claims["sel"] = str(actor.seller_id)
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def verify(self, token: str, now: datetime) -> Actor | None:
        try:
            # The expiry is compared with the injected clock below, not with the machine's.
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                options={"require": ["exp", "sub", "sid"], "verify_exp": False},
            )
            if claims["exp"] <= now.timestamp():
                return None
            return Actor(
                kind=ActorKind.USER,
                user_id=UUID(claims["sub"]),
                seller_id=UUID(claims["sel"]) if "sel" in claims else None,
                roles=frozenset(Role(role) for role in claims.get("roles", ())),
                session_id=UUID(claims["sid"]),
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
            return None
