"""The tables as Mermaid entity diagrams, one for each noun, drawn from the models."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from app.reference.loading import descendants, first_sentence, noun_of
from domain.shared.table_row import TableRow

INTRODUCTION = """# Tables

One picture for each noun, with the tables of other nouns that it refers to shown empty; below it, what each table is
for. PostgreSQL is the truth; every id is a UUIDv7 made by the program, every amount an integer of minor units, every
time UTC.
"""
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
SHORT = {"TIMESTAMP WITH TIME ZONE": "timestamptz", "DOUBLE PRECISION": "double"}


def entities_document() -> str:
    by_noun = tables_by_noun()
    parts = [INTRODUCTION, overview(by_noun)]
    parts += [section(noun, tables) for noun, tables in sorted(by_noun.items())]
    return "\n".join(parts)


def tables_by_noun() -> dict[str, dict[str, type[TableRow]]]:
    """Noun -> table name -> model."""
    found: dict[str, dict[str, type[TableRow]]] = defaultdict(dict)
    for model in descendants(TableRow):
        if isinstance(getattr(model, "__table__", None), Table):
            found[noun_of(model)][str(model.__tablename__)] = model
    return found


def overview(by_noun: dict[str, dict[str, type[TableRow]]]) -> str:
    """Which nouns refer to which."""
    owner = {name: noun for noun, tables in by_noun.items() for name in tables}
    arrows = {
        (noun, owner[key.column.table.name])
        for noun, tables in by_noun.items()
        for model in tables.values()
        for column in columns(model)
        for key in column.foreign_keys
    }
    lines = [f"    {noun} --> {other}" for noun, other in sorted(arrows) if noun != other]
    return "\n".join(["## Nouns", "", "```mermaid", "flowchart BT", *lines, "```", ""])


def section(noun: str, tables: dict[str, type[TableRow]]) -> str:
    lines = [f"## {noun.capitalize()}", "", "```mermaid", "erDiagram"]
    for name, model in sorted(tables.items()):
        lines += [f"    {name} {{", *(f"        {attribute(column)}" for column in columns(model)), "    }"]
    lines += sorted({line for model in tables.values() for line in relations(model)})
    lines += ["```", "", "| table | what it is for |", "| --- | --- |"]
    lines += [f"| `{name}` | {purpose(model)} |" for name, model in sorted(tables.items())]
    return "\n".join([*lines, ""])


def columns(model: type[TableRow]) -> list[Column[object]]:
    made = model.__table__  # type: ignore[attr-defined]  # set by SQLModel's metaclass, undeclared
    return list(made.columns)


def attribute(column: Column[object]) -> str:
    """`uuid seller_id FK`; what may be empty says so."""
    text = column.type.compile(dialect=_DIALECT).split("(")[0]
    kind = SHORT.get(text, text.lower()).replace(" ", "_").replace("[]", "_list")
    keys = [word for word, holds in (("PK", column.primary_key), ("FK", bool(column.foreign_keys))) if holds]
    note = ' "may be null"' if column.nullable else ""
    return f"{kind} {column.name} {', '.join(keys)}".rstrip() + note


def relations(model: type[TableRow]) -> Iterator[str]:
    for column in columns(model):
        for key in column.foreign_keys:
            one = "|o" if column.nullable else "||"
            yield f"    {key.column.table.name} {one}--o{{ {column.table.name} : {column.name}"


def purpose(model: type[TableRow]) -> str:
    own = model.__doc__ if "__doc__" in vars(model) else None
    return first_sentence(own).replace("|", "\\|")
