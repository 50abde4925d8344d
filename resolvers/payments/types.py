"""The payment provider in the schema: what it refuses, or does not answer."""

from domain.payments import errors
from resolvers.shared.errors import UserError, failure


@failure(errors.ProviderUnavailable, "The payment provider does not answer at present. Try again in a moment.")
class ProviderUnavailable(UserError):
    pass


@failure(errors.ProviderRefused, "The payment provider said no.")
class ProviderRefused(UserError):
    pass
