"""The sheet that arkit adds to a workbook: the problems as a table, and hidden beside it what to restore."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from arkit.corrections.workbooks import grids, parts, places, styles
from arkit.corrections.workbooks.containers import OFFICE, Container
from arkit.corrections.workbooks.parts import HEAD, MAIN, Element
from arkit.corrections.workbooks.places import Cell
from arkit.corrections.workbooks.styles import Styles

SUMMARY_SHEET = "arkit check"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
MOST_CELL_CHARACTERS = 32_767
NARROWEST, WIDEST = 8, 70
LINE_POINTS, MOST_POINTS = 15, 405

# The hidden columns AY and AZ: cell, and the fill it had.
KEPT_COLUMN = 51
MOST_COLUMNS = KEPT_COLUMN - 2
KEPT_HEADER = ("cell before", "fill before")

Fills = dict[Cell, str]
"""Row and column of a cell to the fill it had, as XML without prefixes."""


class Book:
    """The workbook part with the sheets that it names."""

    def __init__(self, box: Container) -> None:
        self.part = box.related("", "officeDocument")
        self._box = box
        self._content = box.read(self.part)
        self._list = parts.parse(self._content).one("sheets")
        targets = {link.id: link.target for link in box.relations(self.part)}
        self._sheets = [(each, targets[each.attributes[f"{OFFICE} id"]]) for each in self._list.all("sheet")]

    def part_of(self, name: str) -> str:
        """The part of a sheet, or an empty text; names are equal in capitals and small letters."""
        wanted = name.casefold()
        found = (part for each, part in self._sheets if each.attributes["name"].casefold() == wanted)
        return next(found, "")

    def append(self, name: str, sheet: bytes) -> None:
        """Add a sheet behind the others."""
        part = self._box.add("xl/worksheets/sheet{}.xml", sheet, TYPE)
        relation = self._box.relate(self.part, "worksheet", part)
        number = max((int(each.attributes["sheetId"]) for each, _ in self._sheets), default=0) + 1
        prefix = parts.prefix_of(self._content[self._list.start : self._list.inner]).decode()
        xml = (
            f'<{prefix}sheet xmlns:r="{OFFICE}" name="{parts.quoted(name)}" sheetId="{number}" '
            f'r:id="{relation}"/>'
        )
        edit = parts.appended(self._content, self._list, xml.encode())
        self._box.write(self.part, parts.spliced(self._content, [edit]))


def former_fills(box: Container, book: Book) -> Fills:
    """What the summary of an earlier check kept; nothing if there is none, or somebody removed it."""
    part = book.part_of(SUMMARY_SHEET)
    if not part:
        return {}
    kept: dict[int, dict[int, Element]] = {}
    for cell in parts.parse(box.read(part)).one("sheetData").walk():
        if cell.name == grids.CELL and "r" in cell.attributes:
            row, column = places.place_of(cell.attributes["r"])
            if row > 1 and column in (KEPT_COLUMN, KEPT_COLUMN + 1):
                kept.setdefault(row, {})[column] = cell
    pairs = [(row[KEPT_COLUMN], row[KEPT_COLUMN + 1]) for row in kept.values() if len(row) == 2]
    shared = _shared(box, book, {_index(cell) for pair in pairs for cell in pair})
    texts = [[shared.get(_index(cell)) or _text(cell) for cell in pair] for pair in pairs]
    return {places.place_of(place): styles.fill_from(fill) for place, fill in texts}


def write(box: Container, book: Book, table: Sequence[Sequence[str]], fills: Fills, look: Styles) -> None:
    """Put the table into the summary of an earlier check, or into a new last sheet.

    Args:
        table: the header and what stands below it; columns behind the 49th are left out.
        fills: what to keep for the next time.
    """
    part = book.part_of(SUMMARY_SHEET)
    if not part:
        book.append(SUMMARY_SHEET, _sheet(table, fills, look, is_selected=False))
        return
    former = box.read(part)
    if b"<f" in former:
        _forget_order_of_formulas(box, book)
    box.write(part, _sheet(table, fills, look, is_selected=b'tabSelected="1"' in former))
    for link in box.relations(part):
        if link.target in box:
            box.remove(link.target, owner=part)


def _forget_order_of_formulas(box: Container, book: Book) -> None:
    """Excel makes the order anew, and takes a file for damaged whose order names formulas that are gone."""
    order = box.related(book.part, "calcChain")
    if order:
        box.remove(order, owner=book.part)


def _sheet(
    table: Sequence[Sequence[str]], fills: Mapping[Cell, str], look: Styles, *, is_selected: bool
) -> bytes:
    rows = [list(row)[:MOST_COLUMNS] for row in table[: places.MAX_ROW]]
    kept = [KEPT_HEADER, *((places.reference(*cell), fill) for cell, fill in sorted(fills.items()))]
    bold, plain = look.wrapped(bold=True), look.wrapped(bold=False)
    wide = [_width(column) for column in zip_longest(*rows, fillvalue="")]
    # Said for each row: not every program makes room for wrapped text by itself.
    body = "".join(
        f'<row r="{number}" ht="{_height(row or [], wide)}" customHeight="1">'
        f"{''.join(_cells(number, row or [], pair, plain if number > 1 else bold))}</row>"
        for number, (row, pair) in enumerate(zip_longest(rows, kept[: places.MAX_ROW]), 1)
    )
    widths = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, width in enumerate(wide, 1)
    )
    chosen = ' tabSelected="1"' if is_selected else ""
    return (
        HEAD.decode() + f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView{chosen} workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}<col min="{KEPT_COLUMN}" '
        f'max="{KEPT_COLUMN + 1}" width="9" hidden="1" customWidth="1"/></cols>'
        f"<sheetData>{body}</sheetData></worksheet>"
    ).encode()


def _cells(number: int, row: Sequence[str], pair: Sequence[str] | None, style: int) -> Iterator[str]:
    """A row as inline text, which no program takes for a formula."""
    columns = [*enumerate(row, 1), *enumerate(pair or (), KEPT_COLUMN)]
    for column, text in columns:
        yield (
            f'<c r="{places.reference(number, column)}" s="{style}" t="inlineStr"><is>'
            f'<t xml:space="preserve">{parts.coded(text[:MOST_CELL_CHARACTERS])}</t></is></c>'
        )


def _width(texts: Sequence[str]) -> int:
    longest = max((len(line) for text in texts for line in text.split("\n")), default=0)
    return min(max(longest + 2, NARROWEST), WIDEST)


def _height(row: Sequence[str], wide: Sequence[int]) -> int:
    """In points, for as many lines as the longest text needs."""
    lines = max((-(-len(text) // (width - 1)) for text, width in zip(row, wide, strict=False)), default=1)
    return min(LINE_POINTS * max(lines, 1), MOST_POINTS)


def _index(cell: Element) -> str:
    """The number of a shared text as written, or an empty text."""
    return cell.one("v").text if cell.attributes.get("t") == "s" else ""


def _text(cell: Element) -> str:
    return "".join(each.text for each in cell.walk() if each.name in (f"{MAIN} t", f"{MAIN} v"))


def _shared(box: Container, book: Book, wanted: set[str]) -> dict[str, str]:
    """These texts out of those that the sheets of a workbook share."""
    part = box.related(book.part, "sharedStrings")
    numbers = {int(index) for index in wanted if index}
    if not part or not numbers:
        return {}
    found = dict.fromkeys(numbers, "")
    number = -1

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal number
        if name == f"{MAIN} si":
            number += 1
            reader.CharacterDataHandler = collect if number in numbers else None

    def collect(text: str) -> None:
        found[number] += text

    reader = parts.parser()
    reader.StartElementHandler = start
    reader.Parse(box.read(part), True)
    return {str(index): text for index, text in found.items()}
