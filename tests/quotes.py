"""Quotes as tests ask for them: read and priced in one go, where the cart and the purchase do it in two."""

from domain.pricing.ports import ShippingRates, TaxRules
from domain.pricing.quote import QuoteRequest, QuoteResult
from domain.pricing.quoting import gather_facts, price
from domain.shared.database import Reads
from domain.shared.policy import Policy


async def make_quote(
    reads: Reads, request: QuoteRequest, *, shipping: ShippingRates, tax: TaxRules, policy: Policy
) -> QuoteResult:
    facts = await gather_facts(reads, request.lines, country=request.country, shipping=shipping, tax=tax, policy=policy)
    return price(facts, request)
