"""A table as its author sees it, whatever file it came from."""

import unicodedata
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arkit import identifiers
from arkit.corrections import texts
from arkit.errors import InputRefused
from arkit.identifiers import Mask

MAX_ROWS = 2**20
MAX_COLUMNS = 2**14
MAX_CELLS = 32_000_000
MAX_FIELD_BYTES = 131_072
THREADS = 2
"""Arrow and numpy work outside of Python's lock; more threads than this wait for memory."""
Content = bytes | memoryview
"""The bytes of a file."""
SAVE_AS = "Save it as CSV UTF-8, or as XLSX."
OWN_SHEETS = "arkit "
"""Sheets whose names begin so are arkit's own: what it found, and how a template is filled in."""


@dataclass(frozen=True)
class Reading:
    """What its user says of a file, where the file does not say it unmistakably.

    Attributes:
        sheet: the sheet of a workbook that holds the table.
        header_row: the row of the header, counted from 1.
        separator: the character between two fields of a CSV.
        encoding: of the characters in a CSV.
    """

    sheet: str | None = None
    header_row: int | None = None
    separator: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Fault:
    """Cells of a workbook in one column that hold something else than text.

    Attributes:
        rule: what they hold, as the rules call it.
        column: counted from 0.
        places: their rows in the table, counted from 0, in order.
    """

    rule: str
    column: int
    places: NDArray[np.int64]


@dataclass(frozen=True)
class Remark:
    """What is to be said of a file or a row of it, as the rules call it."""

    rule: str
    source_row: int
    found: str = ""
    column: int | None = None


@dataclass(frozen=True)
class Sheet:
    """The table of a file.

    Attributes:
        name: of the file.
        sha256: of the file's bytes, hex.
        header: the names of the columns as written, one for each column.
        header_row: the row of the header as the spreadsheet numbers it, from 1.
        columns: one array of large strings per column; a blank cell is missing.
        positions: where the spreadsheet shows each column, from 1.
        source_rows: the number that the spreadsheet gives to each row, ascending; blank rows are left out.
        title: of the sheet of a workbook; a CSV has none.
        faults: cells of a workbook that hold no text.
        remarks: what is to be said beside the cells.
    """

    name: str
    header: list[str]
    header_row: int
    columns: list[pa.Array]
    positions: list[int]
    source_rows: NDArray[np.int64]
    title: str | None = None
    sha256: str = ""
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The number and the cells of each row; a blank cell is empty."""
        columns = [column.fill_null("").to_pylist() for column in self.columns]
        for number, *cells in zip(self.source_rows.tolist(), *columns, strict=True):
            yield number, cells


def refused(
    name: str, code: str, message: str, next_step: str, *, source_row: int | None = None
) -> InputRefused:
    """The refusal of a file."""
    return InputRefused(message, code=code, where=name, next_step=next_step, source_row=source_row)


def require_limits(rows: int, cells: int, *, name: str) -> None:
    """Raises `InputRefused` for more than a spreadsheet shows, or memory holds with ease."""
    if rows > MAX_ROWS or cells > MAX_CELLS:
        raise too_large(f"the table has more than {MAX_ROWS:,} rows or {MAX_CELLS:,} cells.", name)


def too_large(message: str, name: str) -> InputRefused:
    """The refusal of a file for its size."""
    return refused(name, "too_large", message, "Split it into several files.")


def folded(name: str) -> str:
    """A name of a column as it is compared: without case, spaces and punctuation."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


def require_header(rows: list[tuple[int, list[str]]], names: Collection[str], name: str) -> None:
    """Refuse a table whose first row names no column while a later one does: there are titles above it.

    Args:
        rows: numbers and cells of the rows at the top that hold something.
        names: folded names of columns.
        name: of the file.
    """
    known = [sum(folded(cell) in names for cell in cells) for _, cells in rows]
    best = max(range(len(rows)), key=known.__getitem__)
    if not known[0] and known[best] > 1:
        row = rows[best][0]
        message = f"row {row} looks like the header, and there are titles above it."
        step = f"Delete the rows above it, or confirm it with --header-row {row}."
        raise refused(name, "header_row", message, step, source_row=row)


def blanked(columns: list[pa.ChunkedArray]) -> tuple[list[pa.Array], Mask]:
    """The columns as large strings in one piece with blank cells missing, and which rows hold something.

    The list is emptied, so that each column goes as soon as it was copied: a million rows fill much memory.
    """
    filled: Mask = np.zeros(len(columns[0]), dtype=np.bool_)
    places = range(len(columns))
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda place: _blanked(columns, place), places))
    columns.clear()
    for column in found:
        if filled.all():
            break
        filled |= np.asarray(pc.is_valid(column))
    return found, filled


def _blanked(columns: list[pa.ChunkedArray | None], place: int) -> pa.Array:
    values, columns[place] = identifiers.text(columns[place]), None
    blank = texts.is_blank(values)
    if int(np.count_nonzero(blank)) == values.null_count:
        return values
    return pc.if_else(pa.array(blank), pa.scalar(None, pa.large_string()), values)
