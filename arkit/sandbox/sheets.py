"""A bulk file as a table of text: CSV or XLSX, judged as a whole."""

import csv
import io
import itertools
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from .answers import Refusal, malformed, unprocessable

MAX_ROWS = 5_000


@dataclass(frozen=True)
class Sheet:
    """A file that can be applied: its header and its rows, all of one width."""

    columns: list[str]
    rows: list[list[str]]


def parse(content: bytes, known: Collection[str], needed: Collection[str]) -> Sheet:
    """The sheet in a CSV or XLSX file, whose header names known columns, the needed ones among them.

    Raises Refusal with 400 for what is neither, and with 422 for a table that cannot be applied as a whole.
    """
    lines = list(itertools.islice(_lines(content), MAX_ROWS + 2))
    if not lines:
        raise unprocessable("the file is empty")
    columns, rows = [name.strip() for name in lines[0]], lines[1:]
    _check_header(columns, known, needed)
    if len(rows) > MAX_ROWS:
        raise unprocessable(f"the file has more than {MAX_ROWS} rows")
    for number, row in enumerate(rows, 2):
        if len(row) != len(columns):
            raise unprocessable(f"row {number} has {len(row)} fields, the header {len(columns)}")
    return Sheet(columns, rows)


def holds(content: bytes, text: str) -> bool:
    """Whether a cell of the file holds a text; what is no table holds none."""
    try:
        return any(text in cell for line in _lines(content) for cell in line)
    except Refusal:
        return False


def _check_header(columns: Sequence[str], known: Collection[str], needed: Collection[str]) -> None:
    missing = [name for name in needed if name not in columns]
    unknown = [name for name in columns if name not in known]
    if missing:
        raise unprocessable(f"the header lacks {', '.join(missing)}")
    if unknown:
        raise unprocessable(f"unknown column: {', '.join(unknown)}")
    if len(set(columns)) < len(columns):
        raise unprocessable("a column stands twice in the header")
    if len(columns) == 1:
        raise unprocessable("the header names no field beside the key")


def _lines(content: bytes) -> Iterator[list[str]]:
    return _workbook_lines(content) if content.startswith(b"PK\x03\x04") else _csv_lines(content)


def _csv_lines(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise malformed("the file is neither UTF-8 text nor a workbook") from error
    if "\0" in text:
        raise malformed("the file is neither CSV nor XLSX")
    try:
        yield from (line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line)
    except csv.Error as error:
        raise malformed(f"the file is not CSV: {error}") from error


def _workbook_lines(content: bytes) -> Iterator[list[str]]:
    """The first sheet without its empty rows; cells that are missing at the right count as blank."""
    import openpyxl  # noqa: PLC0415 - slow to load, wanted by workbooks alone

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > 2**28:
                raise malformed("the workbook is too large")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # A row is then as long as its own cells, whatever size the file claims for the sheet.
        sheet.reset_dimensions()
        width = 0
        for row in sheet.iter_rows(values_only=True):
            cells = _cells(row)
            if cells:
                width = width or len(cells)
                yield cells + [""] * (width - len(cells))
    except Refusal:
        raise
    except Exception as error:  # whatever a reader of workbooks meets in bytes that are none
        raise malformed("the file is not an XLSX workbook") from error


def _cells(row: Iterable[object]) -> list[str]:
    cells = [_cell(value) for value in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # A day in a workbook is its midnight.
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    return "" if value is None else str(value)
