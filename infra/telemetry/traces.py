"""OpenTelemetry spans, made only where a collector is configured."""

from collections.abc import Mapping
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from starlette.types import ASGIApp

EXPORT_SECONDS_MAX = 5
QUEUE_SPANS_MAX = 2048
UNTRACED = "/health/.*,/metrics"


def without_query(span: trace.Span, scope: Mapping[str, Any]) -> None:
    """A query by GET has its variables in the address, and those may be anybody's: only the path is told."""
    if span.is_recording() and scope.get("query_string"):
        span.set_attributes({"http.url": scope["path"], "http.target": scope["path"], "url.query": ""})


class Tracing:
    """The tracer of one process. A collector that is away costs dropped spans, never a slower request."""

    def __init__(self, *, service: str, environment: str, processor: SpanProcessor) -> None:
        resource = Resource.create({"service.name": service, "deployment.environment.name": environment})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(processor)

    def around(self, app: ASGIApp) -> ASGIApp:
        """The program with one span per request and socket."""
        traced: ASGIApp = OpenTelemetryMiddleware(
            app,
            excluded_urls=UNTRACED,
            tracer_provider=self._provider,
            exclude_spans=["receive", "send"],
            server_request_hook=without_query,
        )
        return traced

    def shutdown(self) -> None:
        """Send what is left, for at most a few seconds. Blocks."""
        self._provider.shutdown()


def exporting_to(endpoint: str) -> SpanProcessor:
    """Batches of spans to a collector's base address (OTLP over HTTP)."""
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS_MAX)
    return BatchSpanProcessor(exporter, max_queue_size=QUEUE_SPANS_MAX, export_timeout_millis=EXPORT_SECONDS_MAX * 1000)
