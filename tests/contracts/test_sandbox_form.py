"""Whatever form arrives is understood or refused by name; nothing makes the sandbox stumble."""

from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.sandbox.form import Value, decode
from infra.sandbox.requests import Endpoint
from infra.sandbox.routes import ENDPOINTS
from tests.contracts.payment_worlds import sandbox_world
from tests.contracts.sandbox_requests import SECRET

NAMES = st.text(st.characters(exclude_characters="[]", codec="utf-8"), min_size=1, max_size=8)
FORMS = st.recursive(
    st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(
    [
        "amount",
        "currency",
        "metadata",
        "expand",
        "limit",
        "created",
        "starting_after",
        "payment_method",
        "customer",
        "confirm",
        "destination",
        "transfer_data",
        "card",
        "type",
        "settings",
        "capabilities",
        "automatic_payment_methods",
        "account",
        "refresh_url",
    ]
)
STEPS = st.sampled_from(["", "[]", "[gte]", "[0]", "[card]", "[a][b]", "[enabled]", "[", "]", "[destination]"])
VALUES = st.sampled_from(["", "1", "1000", "eur", "true", "card", "pm_card_visa", "pi_1", "-1", "\x00", "é", "id"])
PAIRS = st.lists(st.tuples(st.builds(str.__add__, WORDS, STEPS), VALUES), max_size=6)


def flat(value: Value, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(name, value)]
    return [pair for key, inner in value.items() for pair in flat(inner, f"{name}[{key}]" if name else key)]


@given(st.dictionaries(NAMES, FORMS, max_size=4))
def test_a_nested_form_survives_the_wire(form: dict[str, Value]) -> None:
    wire = urlencode(flat(form))
    assert decode(parse_qsl(wire, keep_blank_values=True)) == form


def test_arrays_come_with_and_without_positions() -> None:
    assert decode([("expand[]", "a"), ("expand[]", "b")]) == {"expand": {"0": "a", "1": "b"}}
    assert decode([("expand[0]", "a"), ("expand[1]", "b")]) == {"expand": {"0": "a", "1": "b"}}


def test_no_form_makes_it_stumble(tmp_path: Path) -> None:
    with sandbox_world(tmp_path) as world, httpx.Client(base_url=world.url, headers=SECRET) as http:

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(ENDPOINTS), PAIRS)
        def ask(endpoint: Endpoint, pairs: list[tuple[str, str]]) -> None:
            method, path = endpoint.method, endpoint.path.replace("{id}", "x_1")
            wire = urlencode(pairs)
            if method == "GET":
                answer = http.get(f"{path}?{wire}")
            else:
                answer = http.post(path, content=wire)
            assert answer.status_code in (200, 400, 402, 404), (method, path, pairs)

        ask()
