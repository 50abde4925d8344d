"""Guarantee: what the documentation tells clients about codes and limits is what the edge does."""

from pathlib import Path

import pytest

from app.settings import Settings
from resolvers.extensions import refusals
from resolvers.extensions.limits import Limits
from resolvers.transport.limits import TransportLimits

TEXT = (Path(__file__).parents[3] / "docs" / "graphql-clients.md").read_text()
SENTENCES = " ".join(TEXT.split())
CODES = sorted(value for name, value in vars(refusals).items() if name.isupper() and isinstance(value, str))


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(code: str) -> None:
    assert f"`{code}`" in TEXT


def test_the_limits_are_those_of_the_code() -> None:
    limits, transport = Limits(), TransportLimits()

    for sentence in (
        f"{limits.source_length_max:,} characters, {limits.tokens_max:,} tokens, {limits.comments_max} comments",
        f"{limits.depth_max}, {limits.aliases_max}, {limits.fields_max:,}, fragments expanded",
        f"{limits.cost_max:,} an operation",
        f"{transport.request_seconds:.0f} s an operation",
        f"within {transport.connection_init_seconds:.0f} s",
        f"at most {transport.socket_operations_max} at once",
        f"at most {transport.client_sockets_max} sockets",
        f"at most {transport.client_subscriptions_max} operations on sockets",
    ):
        assert sentence in SENTENCES
    assert transport.body_bytes_max == 1_000_000
    fields = Settings.model_fields
    assert fields["client_sockets_max"].default == transport.client_sockets_max
    assert fields["client_subscriptions_max"].default == transport.client_subscriptions_max
