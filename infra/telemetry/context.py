"""In which trace code runs; apart from the making of spans, which most processes never load."""

from opentelemetry import trace


def current_trace_id() -> str | None:
    """The trace that this code runs in, as 32 hex digits."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None
