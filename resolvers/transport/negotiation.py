"""Which of the media types that the edge speaks a client wants, by the weights of its `Accept`."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from resolvers.extensions.refusals import NOT_ACCEPTABLE
from resolvers.transport.refusals import RequestRefused

GRAPHQL_JSON: Final = "application/graphql-response+json"
JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
HTML: Final = "text/html"

_ACCEPT_LENGTH_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Accepted:
    """The media ranges of an `Accept` with their weights; a missing header takes anything."""

    weights: tuple[tuple[str, float], ...]

    def weight(self, media_type: str) -> float:
        """The weight of a media type by its most specific range, 0 when it is not accepted."""
        kind = media_type.partition("/")[0]
        for candidate in (media_type, f"{kind}/*", "*/*"):
            for name, weight in self.weights:
                if name == candidate:
                    return weight
        return 0.0

    def names(self, media_type: str) -> bool:
        """Whether the type itself is listed, not only a wildcard that covers it."""
        return any(name == media_type and weight > 0 for name, weight in self.weights)

    def json(self) -> str | None:
        """`application/json`, unless the newer type is asked for by name and weighs no less.

        A client that takes anything gets what every JSON reader knows.
        """
        plain, graphql = self.weight(JSON), self.weight(GRAPHQL_JSON)
        if plain <= 0 and graphql <= 0:
            return None
        if self.names(GRAPHQL_JSON) and graphql >= plain:
            return GRAPHQL_JSON
        return JSON if plain > 0 else GRAPHQL_JSON


@lru_cache(maxsize=256)
def accepted(header: str | None) -> Accepted:
    if header is None or not header.strip():
        return Accepted((("*/*", 1.0),))
    return Accepted(tuple(_range(part) for part in header[:_ACCEPT_LENGTH_MAX].lower().split(",") if part.strip()))


def answer_type(header: str | None) -> str:
    """The media type of a plain answer. Raises `RequestRefused` when the client takes neither."""
    chosen = accepted(header).json()
    if chosen is None:
        raise RequestRefused(f"Answers are {GRAPHQL_JSON} or {JSON}.", status=406, code=NOT_ACCEPTABLE)
    return chosen


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, min(1.0, max(0.0, float(parameter[2:])))
            except ValueError:
                return name, 0.0
    return name, 1.0
