"""The cells of a sheet: other styles for some of them, and new cells where there are none."""

import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from arkit.corrections.workbooks import parts, places
from arkit.corrections.workbooks.containers import OFFICE
from arkit.corrections.workbooks.parts import MAIN, Edit

ROW, CELL, DATA, COLUMN, NOTES = (
    f"{MAIN} {name}" for name in ("row", "c", "sheetData", "col", "legacyDrawing")
)

# What stands between the cells and the element that names the notes, in the order of the format.
# fmt: off
BEFORE_NOTES = (
    "sheetData", "sheetCalcPr", "sheetProtection", "protectedRanges", "scenarios", "autoFilter",
    "sortState", "dataConsolidate", "customSheetViews", "mergeCells", "phoneticPr", "conditionalFormatting",
    "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter",
    "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing",
)
# fmt: on

Restyle = Callable[[int, int, int], int]
"""From row, column and style of a cell to the style that it shall have."""


@dataclass
class _Row:
    """A row that is being read: where its start tag is, and the cells met so far."""

    number: int
    start: int
    tag: bytes
    style: int | None
    wanted: list[int]
    cells: dict[int, int] = field(default_factory=dict)


@dataclass
class Grid:
    """A sheet's XML, read once.

    Attributes:
        edits: what gives the cells their new styles.
        notes: the relation of the drawing with the notes, or an empty text.
        notes_at: where the element that names it belongs.
        prefix: of the elements of the sheet.
    """

    content: bytes
    edits: list[Edit] = field(default_factory=list)
    notes: str = ""
    notes_at: int = 0
    prefix: bytes = b""

    def rewritten(self, new_notes: str) -> bytes:
        """The sheet after the edits; it names the drawing with this relation if one was made."""
        if not new_notes:
            return parts.spliced(self.content, self.edits)
        xml = f'legacyDrawing xmlns:r="{OFFICE}" r:id="{new_notes}"/>'.encode()
        edit = Edit(self.notes_at, self.notes_at, b"<" + self.prefix + xml)
        return parts.spliced(self.content, [*self.edits, edit])


def restyle(
    content: bytes, cells: Mapping[int, Iterable[int]], ours: frozenset[int], change: Restyle
) -> Grid:
    """Ask `change` for the style of these cells, and of all that have one of the styles `ours`.

    Cells that are not there are made, in the style of their row or column.

    Raises:
        ValueError: the rows are not in their order, or the XML is none of a sheet.
    """
    reader = _Reader(content, cells, ours, change)
    reader.read()
    return reader.grid


class _Reader:
    """The handlers of one reading; those of cells are kept short, since there may be millions."""

    def __init__(
        self, content: bytes, cells: Mapping[int, Iterable[int]], ours: frozenset[int], change: Restyle
    ) -> None:
        self.grid = Grid(content)
        self._content = content
        self._cells = {row: sorted(columns) for row, columns in cells.items()}
        self._left = sorted(self._cells, reverse=True)
        self._ours = {str(style) for style in ours}
        self._change = change
        self._parser = parts.parser()
        self._columns: list[tuple[int, int, int]] = []
        self._last_row = self._last_column = self._depth = 0
        self._closed_at = -1
        self._data = Edit(0, 0, b"")
        self._row: _Row | None = None
        self._is_looked_at = False

    def read(self) -> None:
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.Parse(self._content, True)
        if self._left:
            raise ValueError("no sheetData")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        """Outside the cells."""
        self._depth += 1
        start = self._parser.CurrentByteIndex
        tag = parts.tag_at(self._content, start)
        self._closed_at = start + len(tag) if tag.endswith(b"/>") else -1
        if name == DATA:
            self.grid.prefix = parts.prefix_of(tag)
            self._data = Edit(start, start + len(tag), tag)
            self._parser.StartElementHandler = self._start_in_data
            self._parser.EndElementHandler = self._end_in_data
        elif name == COLUMN and "style" in attributes:
            limits = int(attributes["min"]), int(attributes["max"])
            self._columns.append((*limits, int(attributes["style"])))
        elif name == NOTES:
            self.grid.notes = attributes[f"{OFFICE} id"]

    def _end(self, name: str) -> None:
        self._depth -= 1
        place = self._parser.CurrentByteIndex
        if self._depth == 1 and name.removeprefix(f"{MAIN} ") in BEFORE_NOTES:
            is_closed = place == self._closed_at
            self.grid.notes_at = place + (0 if is_closed else len(parts.tag_at(self._content, place)))
        self._closed_at = -1

    def _start_in_data(self, name: str, attributes: dict[str, str]) -> None:
        if name == CELL:
            if self._is_looked_at:
                self._look_at(attributes)
        elif name == ROW:
            self._start_row(attributes)

    def _end_in_data(self, name: str) -> None:
        if name == ROW:
            if self._row and self._row.wanted:
                self._end_row(self._row)
            self._row = None
        elif name == DATA:
            self._end_data()

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r", self._last_row + 1))
        if number <= self._last_row:
            raise ValueError("rows are out of order")
        self._last_row = number
        self._last_column = 0
        if self._left and self._left[-1] <= number:
            self._add_rows(before=number)
        wanted = self._cells.get(number, [])
        self._is_looked_at = bool(wanted or self._ours)
        if not self._is_looked_at:
            return
        start = self._parser.CurrentByteIndex
        tag = parts.tag_at(self._content, start)
        is_styled = attributes.get("customFormat") in ("1", "true")
        style = int(attributes.get("s", "0")) if is_styled else None
        self._row = _Row(number, start, tag, style, wanted)

    def _look_at(self, attributes: dict[str, str]) -> None:
        row = self._row
        if row is None:
            raise ValueError("a cell outside of a row")
        place = attributes.get("r")
        column = places.column_of(place.rstrip("0123456789")) if place else self._last_column + 1
        self._last_column = column
        style = attributes.get("s", "0")
        is_wanted = column in row.wanted
        if row.wanted:
            if column in row.cells:
                raise ValueError("a cell is there twice")
            row.cells[column] = self._parser.CurrentByteIndex
        if is_wanted or style in self._ours:
            new = self._change(row.number, column, int(style))
            if new != int(style):
                start = self._parser.CurrentByteIndex
                tag = parts.tag_at(self._content, start)
                self._edit(start, tag, parts.with_attribute(tag, "s", str(new)))

    def _end_row(self, row: _Row) -> None:
        """Make the cells that the row lacks."""
        missing = [column for column in row.wanted if column not in row.cells]
        if not missing:
            return
        prefix = parts.prefix_of(row.tag)
        new = {column: self._new_cell(row.number, column, row.style, prefix) for column in missing}
        tag = _spanning(row.tag, missing)
        if tag.endswith(b"/>"):
            self._edit(row.start, row.tag, tag[:-2] + b">" + b"".join(new.values()) + b"</%brow>" % prefix)
            return
        self._edit(row.start, row.tag, tag)
        there = sorted(row.cells)
        for column, cell in new.items():
            follower = bisect.bisect(there, column)
            at = row.cells[there[follower]] if follower < len(there) else self._parser.CurrentByteIndex
            self.grid.edits.append(Edit(at, at, cell))

    def _end_data(self) -> None:
        place = self._parser.CurrentByteIndex
        new = self._new_rows(places.MAX_ROW + 1)
        start, _, tag = self._data
        if not tag.endswith(b"/>"):
            self.grid.edits.append(Edit(place, place, new))
        elif new:
            self._edit(start, tag, tag[:-2] + b">" + new + b"</%bsheetData>" % self.grid.prefix)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._end(DATA)

    def _add_rows(self, *, before: int) -> None:
        new = self._new_rows(before)
        if self._left and self._left[-1] == before:
            self._left.pop()
        if new:
            place = self._parser.CurrentByteIndex
            self.grid.edits.append(Edit(place, place, new))

    def _new_rows(self, before: int) -> bytes:
        """Rows that the sheet has not, up to that number."""
        rows = []
        while self._left and self._left[-1] < before:
            number = self._left.pop()
            prefix = self.grid.prefix
            cells = [self._new_cell(number, column, None, prefix) for column in self._cells[number]]
            rows.append(b'<%brow r="%d">%b</%brow>' % (prefix, number, b"".join(cells), prefix))
        return b"".join(rows)

    def _new_cell(self, row: int, column: int, row_style: int | None, prefix: bytes) -> bytes:
        style = row_style
        if style is None:
            style = next((style for low, high, style in self._columns if low <= column <= high), 0)
        new = self._change(row, column, style)
        return b'<%bc r="%b" s="%d"/>' % (prefix, places.reference(row, column).encode(), new)

    def _edit(self, start: int, old: bytes, new: bytes) -> None:
        if new != old:
            self.grid.edits.append(Edit(start, start + len(old), new))


def _spanning(tag: bytes, columns: list[int]) -> bytes:
    """The start tag of a row whose hint of its first and last column includes these."""
    spans = parts.attributes_of(tag).get("spans", "")
    limits = [int(limit) for limit in spans.replace(":", " ").split()]
    if not limits:
        return tag
    low, high = min([*limits, *columns]), max([*limits, *columns])
    return tag if limits == [low, high] else parts.with_attribute(tag, "spans", f"{low}:{high}")
