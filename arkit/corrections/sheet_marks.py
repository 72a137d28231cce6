"""What the XML of a sheet says of its cells beside their texts: numbers, formulas, errors; merged, hidden."""

import io
import re
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pyarrow as pa
from defusedxml import ElementTree
from numpy.typing import NDArray

from arkit.corrections import sheets
from arkit.corrections.packages import MAIN, unsound
from arkit.corrections.workbooks.places import column_of, letters_of

Places = NDArray[np.int64]
Reference = tuple[bytes, bytes]
"""Letters of the column and number of the row."""

# The tags as spreadsheets write them: no prefix, the reference first, double quotation marks. What is written
# otherwise is written anew before it is searched. Each expression begins with so much plain text that most of
# a sheet is passed over at the speed of a search for it.
REFERENCE = rb'r="([A-Z]{1,3})([0-9]{1,7})"'
NOT_TEXT = re.compile(rb'<c (?![^>]*t="(?:s|inlineStr|str)")' + REFERENCE + rb"([^>]*)(?<!/)>")
TYPES = {b't="e"': "excel_error", b't="b"': "excel_boolean", b't="d"': "excel_date"}
TAG = re.compile(rb"<c " + REFERENCE)
VALUE = re.compile(rb"<(?:v|f)(?:\s[^>]*)?>([^<]*)</")
ROW = re.compile(rb'<row r="([0-9]{1,7})"([^>]*)>')
IS_HIDDEN = re.compile(rb'\shidden="(?:1|true)"')
HIDDEN_COLUMNS = re.compile(
    rb'<col(?=\s)(?=[^>]*\shidden="(?:1|true)")(?=[^>]*\smin="([0-9]{1,5})")[^>]*\smax="([0-9]{1,5})"'
)
MERGED = re.compile(rb'<mergeCell\s[^>]*?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
HOLDS = re.compile(rb"<(?:\w+:)?(?:v|t|f)[\s>]")
OTHERWISE = {
    b"!": re.compile(rb"<!"),
    b"'": re.compile(rb"<(?:c|row|col|mergeCell)\s[^>]*'"),
    b" =": re.compile(rb"<(?:c|row|col|mergeCell)\s[^>]*\s="),
    b"= ": re.compile(rb"<(?:c|row|col|mergeCell)\s[^>]*=\s"),
    b"<": re.compile(rb'<c(?! r="|[a-zA-Z])|<row(?! r="|[a-zA-Z])'),
}


class Marks:
    """What a sheet's XML says of its cells, rows and columns."""

    def __init__(self, xml: bytes, name: str) -> None:
        rows = ROW.findall(xml)
        self.rows = numbers_of([number for number, _ in rows])
        if (np.diff(self.rows) <= 0).any():
            raise unsound(name)
        if len(rows) and int(self.rows[-1]) > sheets.MAX_ROWS:
            raise sheets.too_large(f"the sheet has more than {sheets.MAX_ROWS:,} rows.", name)
        self.hidden_rows = numbers_of([number for number, rest in rows if IS_HIDDEN.search(rest)])
        before, after = xml[: xml.find(b"<row")], xml[xml.rfind(b"</row>") :]
        self.hidden_columns = [
            column
            for first, last in HIDDEN_COLUMNS.findall(before)
            for column in range(int(first), min(int(last), sheets.MAX_COLUMNS) + 1)
        ]
        self.merged = [
            (f"{left.decode()}{top.decode()}", int(top), int(bottom))
            for left, top, _, bottom in MERGED.findall(after)
        ]
        self.is_filtered = b"<autoFilter" in after
        self.cells: dict[str, list[Reference]] = {}
        kinds: dict[bytes, str] = {}
        for letters, number, rest in NOT_TEXT.findall(xml):
            if rest not in kinds:
                kinds[rest] = next((rule for mark, rule in TYPES.items() if mark in rest), "excel_number")
            self.cells.setdefault(kinds[rest], []).append((letters, number))
        self.formulas = list(_formulas(xml))
        self.errors = [
            (reference, value)
            for reference in self.cells.get("excel_error", ())
            if (value := _value(xml, reference))
        ]
        self.filled = xml.count(b"</c>")
        self._xml = xml

    def has_cells_twice(self) -> bool:
        """Whether two cells claim one place."""
        found = TAG.findall(self._xml)
        return len(set(found)) < len(found)


def _formulas(xml: bytes) -> "list[tuple[Reference, str]]":
    """The cells that hold a formula, and the formula as it is shown."""
    found = []
    place = xml.find(b"<f")
    while place >= 0:
        if xml[place + 2 : place + 3] in (b">", b" ", b"/", b"\n", b"\t", b"\r"):
            tag = TAG.match(xml, xml.rfind(b"<c ", 0, place))
            if tag:
                text = re.compile(rb"<f[^>]*>([^<]*)").match(xml, place)
                shown = text[1].decode(errors="replace") if text and not text[0].endswith(b"/>") else ""
                found.append(((tag[1], tag[2]), f"={_unescaped(shown)}"))
        place = xml.find(b"<f", place + 2)
    return found


def _value(xml: bytes, reference: Reference) -> str:
    """What stands in a cell, as the XML has it."""
    place = xml.find(b'r="' + reference[0] + reference[1] + b'"')
    value = VALUE.search(xml, place, place + 2_000)
    return _unescaped(value[1].decode(errors="replace")) if value else ""


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def numbers_of(digits: list[bytes]) -> Places:
    numbers: Places = pa.array(digits, pa.binary()).cast(pa.string()).cast(pa.int64()).to_numpy()
    return numbers


def as_usual(xml: bytes, name: str) -> bytes:
    """The cells, rows, merged ranges and filter of a sheet, written as spreadsheets mostly do."""
    head = xml[:2_000]
    is_usual = b"<worksheet" in head and b"UTF-16" not in head.upper()
    if is_usual and not any(mark in xml and sign.search(xml) for mark, sign in OTHERWISE.items()):
        return xml
    try:
        root = ElementTree.fromstring(xml)
        written = io.StringIO()
        for element in root.iter(f"{MAIN}col"):
            written.write(f"<col {_attributes(element, 'hidden', 'min', 'max')}/>")
        number = 0
        for row in root.iter(f"{MAIN}row"):
            number = int(row.get("r", number + 1))
            hidden = quoteattr(row.get("hidden", "0"))
            written.write(f'<row r="{number}" hidden={hidden}>')
            place = -1
            for cell in row.iter(f"{MAIN}c"):
                reference = cell.get("r") or f"{letters_of(place + 2)}{number}"
                place = column_of(re.sub(r"[^A-Z]", "", reference)) - 1
                written.write(f'<c r="{reference}" t={quoteattr(cell.get("t", "n"))}>')
                for part in ("f", "v"):
                    if (found := cell.find(f"{MAIN}{part}")) is not None:
                        written.write(f"<{part}>{escape(found.text or '')}</{part}>")
                written.write("<v>x</v></c>" if len(cell) and cell.find(f"{MAIN}is") is not None else "</c>")
            written.write("</row>")
        for element in root.iter(f"{MAIN}mergeCell"):
            written.write(f"<mergeCell {_attributes(element, 'ref')}/>")
        if root.find(f"{MAIN}autoFilter") is not None:
            written.write("<autoFilter/>")
    except Exception as error:  # whatever a parser meets in XML that is none
        raise unsound(name) from error
    return written.getvalue().encode()


def _attributes(element: Element, *names: str) -> str:
    return " ".join(f"{name}={quoteattr(element.get(name, ''))}" for name in names)
