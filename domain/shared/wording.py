"""What a refused value is told to people: plain sentences instead of the validation library's own.

Codes stay the library's, so clients that translate keep their keys.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

_COUNTED_BY_CHARACTER: Final = "Value"
"""What the library calls a secret text whose characters it counts; what else has a type there is a list."""


def sentence(error: Mapping[str, Any]) -> str:
    """Of one entry of `ValidationError.errors()`, its context included."""
    known = _SENTENCES.get(str(error["type"]))
    if known is not None:
        return known(error.get("ctx", {}))
    return str(error["msg"]).removeprefix("Value error, ")


def _at_least(context: Mapping[str, Any]) -> str:
    least = context["min_length"]
    return "It must not be empty." if least == 1 else f"It must have at least {least} {_parts(context)}."


def _at_most(context: Mapping[str, Any]) -> str:
    return f"It must have at most {context['max_length']} {_parts(context)}."


def _parts(context: Mapping[str, Any]) -> str:
    return "characters" if context.get("field_type", _COUNTED_BY_CHARACTER) == _COUNTED_BY_CHARACTER else "entries"


def _value_error(context: Mapping[str, Any]) -> str:
    # Only the check of e-mail addresses gives a reason; everything else raises its own sentence.
    return f"This is no e-mail address: {context['reason']}" if "reason" in context else str(context["error"])


_SENTENCES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "greater_than": lambda context: f"It must be more than {context['gt']}.",
    "greater_than_equal": lambda context: f"It must be at least {context['ge']}.",
    "less_than": lambda context: f"It must be less than {context['lt']}.",
    "less_than_equal": lambda context: f"It must be at most {context['le']}.",
    "string_too_short": _at_least,
    "string_too_long": _at_most,
    "string_pattern_mismatch": lambda _: "It has characters or a form that are not taken here.",
    "too_short": _at_least,
    "too_long": _at_most,
    "missing": lambda _: "It is missing.",
    "value_error": _value_error,
}
