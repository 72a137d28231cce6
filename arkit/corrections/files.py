"""The one place that opens users' files: CSV and XLSX as text, with the user's own row numbers."""

import csv
import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Any

from arkit.errors import InputRefused

MAX_FILE_BYTES = 256 * 2**20
MAX_UNPACKED_BYTES = 200 * 2**20
MAX_RATIO = 200
MAX_MEMBERS = 1_000

# What a file begins with that is neither CSV nor XLSX, and what to call it.
FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel file or a workbook with a password",
    b"%PDF": "a PDF",
    b"<": "a web page or XML",
    b"\x1f\x8b": "a packed file",
}
# Types of cells, in the words of the format, that hold neither text nor number.
UNUSABLE = {"f": "excel_formula", "e": "excel_error", "b": "excel_boolean"}
SAVE_AS = "Save it as XLSX or CSV UTF-8."
# Of UTF-16; UTF-8 needs no mark.
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class CellFault:
    """A cell that cannot be taken as text without guessing; `position` counts columns from 0."""

    source_row: int
    position: int
    value: str
    rule: str


@dataclass(frozen=True)
class Sheet:
    """A table as its author sees it.

    Attributes:
        sha256: of the file's bytes, hex.
        header: the names of the columns as written.
        header_row: the row of the header, counted from 1.
        rows: source row to cells; blank rows are left out; a row may be wider or narrower than the header.
        is_workbook: whether it was XLSX, where cells at the end of a row may simply be empty.
        faults: cells of a workbook that hold no text.
    """

    name: str
    sha256: str
    header: list[str]
    header_row: int
    rows: dict[int, list[str]]
    is_workbook: bool
    faults: list[CellFault] = field(default_factory=list)


def read(path: Path | str) -> Sheet:
    """The table in a CSV or XLSX file; which of them it is, the content says and not the name.

    Raises:
        InputRefused: the file cannot be read as a table without guessing.
    """
    path = Path(path)
    return parse(_content(path), name=path.name)


def parse(content: bytes, *, name: str) -> Sheet:
    """The table in the bytes of a CSV or XLSX file.

    Raises:
        InputRefused: they cannot be read as a table without guessing.
    """
    faults: list[CellFault] = []
    is_workbook = content.startswith(b"PK\x03\x04")
    lines = _workbook(content, name, faults) if is_workbook else _csv(content, name)
    filled = ((number, cells) for number, cells in lines if any(cell.strip() for cell in cells))
    header_row, header = next(filled, (0, []))
    if not header:
        raise _refused(name, "empty", "the file is empty.", "Save the table again.")
    sha256 = hashlib.sha256(content).hexdigest()
    return Sheet(name, sha256, header, header_row, dict(filled), is_workbook, faults)


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise _refused(path.name, "no_file", "this is not a file.", "Name a CSV or XLSX file.")
        if status.st_size > MAX_FILE_BYTES:
            limit = f"the file is larger than {MAX_FILE_BYTES // 2**20} MiB."
            raise _refused(path.name, "too_large", limit, "Split it.")
        return path.read_bytes()
    except OSError as error:
        raise _refused(
            path.name, "unreadable", f"the file cannot be read ({error.strerror}).", "Check the path."
        ) from error


def _csv(content: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """Row number and fields; the rows count as a spreadsheet would show them."""
    for mark, kind in FOREIGN.items():
        if content.startswith(mark):
            raise _refused(name, "format", f"this is {kind}, not CSV or XLSX.", SAVE_AS)
    text = _decoded(content, name)
    number = 0
    try:
        for number, fields in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1):
            if number == 1 and len(fields) == 1 and any(mark in fields[0] for mark in ";\t|"):
                raise _refused(
                    name,
                    "separator",
                    "the columns are not separated by commas.",
                    "Save it as CSV with commas, or as XLSX.",
                    source_row=1,
                )
            yield number, fields
    except csv.Error as error:
        raise _refused(
            name,
            "csv",
            f"row {number + 1} is not CSV: a quotation mark is not closed, or a field is too long.",
            "Correct the row, or save the table again as XLSX.",
            source_row=number + 1,
        ) from error


def _decoded(content: bytes, name: str) -> str:
    encoding = MARKS.get(content[:2], "utf-8-sig")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start]
        row = before.count(b"\n") + 1
        raise _refused(
            name,
            "encoding",
            f"row {row} holds bytes that are not UTF-8 text.",
            "Save it as CSV UTF-8, or as XLSX.",
            source_row=row,
        ) from error
    if "\0" in text:
        raise _refused(name, "format", "this is neither CSV nor XLSX.", SAVE_AS)
    return text


def _workbook(content: bytes, name: str, faults: list[CellFault]) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells of the only sheet that holds any; cells that are no text are noted in `faults`."""
    import openpyxl  # noqa: PLC0415 - slow to load, wanted by workbooks alone

    _check_package(content, name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        tables = [(sheet.title, list(_cells(sheet))) for sheet in book.worksheets]
    except Exception as error:  # whatever a reader of workbooks meets in bytes that are none
        raise _refused(name, "workbook", "this is not a sound XLSX workbook.", "Save it again.") from error
    filled = [(title, rows) for title, rows in tables if rows]
    if len(filled) > 1:
        titles = ", ".join(title for title, _ in filled)
        raise _refused(
            name,
            "sheets",
            f"several sheets hold data: {titles}.",
            "Keep one sheet in the file.",
        )
    for number, cells in filled[0][1] if filled else []:
        texts: list[str] = []
        for position, value in enumerate(cells):
            text, rule = value
            texts.append(text)
            if rule:
                faults.append(CellFault(number, position, text, rule))
        while texts and not texts[-1]:
            texts.pop()
        yield number, texts


def _cells(sheet: Any) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [_cell(cell.value, cell.data_type) for cell in row]
        if any(text for text, _ in cells):
            yield number, cells


def _cell(value: Any, data_type: str) -> tuple[str, str]:
    """The text of a cell, and the rule it breaks if it is no text."""
    if data_type in UNUSABLE:
        return str(value), UNUSABLE[data_type]
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        return str(value), "excel_date"
    if isinstance(value, int | float):
        is_whole = isinstance(value, int) or value.is_integer()
        return (str(int(value)) if is_whole else repr(value)), "excel_number"
    return "" if value is None else str(value), ""


def _check_package(content: bytes, name: str) -> None:
    """Refuse by the directory of the package what would fill the memory when unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = package.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _refused(name, "workbook", "this is not a sound XLSX workbook.", "Save it again.") from error
    if "xl/workbook.xml" not in {member.filename for member in members}:
        raise _refused(name, "format", "this is a ZIP file, not a workbook.", SAVE_AS)
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED_BYTES or unpacked > MAX_RATIO * len(content) or len(members) > MAX_MEMBERS:
        raise _refused(name, "too_large", "the workbook unpacks to far too much.", "Save it as CSV.")


def write_csv(path: Path, rows: Iterable[Iterable[str]]) -> None:
    """Write a table, complete or not at all, readable by its owner only.

    Raises:
        InputRefused: the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            part.chmod(0o600)
            csv.writer(file).writerows(rows)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        message = f"the file cannot be written ({error.strerror})."
        raise _refused(path.name, "unwritable", message, "Choose another place.") from error


def _refused(
    name: str, code: str, message: str, next_step: str, *, source_row: int | None = None
) -> InputRefused:
    return InputRefused(message, code=code, where=name, next_step=next_step, source_row=source_row)
