"""The user's own workbook with every bad cell coloured and commented, and a sheet that lists the problems."""

import io
import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from arkit.corrections import packages
from arkit.corrections.workbooks import grids, notes, parts, places, styles, summaries
from arkit.corrections.workbooks.containers import Container
from arkit.corrections.workbooks.places import Cell
from arkit.corrections.workbooks.styles import Styles
from arkit.corrections.workbooks.summaries import SUMMARY_SHEET, Book, Fills
from arkit.errors import InputRefused

__all__ = ["SUMMARY_SHEET", "Mark", "annotate", "of_table"]

TABLE_SHEET = "table"
WIDTH = 20

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Mark:
    """Something that is wrong with a cell.

    Attributes:
        row: as the spreadsheet numbers it, from 1.
        column: from 1.
        text: one sentence for the comment; breaks of the line in it become spaces.
    """

    row: int
    column: int
    severity: Severity
    text: str


def annotate(content: bytes, sheet: str, marks: Sequence[Mark], summary: Sequence[Sequence[str]]) -> bytes:
    """The workbook with these cells coloured and commented and the sheet `SUMMARY_SHEET` behind the others.

    All that no mark touches stays as it is, byte for byte. A cell with an error and a warning has the colour
    of the error; its comment has one line for each mark, which says which it is. Cells behind the 10,000th
    are coloured and have no comment. What an earlier call marked is taken away first, also where Excel or
    LibreOffice saved the workbook since: a cell gets back the fill it had, unless somebody gave it another.

    Args:
        content: a workbook that `packages.parts_of` has passed.
        sheet: the name of the sheet with the cells.
        marks: in any order; those outside of what a sheet can hold are left out.
        summary: header and rows of the list of problems, as texts.

    Raises:
        InputRefused: the package is not put together as a workbook is.
    """
    try:
        return _annotated(content, sheet, marks, summary)
    except Exception as error:  # whatever is met in the parts of a package that nobody has checked
        raise packages.unsound("the workbook") from error


def of_table(
    header: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str]]],
    marks: Sequence[Mark],
    summary: Sequence[Sequence[str]],
    *,
    header_row: int = 1,
) -> bytes:
    """A new workbook for a table that was CSV, marked like one that was there before.

    Every cell is a text cell in the format Text, whatever it begins with, at the row that a spreadsheet shows
    the CSV file's row in. Blank cells are left out; what stands above and in the header is always in view.

    Args:
        rows: number of the row, from 1, and its cells, which may be more than the header has.

    Raises:
        InputRefused: a sheet cannot hold so many rows or columns, or a cell so long a text.
    """
    import xlsxwriter  # noqa: PLC0415 - slow to load, wanted by this function alone

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    text = book.add_format({"num_format": "@"})
    bold = book.add_format({"num_format": "@", "bold": True})
    sheet = book.add_worksheet(TABLE_SHEET)
    sheet.set_column(0, max(len(header) - 1, 0), WIDTH, text)
    sheet.freeze_panes(header_row, 0)
    for number, cells in itertools.chain([(header_row, header)], rows):
        look = bold if number == header_row else text
        for column, value in enumerate(cells):
            if value and sheet.write_string(number - 1, column, parts.LONE.sub("\ufffd", value), look):
                raise _too_large(number)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    book.close()
    return annotate(file.getvalue(), TABLE_SHEET, marks, summary)


def _too_large(row: int) -> InputRefused:
    message = "it is more than a sheet holds: 1,048,576 rows, 16,384 columns, 32,767 characters in a cell."
    step = "Split the file, or shorten the value."
    return InputRefused(message, code="too_large", where=f"row {row}", source_row=row, next_step=step)


def _annotated(content: bytes, sheet: str, marks: Sequence[Mark], summary: Sequence[Sequence[str]]) -> bytes:
    box = Container(content)
    book = Book(box)
    style_part = box.related(book.part, "styles")
    if not style_part:
        style_part = box.add("xl/styles.xml", styles.PLAIN, styles.TYPE)
        box.relate(book.part, "styles", style_part)
    look = Styles(box.read(style_part))
    kept = _mark(box, book, sheet, marks, look)
    summaries.write(box, book, summary, kept, look)
    box.write(style_part, look.content())
    return box.pack()


def _mark(box: Container, book: Book, sheet: str, marks: Sequence[Mark], look: Styles) -> Fills:
    """Colour and comment the cells of a sheet; the result is the fills of those that had one."""
    part = book.part_of(sheet)
    former = summaries.former_fills(box, book)
    lines, fills = _by_cell(marks)
    kept: Fills = {}

    def change(row: int, column: int, style: int) -> int:
        cell = row, column
        if style in look.ours:
            style = look.with_fill(style, former.get(cell, styles.NO_FILL))
        if cell not in fills:
            return style
        if look.fill_of(style) != styles.NO_FILL:
            kept[cell] = look.fill_of(style)
        return look.with_fill(style, fills[cell])

    columns: dict[int, list[int]] = defaultdict(list)
    for row, column in fills:
        columns[row].append(column)
    grid = grids.restyle(box.read(part), columns, look.ours, change)
    drawing = next((link.target for link in box.relations(part) if link.id == grid.notes), "")
    box.write(part, grid.rewritten(notes.write(box, part, lines, drawing)))
    return kept


def _by_cell(marks: Sequence[Mark]) -> tuple[dict[Cell, list[str]], dict[Cell, str]]:
    """The lines of the comment and the fill of each cell; an error outweighs warnings."""
    lines: dict[Cell, list[str]] = defaultdict(list)
    fills: dict[Cell, str] = {}
    for mark in sorted(marks, key=lambda mark: mark.severity):
        if 1 <= mark.row <= places.MAX_ROW and 1 <= mark.column <= places.MAX_COLUMN:
            cell = mark.row, mark.column
            lines[cell].append(notes.line(mark.severity, mark.text))
            fills.setdefault(cell, styles.coloured(mark.severity))
    return lines, fills
