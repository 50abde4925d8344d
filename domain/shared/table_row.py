"""The base of every table's model: a row is its columns and nothing else.

Values are checked where they come in (commands) and by the database's constraints, so a row that is made checks and
copies none: SQLModel's own construction takes ten times as long, and a purchase makes fifteen rows.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlmodel import SQLModel


class TableRow(SQLModel):
    """Derived with `table=True`. A name that is no column is refused; what is not given is the field's default."""

    def __init__(self, **values: Any) -> None:
        constants, made = _defaults_of(type(self))
        if unknown := values.keys() - type(self).model_fields.keys():
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        self.__dict__.update(constants)
        self.__dict__.update({name: make() for name, make in made.items() if name not in values})
        self.__dict__.update(values)

    if not TYPE_CHECKING:
        # SQLAlchemy's attributes remember what changed; pydantic's bookkeeping on top of it has no reader.
        __setattr__ = object.__setattr__


@lru_cache(maxsize=500)
def _defaults_of(model: type[TableRow]) -> tuple[Mapping[str, Any], Mapping[str, Callable[[], Any]]]:
    """Constants, and the factories of what must be made anew for each row."""
    optional = {name: field for name, field in model.model_fields.items() if not field.is_required()}
    made = {name: field.default_factory for name, field in optional.items() if field.default_factory is not None}
    constants = {name: field.default for name, field in optional.items() if name not in made}
    return constants, made  # type: ignore[return-value]  # pydantic's factories may take the values; none of ours does
