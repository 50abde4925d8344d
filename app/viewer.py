"""Who asks: the viewer behind a token, and the client behind a connection, for HTTP and sockets alike.

Invariant: a forwarding header counts only when a trusted proxy wrote it. It is read from the right, and the first
address that is no proxy of ours is the client: whatever stands left of it the client may have written itself.
"""

import re
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.requests import HTTPConnection

from app.container import Container
from domain.shared.actor import ANONYMOUS, Client
from domain.shared.errors import NotSignedIn
from resolvers.context import Viewer

Network = IPv4Network | IPv6Network

DEVICE_HEADER: Final = "x-device-id"
HOPS_MAX: Final = 20
PARSED_MAX: Final = 1_024
"""Addresses that are remembered: clients ask again and again."""
_DEVICE_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def authenticate(token: str | None, client: Client, container: Container, *, trace: str = "") -> Viewer:
    """The viewer of an access token, or an anonymous one without a token.

    Raises NotSignedIn for a token that is expired or forged: a client that believes to be signed in has to refresh,
    and must not silently be answered as a stranger. The token alone is looked at; whether its session still goes on
    is asked where it matters (`domain.sellers.switching.still_holds`).
    """
    if token is None:
        return Viewer(replace(ANONYMOUS, trace=trace), client)
    actor = container.ports.tokens.verify(token, container.ports.clock.now())
    if actor is None:
        raise NotSignedIn("This access token is expired or not valid; refresh the session.")
    return Viewer(replace(actor, trace=trace), client)


def bearer_of(authorization: str | None) -> str | None:
    """The token of an `Authorization` header; None without one. Raises NotSignedIn for another scheme."""
    if not authorization:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("Send the access token as `Authorization: Bearer <token>`.")
    return token.strip()


def client_of(connection: HTTPConnection, trusted_proxies: str) -> Client:
    """Where a request or socket comes from. `trusted_proxies` is the setting: addresses or networks, by commas."""
    peer = connection.client.host if connection.client is not None else ""
    device_id = connection.headers.get(DEVICE_HEADER, "")
    return Client(
        ip=_address_of(peer, connection.headers.getlist("x-forwarded-for"), networks(trusted_proxies)),
        user_agent=_CONTROL.sub("", connection.headers.get("user-agent", ""))[:300],
        device_id=device_id if _DEVICE_ID.fullmatch(device_id) else "",
    )


def _address_of(peer: str, forwarded: list[str], trusted: tuple[Network, ...]) -> str:
    hops = [hop.strip() for hop in ",".join(forwarded).split(",") if hop.strip()]
    address = peer
    for hop in hops[: -HOPS_MAX - 1 : -1]:
        if not _is_trusted(address, trusted) or _parsed(hop) is None:
            break
        address = hop
    found = _parsed(address)
    return str(found) if found is not None else ""


def _is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    found = _parsed(address)
    return found is not None and any(found in network for network in trusted)


@lru_cache(maxsize=PARSED_MAX)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A listener for both families sees IPv4 clients as ::ffff:a.b.c.d.
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=8)
def networks(setting: str) -> tuple[Network, ...]:
    """Raises ValueError for what is neither an address nor a network."""
    return tuple(ip_network(part.strip()) for part in setting.split(",") if part.strip())
