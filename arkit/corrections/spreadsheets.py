"""XLSX as text, with what its author sees and does not see.

The texts of the cells are read by fastexcel in a process of its own (`reading_child`). Whether a cell holds a
text, a number, a day, a formula or an error, and what is merged or hidden, is looked for meanwhile in the
sheet's XML (`sheet_marks`).
"""

import re
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arkit import identifiers
from arkit.corrections import packages, sheets
from arkit.corrections.packages import Page, unsound
from arkit.corrections.readers import Reader
from arkit.corrections.sheet_marks import HOLDS, Marks, Reference, as_usual, numbers_of
from arkit.corrections.sheets import Fault, Reading, Remark, Sheet, refused
from arkit.corrections.workbooks.places import column_of, letters_of

Places = NDArray[np.int64]
# The reader writes nine decimals; behind so many digits the last of them are those of no number.
OVERWRITTEN = r"-?[0-9]{4,}\.[0-9]{6,9}"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"


def parse(content: bytes, *, name: str, reading: Reading, names: Collection[str]) -> Sheet:
    """The table in the bytes of a workbook.

    Args:
        content: of the file.
        name: of the file, for messages.
        reading: what the user says of it.
        names: folded names of columns, by which a row is known for the header.

    Raises:
        InputRefused: it cannot be read as a table without guessing.
    """
    with Reader(content, name) as child:
        if sole := packages.sole_page(content, name=name):
            child.begin(sole.title)
        parts = packages.parts_of(content, name=name)
        page, others = _chosen(parts, reading, name)
        child.begin(page.title)
        xml = as_usual(parts[page.part], name)
        marks = Marks(xml, name)
        columns, first_column = child.texts()
    sheet = _Table(columns, first_column, marks, name).sheet(page, others, reading, names)
    if packages.has_links(parts):
        sheet.remarks.append(Remark("links_ignored", sheet.header_row))
    return sheet


def _chosen(parts: dict[str, bytes], reading: Reading, name: str) -> tuple[Page, list[str]]:
    """The sheet that holds the table, and the titles of others that hold data."""
    pages = [page for page in packages.pages(parts, name=name) if page.part in parts]
    filled = [page for page in pages if HOLDS.search(parts[page.part].replace(b"\0", b""))]
    if reading.sheet is not None:
        named = [page for page in pages if page.title == reading.sheet]
        if not named:
            titles = ", ".join(page.title for page in pages)
            raise refused(
                name, "sheets", f"there is no sheet of this name; there are: {titles}.", "Name one."
            )
        return named[0], [page.title for page in filled if page != named[0]]
    if len(filled) > 1:
        titles = ", ".join(page.title for page in filled)
        step = f"Keep one sheet in the file, or name it with --sheet {filled[0].title!r}."
        raise refused(name, "sheets", f"several sheets hold data: {titles}.", step)
    if not filled:
        raise refused(name, "empty", "the workbook is empty.", "Save the table again.")
    return filled[0], []


class _Table:
    """The texts of a sheet's cells, and at which of them to look closer."""

    def __init__(self, columns: list[pa.Array], first_column: int, marks: Marks, name: str) -> None:
        read = sum(len(column) - column.null_count for column in columns)
        if marks.filled != read and marks.has_cells_twice():
            raise unsound(name)
        self._columns = columns
        self._offset = first_column
        self._marks = marks
        self._name = name
        self._make_room([reference for reference, _ in marks.formulas])

    def _make_room(self, formulas: list[Reference]) -> None:
        """Add columns and rows in which only formulas stand that were never computed: nobody reads those."""
        columns, first = self._columns, self._offset
        height = max(
            [len(column) for column in columns[:1]] + [int(number) for _, number in formulas], default=0
        )
        places = [column_of(letters.decode()) - 1 for letters in {letters for letters, _ in formulas}]
        places += [first, first + len(columns) - 1] if columns else []
        left, right = min(places, default=0), max(places, default=-1)
        if right >= sheets.MAX_COLUMNS:
            raise sheets.too_large(f"the sheet has more than {sheets.MAX_COLUMNS:,} columns.", self._name)
        sheets.require_limits(height, height * (right - left + 1), name=self._name)
        blank = pa.nulls(height, pa.large_string())
        room = [blank] * (right - left + 1)
        for place, column in enumerate(columns, first - left):
            room[place] = pa.concat_arrays([column, blank[len(column) :]]) if len(column) < height else column
        self._columns, self._offset = room, left

    def sheet(self, page: Page, others: list[str], reading: Reading, names: Collection[str]) -> Sheet:
        faults = self._faults()
        columns, filled = sheets.blanked(self._columns) if self._columns else ([], np.zeros(0, np.bool_))
        rows = np.flatnonzero(filled)
        if not len(rows):
            raise refused(self._name, "empty", "the sheet is empty.", "Save the table again.")
        header_place = self._header(columns, rows, reading, names)
        self._require_unmerged(rows[rows >= header_place])
        body = rows[rows > header_place]
        header = ["" if (cell := column[header_place].as_py()) is None else cell for column in columns]
        taken = pa.array(body)
        width = max((place + 1 for place, cell in enumerate(header) if cell.strip()), default=0)
        is_run = len(body) and int(body[-1]) - int(body[0]) == len(body) - 1
        kept = [
            (place, column.slice(int(body[0]), len(body)) if is_run else column.take(taken))
            for place, column in enumerate(columns)
        ]
        # Columns behind the last name that hold nothing in the table are no part of it.
        kept = [(place, column) for place, column in kept if place < width or column.null_count < len(column)]
        places = {place: new for new, (place, _) in enumerate(kept)}
        return Sheet(
            name=self._name,
            header=[header[place] for place, _ in kept],
            header_row=int(header_place) + 1,
            columns=[column for _, column in kept],
            positions=[place + self._offset + 1 for place, _ in kept],
            source_rows=(body + 1).astype(np.int64),
            title=page.title,
            faults=[
                Fault(rule, places[column], found)
                for (rule, column), cells in faults.items()
                if column in places and len(found := _positions(cells, body))
            ],
            remarks=self._remarks(body, header_place, places, others),
        )

    def _header(self, columns: list[pa.Array], rows: Places, reading: Reading, names: Collection[str]) -> int:
        if reading.header_row:
            if reading.header_row - 1 not in rows:
                message = f"row {reading.header_row} is blank."
                raise refused(self._name, "header_row", message, "Name another row.")
            return reading.header_row - 1
        top = [(int(row) + 1, [column[int(row)].as_py() or "" for column in columns]) for row in rows[:20]]
        sheets.require_header(top, names, self._name)
        return int(rows[0])

    def _faults(self) -> dict[tuple[str, int], Places]:
        """Rule and column to the rows, from 0, of cells that hold no text; their values are put in order."""
        marks = self._marks
        formulas = {reference for reference, _ in marks.formulas}
        cells = {
            rule: [cell for cell in found if cell not in formulas] if formulas else found
            for rule, found in marks.cells.items()
        }
        found: dict[tuple[str, int], Places] = {}
        for column, rows in self._by_column(cells.get("excel_number", [])):
            texts = self._columns[column]
            filled = rows[np.asarray(pc.is_valid(texts))[rows]]
            is_day = identifiers.matches(texts.take(pa.array(filled)), DAY)
            self._columns[column] = _shortest(_days_alone(texts, filled[is_day]), filled[~is_day])
            found["excel_date", column], found["excel_number", column] = filled[is_day], filled[~is_day]
        for rule in ("excel_boolean", "excel_date"):
            for column, rows in self._by_column(cells.get(rule, [])):
                before = found.get((rule, column), np.zeros(0, dtype=np.int64))
                found[rule, column] = np.union1d(before, rows)
                if rule == "excel_date":
                    self._columns[column] = _days_alone(self._columns[column], rows)
        errors = [cell for cell in marks.errors if cell[0] not in formulas]
        for rule, told in (("excel_error", errors), ("excel_formula", marks.formulas)):
            shown = dict(told)
            for column, rows in self._by_column(list(shown)):
                letters = letters_of(column + self._offset + 1).encode()
                values = [shown[letters, str(row + 1).encode()] for row in rows.tolist()]
                self._columns[column] = _replaced(self._columns[column], rows, values)
                found[rule, column] = rows
        return {key: np.sort(rows) for key, rows in found.items() if len(rows)}

    def _by_column(self, references: list[Reference]) -> "list[tuple[int, Places]]":
        """References by column, counted from the first used one, with their rows counted from 0."""
        if not references:
            return []
        letters, numbers = zip(*references, strict=True)
        rows = numbers_of(list(numbers)) - 1
        encoded = pa.array(letters, pa.binary()).dictionary_encode()
        codes = np.asarray(encoded.indices)
        height = len(self._columns[0]) if self._columns else 0
        found = []
        for code, name in enumerate(encoded.dictionary.to_pylist()):
            column = column_of(name.decode()) - 1 - self._offset
            inside = rows[(codes == code) & (rows >= 0) & (rows < height)]
            if 0 <= column < len(self._columns):
                found.append((column, np.sort(inside)))
        return found

    def _require_unmerged(self, rows: Places) -> None:
        """The value of merged cells stands in the first of them; the others look as if left blank."""
        ranges = [
            (top, corner)
            for corner, top, bottom in self._marks.merged
            if np.searchsorted(rows, bottom - 1, side="right") > np.searchsorted(rows, top - 1)
        ]
        if ranges:
            row, corner = min(ranges)
            message = f"cells are merged in {len(ranges)} places, the first of them {corner}."
            step = "Unmerge them and write the value into each cell."
            raise refused(self._name, "merged", message, step, source_row=row)

    def _remarks(
        self, body: Places, header_place: int, places: dict[int, int], others: list[str]
    ) -> list[Remark]:
        marks, header_row = self._marks, int(header_place) + 1
        hidden = np.intersect1d(marks.hidden_rows, body + 1)
        found = [Remark("row_hidden", int(row)) for row in hidden]
        if len(hidden) and marks.is_filtered:
            found.append(Remark("rows_filtered", header_row))
        for column in marks.hidden_columns:
            place = column - 1 - self._offset
            if place in places:
                found.append(Remark("column_hidden", header_row, column=places[place]))
        if others:
            told = f"The sheets {', '.join(others)} hold data too, and are left out"
            found.append(Remark("sheet_ignored", header_row, told))
        return found


def _positions(rows: Places, body: Places) -> Places:
    """Where rows stand among those of the table; others are left out."""
    return np.flatnonzero(np.isin(body, rows)).astype(np.int64)


def _days_alone(column: pa.Array, rows: Places) -> pa.Array:
    """The column with instants at midnight written as days."""
    if not len(rows):
        return column
    values = column.take(pa.array(rows)).to_pylist()
    days = [re.sub(r"[ T]00:00:00(\.0+)?Z?$", "", value or "") for value in values]
    return _replaced(column, rows, days)


def _shortest(column: pa.Array, rows: Places) -> pa.Array:
    """The column with numbers written in as few digits as tell them from all others, as the file has them."""
    long = rows[identifiers.matches(column.take(pa.array(rows)), OVERWRITTEN)]
    if not len(long):
        return column
    return _replaced(column, long, [repr(float(text)) for text in column.take(pa.array(long)).to_pylist()])


def _replaced(column: pa.Array, rows: Places, values: list[str]) -> pa.Array:
    mask = np.zeros(len(column), dtype=np.bool_)
    mask[rows] = True
    return pc.replace_with_mask(column, pa.array(mask), pa.array(values, pa.large_string()))
