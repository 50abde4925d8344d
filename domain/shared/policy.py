"""The platform's own terms: numbers that an operator may change, handed to the use cases that need them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Spans in seconds, rates in parts per million."""

    commission_ppm: int = 150_000
    trusted_sellers_skip_approval: bool = True
    reservation_seconds: int = 600
    review_seconds: int = 24 * 3600
    seller_answer_seconds: int = 48 * 3600
    capture_margin_seconds: int = 12 * 3600
    """Everything ends this long before the provider's authorization lapses."""
    lease_seconds: int = 30
    saga_wait_seconds: float = 8
    """How long the checkout mutation waits for the saga to come to rest before it answers PROCESSING."""
    access_token_seconds: int = 600
    refresh_token_seconds: int = 30 * 24 * 3600
    signal_retention_seconds: int = 180 * 24 * 3600
    review_amount_minor: int = 200_000
    """A checkout from this total on is looked at when the buyer is new. It is in EUR, and stands for about as much in
    any other currency (`domain.risk.assessing.worth_of`)."""
