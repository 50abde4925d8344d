"""A development double of the payment provider: Stripe's HTTP API, as far as used, over one SQLite file."""
