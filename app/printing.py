"""The schema as text, the same on every machine."""

from resolvers.schema import build_schema


def print_schema() -> str:
    """The schema in the schema definition language, ending with a newline."""
    return f"{build_schema().as_str()}\n"
