"""Logs of the whole process, its libraries included, one event a line: JSON for machines, columns for people.

Invariant: nothing logged under the name of a secret is written out, and tracebacks show no local variables. Of what
messages and faults quote (drivers put a statement's values into theirs), tokens and e-mail addresses are taken out.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from infra.telemetry.context import current_trace_id

SECRET_WORDS: Final = ("password", "secret", "token", "authorization", "api_key", "card")
REDACTED: Final = "[redacted]"
QUOTED: Final = (
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"), REDACTED),
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]+"), rf"\1{REDACTED}"),
    (re.compile(r"(\b(?:sk|rk)_(?:test|live)|\bwhsec|_secret)_\w+"), rf"\1_{REDACTED}"),
    (re.compile(r"(://[^\s:/@]+:)[^\s@]+@"), rf"\1{REDACTED}@"),
    (re.compile(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"(\bDETAIL: )[^\n]*"), rf"\1{REDACTED}"),
    (re.compile(r"(query argument \$\d+: )[^\n]*"), rf"\1{REDACTED}"),
)
"""What may be quoted in a message, and what is written instead of it."""
NOISY: Final = (
    "uvicorn.access",
    "httpx",
    "httpcore",
    "stripe",
    "opensearch",
    "asyncio",
    "websockets",
    "alembic",
    "opentelemetry",
)


def configure_logs(*, json: bool, level: str, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging to write to one stream; may be called again."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render(json=json)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    logging.captureWarnings(capture=True)


def render(*, json: bool) -> list[Processor]:
    if json:
        transformer = ExceptionDictTransformer(show_locals=False, max_frames=20)
        return [
            structlog.processors.ExceptionRenderer(transformer),
            structlog.processors.JSONRenderer(serializer=to_json),
        ]
    colours = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
    return [renderer, scrub_line]


def to_json(event: object, **_: object) -> str:
    return orjson.dumps(scrubbed(event), default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def scrub_line(_logger: WrappedLogger, _method: str, line: Any) -> Any:
    return scrubbed(line)


def scrubbed(value: object) -> object:
    """The same without what only a person or a secret could be known by, through lists and dictionaries."""
    if isinstance(value, str):
        for pattern, instead in QUOTED:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, dict):
        return {name: scrubbed(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return scrubbed(str(value))


def add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    trace_id = current_trace_id()
    if trace_id is not None:
        event["trace_id"] = trace_id
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    hide_secrets(event, depth=3)
    return event


def hide_secrets(values: MutableMapping[str, Any], depth: int) -> None:
    for name, value in values.items():
        if any(word in str(name).lower() for word in SECRET_WORDS):
            values[name] = REDACTED
        elif isinstance(value, dict) and depth > 0:
            values[name] = dict(value)
            hide_secrets(values[name], depth - 1)
