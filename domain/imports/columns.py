"""The columns of the format: which there are, what a cell of each may hold, and how a file's own names become them.

Invariant: a cell is read by the type that the ordinary mutations use for the same field, so an import takes exactly
what a seller could have typed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from domain.catalog.model import Condition, Fulfilment, ListingKind, SaleMode, Visibility
from domain.catalog.products import Brand, Gtin
from domain.catalog.variants import OptionText, Price, Sku, VariantTitle
from domain.imports.errors import FileRefused
from domain.imports.model import UnknownAttributes
from domain.inventory.model import QUANTITY_MAX
from domain.media.model import IMAGES_MAX
from domain.shared.commands import Line, Text, command
from domain.shared.money import Currency
from domain.shared.wording import sentence

ATTRIBUTE: Final = "attribute."
OPTION: Final = "option."
COLUMNS_MAX: Final = 2_000
"""A file of many categories has many attributes; a row has at most its category's."""
RENAMES_MAX: Final = 100
LISTING_SKU: Final = "listing_sku"
SKU: Final = "sku"
IMAGES: Final = "images"
PICTURE_NAME_MAX: Final = 200

_DECIMAL: Final = re.compile(r"[0-9]{1,13}(\.[0-9]{1,6})?", re.ASCII)
_WHOLE: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_Path = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f]*$")]
_Stock = Annotated[int, Field(ge=0, le=QUANTITY_MAX)]


class CellFault(Exception):
    """Why a text is no value of its column."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _typed(kind: Any, prepare: Callable[[str], str] = str) -> Callable[[str], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def read(text: str) -> Any:
        try:
            return adapter.validate_python(prepare(text))
        except ValidationError as fault:
            first = fault.errors(include_url=False, include_input=False)[0]
            raise CellFault(first["type"].upper(), sentence(first)) from fault

    return read


def _price(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise CellFault("NOT_A_PRICE", "A price is written as 12.34, without a currency.")
    return Decimal(text)


def _whole(kind: Any) -> Callable[[str], int]:
    read = _typed(kind)

    def read_whole(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise CellFault("NOT_A_NUMBER", "This is a whole number, as 42.")
        number: int = read(text)
        return number

    return read_whole


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise CellFault("NOT_A_BOOLEAN", "true or false.")
    return text.lower() == "true"


def picture_names(text: str) -> tuple[str, ...]:
    """`front.jpg; side.jpg`: names of pictures in the order in which they are shown. Raises CellFault."""
    names = tuple(name for part in text.split(";") if (name := part.strip()))
    if len(names) > IMAGES_MAX:
        raise CellFault("TOO_MANY", f"A listing has at most {IMAGES_MAX} pictures.")
    if len(set(names)) < len(names):
        raise CellFault("DUPLICATE", "One picture stands there twice.")
    if any(len(name) > PICTURE_NAME_MAX or not name.isprintable() for name in names):
        raise CellFault("NOT_A_NAME", f"The name of a picture has at most {PICTURE_NAME_MAX} letters.")
    return names


OF_LISTING: Final[Mapping[str, Callable[[str], Any]]] = {
    "title": _typed(Line),
    "description": _typed(Text),
    "brand": _typed(Brand),
    "category": _typed(_Path, lambda text: text.strip("/")),
    "kind": _typed(ListingKind, str.lower),
    "sale_mode": _typed(SaleMode, str.lower),
    "fulfilment": _typed(Fulfilment, str.lower),
    "pickup_too": _boolean,
    "condition": _typed(Condition, str.lower),
    "visibility": _typed(Visibility, str.lower),
    "currency": _typed(Currency, str.upper),
    "gtin": _typed(Gtin),
    IMAGES: picture_names,
}
"""Said once per listing: by its first row; the others repeat it or leave it empty."""
OF_VARIANT: Final[Mapping[str, Callable[[str], Any]]] = {
    SKU: _typed(Sku),
    "variant_title": _typed(VariantTitle),
    "price": _price,
    "price_minor": _whole(Price),
    "stock": _whole(_Stock),
    "active": _boolean,
}
CLEARABLE: Final = frozenset({"description", "brand", "variant_title"})
"""An empty cell empties these; everywhere else it leaves what is there."""
read_reference: Final = _typed(Annotated[Sku, Field(max_length=100)])
read_option: Final = _typed(OptionText)


@command
class Rename:
    """The file's own name of a column: what stands under `source` is `column`."""

    column: Annotated[str, Field(min_length=1, max_length=120)]
    source: Annotated[str, Field(min_length=1, max_length=120)]


@command
class Constant:
    """What rows that say nothing of `column` say."""

    column: Annotated[str, Field(min_length=1, max_length=120)]
    value: Annotated[str, Field(max_length=10_000)]


@command
class ImportOptions:
    """How a file is read. `submit`: new listings go to review or on sale at once, as if submitted; else drafts."""

    renames: Annotated[tuple[Rename, ...], Field(max_length=RENAMES_MAX)] = ()
    constants: Annotated[tuple[Constant, ...], Field(max_length=RENAMES_MAX)] = ()
    ignored: Annotated[tuple[str, ...], Field(max_length=COLUMNS_MAX)] = ()
    unknown_attributes: UnknownAttributes = UnknownAttributes.REFUSE
    submit: bool = False


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """The file's names -> the format's."""

    renamed: Mapping[str, str]
    ignored: frozenset[str]
    constants: Mapping[str, str]

    @classmethod
    def of(cls, options: ImportOptions) -> "ColumnNames":
        """Raises FileRefused for a rename or constant that names no column of the format."""
        renamed = {each.source: each.column for each in options.renames}
        constants = {each.column: each.value for each in options.constants}
        unknown = [name for name in (*renamed.values(), *constants) if not is_column(name)]
        if unknown:
            raise FileRefused("UNKNOWN_COLUMN", f"The format has no column {_listed(unknown)}.")
        return cls(renamed, frozenset(options.ignored), constants)

    def column(self, name: str) -> str | None:
        """The format's name; None when the column is to be passed over. Raises KeyError for an unknown one."""
        if name in self.ignored:
            return None
        column = self.renamed.get(name, name)
        if not is_column(column):
            raise KeyError(name)
        return column

    def complete(self, said: Mapping[str, str]) -> Mapping[str, str]:
        """The cells of a row, the constants where it says nothing."""
        silent = {column: value for column, value in self.constants.items() if not said.get(column)}
        return {**said, **silent} if silent else said

    def header(self, names: Sequence[str]) -> list[str | None]:
        """The columns of a file with a header. Raises FileRefused, naming all that is wrong."""
        columns: list[str | None] = []
        unknown = []
        for name in names:
            try:
                columns.append(self.column(name))
            except KeyError:
                unknown.append(name)
        if unknown:
            raise FileRefused("UNKNOWN_COLUMN", f"The format has no column {_listed(unknown)}: map or ignore it.")
        known = [column for column in columns if column is not None]
        if len(set(known)) < len(known):
            raise FileRefused("DUPLICATE_COLUMN", "A column stands there twice.")
        if len(known) > COLUMNS_MAX:
            raise FileRefused("TOO_MANY_COLUMNS", f"A file has at most {COLUMNS_MAX} columns.")
        if SKU not in known:
            raise FileRefused("MISSING_COLUMN", "The column sku is needed: it tells what a row is about.")
        return columns


def is_column(name: str) -> bool:
    if name in OF_LISTING or name in OF_VARIANT or name == LISTING_SKU:
        return True
    prefix = ATTRIBUTE if name.startswith(ATTRIBUTE) else OPTION
    return name.startswith(prefix) and len(name) > len(prefix)


def _listed(names: Sequence[str]) -> str:
    some = ", ".join(repr(name[:50]) for name in names[:5])
    return some + (", ..." if len(names) > 5 else "")
