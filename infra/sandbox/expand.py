"""`expand[]`: an id in an answer is replaced by the object it names."""

from typing import Any

from infra.sandbox.errors import Body, invalid
from infra.sandbox.store import Tx

EXPANSIONS_MAX = 20
DEPTH_MAX = 4


def expand(tx: Tx, body: Body, paths: list[str]) -> None:
    """Follow each path; `data.` goes into every object of a list. Nothing that is null is followed."""
    if len(paths) > EXPANSIONS_MAX:
        raise invalid(f"You cannot expand more than {EXPANSIONS_MAX} properties.", param="expand")
    for path in paths:
        steps = path.split(".")
        if len(steps) - (steps[0] == "data") > DEPTH_MAX:
            raise invalid(f"You cannot expand more than {DEPTH_MAX} levels of a property.", param="expand")
        _follow(tx, body, steps, path)


def _follow(tx: Tx, body: Any, steps: list[str], path: str) -> None:
    if isinstance(body, list):
        for one in body:
            _follow(tx, one, steps, path)
        return
    if not steps or body is None:
        return
    if not isinstance(body, dict) or steps[0] not in body or steps[0] == "id":
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    name = steps[0]
    value = body[name]
    if isinstance(value, str):
        found = tx.any(value)
        if found is None:
            raise invalid(f"This property cannot be expanded ({path}).", param="expand")
        body[name] = value = found
    _follow(tx, value, steps[1:], path)
