"""Guarantee: no value of any argument or input is a fault of ours, and none is kept that is longer than anything needs.

Whatever the schema takes is given hostile values, one at a time, by somebody who may do everything. What comes back is
an answer or a refusal with a code; a new field is tested by being in the schema.
"""

from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLError

from app.container import Container
from domain.shared.actor import Actor, Role
from domain.shared.errors import DomainError
from tests.domain.users.accounts import FakePasswordHasher
from tests.fakes.payment_gateway import FakePaymentGateway
from tests.graphql.execution import SCHEMA
from tests.graphql.operations import LONG, MANY, Entry, cases, entries
from tests.makers import a_seller


@pytest.fixture(scope="module")
def harmless(container: Container) -> Container:
    """Nothing outside is called, and passwords cost nothing."""
    gateway = FakePaymentGateway()
    ports = container.ports
    checkout = replace(ports.checkout, gateway=gateway)
    return replace(container, ports=replace(ports, gateway=gateway, checkout=checkout, hasher=FakePasswordHasher()))


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: f"{entry.area}.{entry.name}")
async def test_no_value_is_a_fault_and_none_is_too_long_to_be_refused(harmless: Container, entry: Entry) -> None:
    actor = await all_powerful(harmless)
    faults = []
    for what, variables in cases(entry):
        result = await SCHEMA.execute(
            entry.document(variables), variable_values=variables, context_value=harmless.context(actor)
        )
        faults += [f"{what}: {error.original_error!r}"[:300] for error in result.errors or () if is_fault(error)]
        if (LONG[:20] in what or f"{MANY} items" in what) and succeeded(entry, result.data):
            faults.append(f"{what[:60]}: was taken")
    assert faults == []


async def all_powerful(container: Container) -> Actor:
    return replace(await a_seller(container), roles=frozenset({Role.ADMIN, Role.MODERATOR}))


def is_fault(error: Any) -> bool:
    """What the edge would mask: an exception that is neither a refusal nor GraphQL's own word about the values."""
    known = (error.extensions or {}).get("code") is not None
    return not known and not isinstance(error.original_error, DomainError | GraphQLError | None)


def succeeded(entry: Entry, data: dict[str, Any] | None) -> bool:
    """A mutation that kept what it was given."""
    if entry.area != "Mutation" or not data:
        return False
    return str((data.get(entry.name) or {}).get("__typename", "")).endswith("Success")
