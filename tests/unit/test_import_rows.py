"""Bytes into rows: whatever a file holds, each row is read or named, and the places lie end to end."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.imports.columns import ColumnNames, Constant, ImportOptions, Rename
from domain.imports.errors import FileRefused
from domain.imports.lines import LINE_BYTES_MAX, LineSplitter
from domain.imports.records import CsvRows, JsonRows, Row, Rows

HEADER = b"sku,title,price\n"
NAMES = ColumnNames.of(ImportOptions())


def rows_of(content: bytes, reader: Rows | None = None, size: int = 5) -> list[Row]:
    splitter, reader = LineSplitter(), reader or CsvRows(NAMES)
    found = []
    for start in range(0, len(content), size):
        found += reader.read(splitter.split(content[start : start + size]))
    return [*found, *reader.read(splitter.finish()), *reader.finish()]


def faults_in(rows: list[Row]) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.place, fault.code) for row in rows for fault in row.faults]


def cells_in(rows: list[Row]) -> list[dict[str, str]]:
    return [dict(row.cells) for row in rows if not row.faults]


def test_quotes_commas_and_line_ends_stand_in_cells() -> None:
    content = b'\xef\xbb\xbfsku,title,price\r\n1,"A ""big"", red\r\nlamp",1.50\r\n\r\n2,Lamp,2\r\n'
    rows = rows_of(content)
    assert cells_in(rows) == [
        {"sku": "1", "title": 'A "big", red\r\nlamp', "price": "1.50"},
        {"sku": "2", "title": "Lamp", "price": "2"},
    ]
    assert [row.line for row in rows] == [2, 5]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"))


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3)), st.integers(1, 50))
def test_what_a_csv_writer_writes_is_read_again(cells: list[list[str]], size: int) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([["k", *each[1:]] for each in cells])
    rows = rows_of(HEADER + written.getvalue().encode(), size=size)
    assert faults_in(rows) == []
    read = [tuple(row.cells.values()) for row in rows]
    assert [each[1:] for each in read] == [tuple(_plain(text) for text in each[1:]) for each in cells]
    places = [len(HEADER), *(row.end for row in rows)]
    assert [row.start for row in rows] == places[:-1]


def _plain(text: str) -> str:
    """Without outer space, and without the apostrophe that spreadsheets are given."""
    text = text.strip()
    return text[1:] if re.match(r"'+[=+\-@\t]", text) else text


def test_semicolons_and_tabs_are_separators_if_the_header_has_them() -> None:
    assert cells_in(rows_of(b"sku;title;price\n1;a,b;2\n")) == [{"sku": "1", "title": "a,b", "price": "2"}]
    assert cells_in(rows_of(b"sku\ttitle\tprice\n1\ta,b\t2\n")) == [{"sku": "1", "title": "a,b", "price": "2"}]


def test_a_stray_quote_costs_one_row() -> None:
    content = HEADER + b'1,"never closed,1\n2,Lamp,2\n3,12" pipe,3\n4,"a"b,4\n5,Lamp,5\n'
    rows = rows_of(content)
    assert [each["sku"] for each in cells_in(rows)] == ["2", "3", "5"]
    assert faults_in(rows) == [(2, "", "NOT_CSV"), (5, "", "NOT_CSV")]


def test_a_quote_that_nobody_closes_is_looked_for_within_bounds() -> None:
    content = HEADER + b'1,"open,1\n' + b"2,Lamp,2\n" * 600
    rows = rows_of(content, size=10_000)
    assert faults_in(rows) == [(2, "", "UNCLOSED_QUOTE")]
    assert len(cells_in(rows)) == 600
    assert faults_in(rows_of(HEADER + b'1,"open,1\n2,x,1\n')) == [(2, "", "UNCLOSED_QUOTE")]


def test_a_line_that_is_too_long_is_one_fault_and_kept_in_no_memory() -> None:
    content = HEADER + b"1," + b"x" * (3 * LINE_BYTES_MAX) + b",1\n2,Lamp,2\n"
    rows = rows_of(content, size=64 * 1024)
    assert faults_in(rows) == [(2, "", "LINE_TOO_LONG")]
    assert cells_in(rows) == [{"sku": "2", "title": "Lamp", "price": "2"}]
    assert rows[-1].end == len(content)


def test_a_row_in_another_encoding_is_named() -> None:
    rows = rows_of(HEADER + "1,Kühl,1\n".encode("latin-1") + "2,Kühl,2\n".encode())
    assert faults_in(rows) == [(2, "", "NOT_UTF8")]
    assert cells_in(rows)[0]["title"] == "Kühl"


def test_rows_have_as_many_cells_as_the_header() -> None:
    rows = rows_of(HEADER + b"1,a\n2,a,1,b\n3,a,1")
    assert faults_in(rows) == [(2, "", "TOO_FEW_CELLS"), (3, "", "TOO_MANY_CELLS")]
    assert [each["sku"] for each in cells_in(rows)] == ["3"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "EMPTY"),
        ("sku,title\n".encode("utf-16"), "NOT_UTF8"),
        ("sku,naïve\n".encode("latin-1"), "NOT_UTF8"),
        (b"PK\x03\x04and so on", "NOT_TEXT"),
        (b"\x1f\x8band so on", "PACKED"),
        (b"sku,colour\n", "UNKNOWN_COLUMN"),
        (b"title,price\n", "MISSING_COLUMN"),
        (b"sku,title,title\n", "DUPLICATE_COLUMN"),
        (b'sku,"title\n', "HEADER_UNREADABLE"),
    ],
)
def test_a_file_that_cannot_be_taken_at_all_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(FileRefused) as refused:
        rows_of(content)
    assert refused.value.reason == reason


def test_columns_are_renamed_filled_and_passed_over() -> None:
    names = ColumnNames.of(
        ImportOptions(
            renames=(Rename(column="title", source="Product Name"),),
            constants=(Constant(column="category", value="home"), Constant(column="stock", value="5")),
            ignored=("Internal",),
        )
    )
    rows = rows_of(b"sku,Product Name,Internal,stock\n1,Lamp,x,\n2,Lamp,x,7\n", CsvRows(names))
    assert cells_in(rows) == [
        {"sku": "1", "title": "Lamp", "stock": "5", "category": "home"},
        {"sku": "2", "title": "Lamp", "stock": "7", "category": "home"},
    ]
    with pytest.raises(FileRefused):
        ColumnNames.of(ImportOptions(renames=(Rename(column="colour", source="Colour"),)))


def test_reading_goes_on_behind_a_place() -> None:
    content = HEADER + b'1,"two\nlines",1\n2,Lamp,2\n3,Lamp,3\n'
    first, second, third = rows_of(content)
    later = rows_of(content, CsvRows(NAMES, after=first.end))
    assert later == [second, third]
    assert rows_of(content, CsvRows(NAMES, after=third.end)) == []


def test_a_cell_that_a_spreadsheet_was_kept_from_calculating_is_itself_again() -> None:
    rows = rows_of(HEADER + b"1,'=1+1,1\n2,'quoted',1\n3,''@x,1\n")
    assert [each["title"] for each in cells_in(rows)] == ["=1+1", "'quoted'", "'@x"]


def test_json_lines_keep_numbers_as_they_are_spelled() -> None:
    content = b'{"sku": 7, "price": 1.50, "active": true, "brand": null, "attributes": {"width": 12.0, "led": false}}\n'
    assert cells_in(rows_of(content, JsonRows(NAMES))) == [
        {"sku": "7", "price": "1.50", "active": "true", "attribute.width": "12.0", "attribute.led": "false"}
    ]


def test_json_lines_name_what_is_wrong_with_each() -> None:
    lines = [
        b'{"sku": "1"',
        b"[1]",
        b'{"sku": "1", "sku": "2"}',
        b'{"sku": "1", "colour": "red"}',
        b'{"sku": "1", "title": ["a"]}',
        b'{"sku": "1", "price": NaN}',
        b'{"sku": "\\ud800"}',
        b'{"sku": "' + b"\xff" + b'"}',
        b"[" * 100_000,
        b'{"sku": "1", "gtin": ["4006381333931", "1"]}',
    ]
    rows = rows_of(b"\n".join(lines), JsonRows(NAMES), size=1000)
    assert [(line, code) for line, _, code in faults_in(rows)] == [
        (1, "NOT_JSON"),
        (2, "NOT_AN_OBJECT"),
        (3, "NOT_JSON"),
        (4, "UNKNOWN_COLUMN"),
        (5, "NOT_A_TEXT"),
        (6, "NOT_JSON"),
        (7, "NOT_JSON"),
        (8, "NOT_UTF8"),
        (9, "NOT_JSON"),
    ]
    assert cells_in(rows) == [{"sku": "1", "gtin": "4006381333931", "attribute.other_gtins": "1"}]
