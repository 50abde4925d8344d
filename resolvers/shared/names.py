"""Names of the schema from the names in the code, made once: Strawberry asks for them with each argument it reads.

Invariant: the names are Strawberry's.
"""

from functools import lru_cache

from strawberry.schema.name_converter import NameConverter
from strawberry.utils.str_converters import to_camel_case

NAMES_MAX = 10_000
"""More than the code has."""


class RememberedNames(NameConverter):
    def apply_naming_config(self, name: str) -> str:
        return _camel_case(name) if self.auto_camel_case else name


_camel_case = lru_cache(maxsize=NAMES_MAX)(to_camel_case)
