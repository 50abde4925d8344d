"""Stripe behind the payment port."""
