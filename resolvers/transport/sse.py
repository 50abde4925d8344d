"""Event streams over HTTP: server-sent events in the distinct-connections mode."""

from functools import lru_cache

from strawberry.http.streaming import MultipartSubscriptionTransport, SSETransport

from resolvers.transport.negotiation import EVENT_STREAM, GRAPHQL_JSON, JSON, accepted


class EventStream(SSETransport):
    """Taken by clients that read nothing else, and ended with LF.

    Some clients list `text/event-stream` with every query beside JSON and would have all their queries
    answered as streams; and one widely used client splits events at LF LF only, so that CR LF, though legal,
    reads as no content.
    """

    def accepts(self, accept: str) -> bool:
        wanted = accepted(accept)
        return wanted.names(EVENT_STREAM) and not (wanted.weight(JSON) or wanted.weight(GRAPHQL_JSON))

    def encode_event(self, event: str, data: str | None = None) -> str:
        return f"event: {event}\ndata: {data or ''}\n\n"

    def encode_comment(self, comment: str) -> str:
        return f": {comment}\n\n"


@lru_cache(maxsize=256)
def stream_protocol(accept: str | None) -> str | None:
    """The protocol in which a client wants its answer streamed, by its `Accept`; None for a plain answer."""
    transports = (MultipartSubscriptionTransport(), EventStream())
    return next((each.protocol for each in transports if accept and each.accepts(accept)), None)
