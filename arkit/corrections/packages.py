"""The rows of an XLSX package as text, within limits; what is no table of texts is refused or noted.

The parser of openpyxl is driven directly: its worksheets fill gaps up to whatever row or column a file
claims, leave out rows that stand in another order, and do not show which cells are merged.
"""

import bisect
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from arkit.errors import InputRefused

MAX_UNPACKED_BYTES = 200 * 2**20
MAX_RATIO = 200
MAX_MEMBERS = 1_000
MAX_ROWS = 2**20
MAX_CELLS = 3_000_000

# Types of cells, in the words of the format, that hold neither text nor number.
UNUSABLE = {"f": "excel_formula", "e": "excel_error", "b": "excel_boolean"}
SAVE_AS = "Save it as XLSX or CSV UTF-8."
# How the format writes a control character in a text.
CONTROL = re.compile("_x00([01][0-9A-Fa-f])_")


@dataclass(frozen=True)
class CellFault:
    """A cell that cannot be taken as text without guessing; `position` counts columns from 0."""

    source_row: int
    position: int
    value: str
    rule: str


@dataclass(frozen=True)
class Row:
    """A row that holds something, with the number it has in the spreadsheet."""

    number: int
    cells: list[str]
    faults: list[CellFault]
    is_hidden: bool


def require_sound(content: bytes, *, name: str) -> None:
    """Unpack everything once, piece by piece, so that nothing unpacks to more than the directory says.

    Raises:
        InputRefused: it is no workbook, or would fill the memory.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = package.infolist()
            _require_small(members, len(content), name)
            broken = package.testzip()
    except InputRefused:
        raise
    except Exception as error:  # whatever zipfile and zlib meet in bytes that are no archive
        raise unsound(name) from error
    names = {member.filename for member in members}
    if broken or len(names) != len(members):
        raise unsound(name)
    if "xl/workbook.xml" not in names:
        message = "this is a ZIP file, not a workbook that Excel saved as XLSX."
        raise InputRefused(message, code="format", where=name, next_step=SAVE_AS)
    if "xl/vbaProject.bin" in names:
        raise InputRefused("this workbook holds macros.", code="macros", where=name, next_step=SAVE_AS)


def rows(sheet: Any, *, name: str) -> Iterator[Row]:
    """The rows of an openpyxl worksheet, opened for reading only, that hold something.

    Raises:
        InputRefused: it holds too much, or merged cells.
    """
    from openpyxl.worksheet._reader import WorkSheetParser  # noqa: PLC0415 - slow, wanted by workbooks alone

    book = sheet.parent
    filled: list[int] = []
    last = size = 0
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source,
            sheet._shared_strings,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            if not last < number or any(cell["row"] != number for cell in cells):
                raise unsound(name)
            last = number
            texts, faults = _texts(number, cells, name)
            if texts:
                filled.append(number)
                size += len(texts)
                require_limits(number, size, name=name)
                is_hidden = parser.row_dimensions.get(str(number), {}).get("hidden") in ("1", "true")
                yield Row(number, texts, faults, is_hidden)
    _require_unmerged(parser.merged_cells, filled, name)


def require_limits(rows: int, cells: int, *, name: str) -> None:
    """Raises `InputRefused` for more than a spreadsheet shows, or memory holds with ease."""
    if rows > MAX_ROWS or cells > MAX_CELLS:
        raise too_large(f"the table has more than {MAX_ROWS:,} rows or {MAX_CELLS:,} cells.", name)


def too_large(message: str, name: str) -> InputRefused:
    """The refusal of a file for its size."""
    return InputRefused(message, code="too_large", where=name, next_step="Split it into several files.")


def unsound(name: str) -> InputRefused:
    """The refusal of bytes that no workbook of Excel consists of."""
    message = "this is not a sound XLSX workbook."
    return InputRefused(message, code="workbook", where=name, next_step="Open it in Excel and save it again.")


def _require_small(members: list[zipfile.ZipInfo], packed_bytes: int, name: str) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > min(MAX_UNPACKED_BYTES, MAX_RATIO * packed_bytes) or len(members) > MAX_MEMBERS:
        raise too_large("the workbook unpacks to far too much.", name)


def _require_unmerged(merged: Any, filled: list[int], name: str) -> None:
    """The value of merged cells stands in the first of them; the others look as if they were left blank."""
    ranges = [cells for cells in (merged.mergeCell if merged else []) if _touches(cells, filled)]
    if ranges:
        first = min(ranges, key=lambda cells: (cells.min_row, cells.min_col))
        raise InputRefused(
            f"cells are merged in {len(ranges)} places, the first of them {first.coord}.",
            code="merged",
            where=name,
            next_step="Unmerge them and write the value into each cell.",
            source_row=first.min_row,
        )


def _touches(cells: Any, filled: list[int]) -> bool:
    """Whether a range of cells reaches into one of these rows, which stand in their order."""
    place = bisect.bisect_left(filled, cells.min_row)
    return place < len(filled) and filled[place] <= cells.max_row


def _texts(number: int, cells: list[dict[str, Any]], name: str) -> tuple[list[str], list[CellFault]]:
    """Texts up to the last cell that holds something, and the cells that hold something else than text."""
    found: dict[int, str] = {}
    faults: list[CellFault] = []
    for cell in cells:
        text, rule = _text(cell["value"], cell["data_type"])
        if text:
            position = cell["column"] - 1
            if position in found:
                raise unsound(name)
            found[position] = text
            if rule:
                faults.append(CellFault(number, position, text, rule))
    return [found.get(position, "") for position in range(max(found, default=-1) + 1)], faults


def _text(value: Any, data_type: str) -> tuple[str, str]:
    """The text of a cell, and the rule it breaks if it is no text."""
    if data_type == "f":
        return (value if isinstance(value, str) else str(getattr(value, "text", "="))), UNUSABLE["f"]
    if value is None:
        return "", ""
    if data_type in UNUSABLE:
        return str(value), UNUSABLE[data_type]
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        return str(value), "excel_date"
    if isinstance(value, int | float):
        is_whole = isinstance(value, int) or value.is_integer()
        return (str(int(value)) if is_whole else repr(value)), "excel_number"
    return CONTROL.sub(lambda code: chr(int(code[1], 16)), str(value)), ""
