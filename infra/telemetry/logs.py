"""Logs of the whole process, its libraries included, one event a line: JSON for machines, columns for people.

Invariant: nothing logged under the name of a secret is written out, and tracebacks show no local variables.
"""

import logging
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
    return [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)]


def to_json(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


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
