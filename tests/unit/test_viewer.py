"""Guarantee: nobody chooses the address they are bounded by, and a bad token is never taken for none."""

import pytest
from starlette.requests import HTTPConnection

from app.container import Container
from app.viewer import authenticate, bearer_of, client_of
from domain.shared.actor import Client
from domain.shared.errors import NotSignedIn

PROXIES = "10.0.0.0/8, 127.0.0.1"


def a_connection(peer: str | None, **headers: str) -> HTTPConnection:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "client": (peer, 1) if peer else None, "headers": raw})


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.1.2.3", "198.51.100.1, nonsense", "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("::ffff:10.1.2.3", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", ", ".join(["10.0.0.1"] * 30), "10.0.0.1"),
        (None, "198.51.100.1", ""),
    ],
)
def test_the_client_is_the_nearest_address_that_is_no_proxy_of_ours(
    peer: str | None, forwarded: str, address: str
) -> None:
    assert client_of(a_connection(peer, x_forwarded_for=forwarded), PROXIES).ip == address


def test_what_a_client_says_of_itself_is_kept_within_bounds() -> None:
    client = client_of(a_connection("203.0.113.9", user_agent="x" * 999, x_device_id="a" * 101), PROXIES)
    assert (len(client.user_agent), client.device_id) == (300, "")
    known = client_of(a_connection("203.0.113.9", user_agent="App/1\x00", x_device_id="A1-b.c"), PROXIES)
    assert (known.user_agent, known.device_id) == ("App/1", "A1-b.c")


def test_a_token_is_taken_from_a_bearer_header_only() -> None:
    assert bearer_of(None) is None
    assert bearer_of("bearer abc") == "abc"
    for wrong in ("Basic abc", "Bearer", "Bearer "):
        with pytest.raises(NotSignedIn):
            bearer_of(wrong)


def test_a_bad_token_is_refused_and_no_token_is_a_stranger(container: Container) -> None:
    assert authenticate(None, Client(), container).actor.user_id is None
    for bad in ("", "x.y.z", "eyJhbGciOiJub25lIn0.e30."):
        with pytest.raises(NotSignedIn):
            authenticate(bad, Client(), container)
