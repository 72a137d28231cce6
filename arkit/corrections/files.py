"""The one place that opens users' files: CSV and XLSX as text, with the user's own row numbers."""

import csv
import hashlib
import io
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

import pandas as pd

from arkit import outputs
from arkit.corrections import packages
from arkit.corrections.packages import SAVE_AS, CellFault, Row
from arkit.errors import InputRefused

MAX_FILE_BYTES = 128 * 2**20

# What a file begins with that is neither CSV nor XLSX, and what to call it.
FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel file or a workbook with a password",
    b"%PDF": "a PDF",
    b"<": "a web page or XML",
    b"\x1f\x8b": "a packed file",
}
# Of UTF-16; UTF-8 needs no mark.
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


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
        hidden_rows: rows of a workbook that its author does not see.
    """

    name: str
    sha256: str
    header: list[str]
    header_row: int
    rows: dict[int, list[str]]
    is_workbook: bool
    faults: list[CellFault] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)


def read(path: Path | str) -> Sheet:
    """The table in a CSV or XLSX file; which of them it is, the content says and not the name.

    Raises:
        InputRefused: the file cannot be read as a table without guessing.
    """
    path = Path(path)
    return parse(content_of(path), name=path.name)


def parse(content: bytes, *, name: str) -> Sheet:
    """The table in the bytes of a CSV or XLSX file.

    Raises:
        InputRefused: they cannot be read as a table without guessing.
    """
    is_workbook = content.startswith(b"PK\x03\x04")
    rows = _workbook(content, name) if is_workbook else list(_csv(content, name))
    if not rows:
        raise _refused(name, "empty", "the file is empty.", "Save the table again.")
    header, *body = rows
    return Sheet(
        name,
        sha256=hashlib.sha256(content).hexdigest(),
        header=header.cells,
        header_row=header.number,
        rows={row.number: row.cells for row in body},
        is_workbook=is_workbook,
        faults=[fault for row in body for fault in row.faults],
        hidden_rows=[row.number for row in body if row.is_hidden],
    )


def content_of(path: Path) -> bytes:
    """The bytes of a file, read once.

    Raises:
        InputRefused: it cannot be read, or is too large.
    """
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise _refused(path.name, "no_file", "this is not a file.", "Name a CSV or XLSX file.")
        if status.st_size > MAX_FILE_BYTES:
            limit = f"the file is larger than {MAX_FILE_BYTES // 2**20} MiB."
            raise _refused(path.name, "too_large", limit, "Split it.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        message = f"the file cannot be read ({reason})."
        raise _refused(path.name, "unreadable", message, "Check the path.") from error


def _csv(content: bytes, name: str) -> Iterator[Row]:
    """The rows that hold something; they count as a spreadsheet would show them."""
    start = content[:1_000].removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, kind in FOREIGN.items():
        if start.startswith(mark):
            raise _refused(name, "format", f"this is {kind}, not CSV or XLSX.", SAVE_AS)
    encoding = MARKS.get(content[:2], "utf-8-sig")
    _require_text(content, encoding, name)
    number = size = 0
    header: list[str] = []
    try:
        # A reader that decodes piece by piece, since io.StringIO takes four bytes for a character.
        lines = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
        for number, cells in enumerate(csv.reader(lines, strict=True), 1):
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = cells
                _require_commas(header, number, name)
            size += len(cells)
            packages.require_limits(number, size, name=name)
            yield Row(number, cells, [], False)
    except csv.Error as error:
        row = number + 1
        message = f"row {row} is not CSV: a quotation mark is not closed, or a field is too long."
        step = "Correct the row, or save the table again as XLSX."
        raise _refused(name, "csv", message, step, source_row=row) from error


def _require_commas(header: list[str], row: int, name: str) -> None:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        message = "the columns are not separated by commas."
        step = "Save it as CSV with commas, or as XLSX."
        raise _refused(name, "separator", message, step, source_row=row)


def _require_text(content: bytes, encoding: str, name: str) -> None:
    """Refuse bytes that are no text, and more fields than memory holds, before rows are made of them."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        row = _row_after(content[: error.start].decode(encoding, "ignore"))
        message = f"row {row} holds bytes that are not {encoding[:6].upper().rstrip('-')} text."
        step = "Save it as CSV UTF-8, or as XLSX."
        raise _refused(name, "encoding", message, step, source_row=row) from error
    if "\0" in text:
        row = _row_after(text[: text.index("\0")])
        message = f"row {row} holds a NUL, which no text has."
        raise _refused(name, "format", message, SAVE_AS, source_row=row)
    if text.count(",") > packages.MAX_CELLS:
        raise packages.too_large(f"the file has more than {packages.MAX_CELLS:,} commas.", name)


def _row_after(text: str) -> int:
    """The number of the row that would go on behind this text."""
    try:
        return sum(1 for _ in csv.reader(io.StringIO(f"{text}x", newline="")))
    except csv.Error:
        return text.count("\n") + 1


def _workbook(content: bytes, name: str) -> list[Row]:
    """The rows of the only sheet that holds any."""
    import openpyxl  # noqa: PLC0415 - slow to load, wanted by workbooks alone

    packages.require_sound(content, name=name)
    try:
        with warnings.catch_warnings(action="ignore"):  # openpyxl tells what it would not save
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            tables = [(sheet.title, list(packages.rows(sheet, name=name))) for sheet in book.worksheets]
    except InputRefused:
        raise
    except Exception as error:  # whatever a reader of workbooks meets in bytes that are none
        raise packages.unsound(name) from error
    filled = [(title, rows) for title, rows in tables if rows]
    if len(filled) > 1:
        titles = ", ".join(title for title, _ in filled)
        raise _refused(name, "sheets", f"several sheets hold data: {titles}.", "Keep one sheet in the file.")
    return filled[0][1] if filled else []


def read_customers(path: Path) -> pd.DataFrame:
    """Customers that ``arkit fetch customers`` wrote, CSV as text or parquet as it is.

    Raises:
        InputRefused: the file holds nothing of the kind.
    """
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)
    except (OSError, ValueError) as error:
        message = "the known customers cannot be read."
        raise _refused(
            path.name, "known", message, "Give a file that arkit fetch customers wrote."
        ) from error


def write_csv(path: Path, rows: Iterable[Iterable[str]]) -> None:
    """Write a table as it would be read: values as they are.

    Raises:
        DiskError: the file cannot be written.
    """
    with outputs.whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _refused(
    name: str, code: str, message: str, next_step: str, *, source_row: int | None = None
) -> InputRefused:
    return InputRefused(message, code=code, where=name, next_step=next_step, source_row=source_row)
