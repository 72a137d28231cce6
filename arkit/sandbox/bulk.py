"""The bulk file: read it, apply it row by row, write the result files."""

import csv
import io
import itertools
import secrets
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from . import customers, fields
from .answers import Refusal, malformed, unprocessable
from .stamps import Stamp
from .store import insert

KEY = "customerId"
MAX_ROWS = 5_000
BRANCH_SEPARATOR = ";"


@dataclass(frozen=True)
class Sheet:
    """A file that can be applied: its header and its rows, all of one width."""

    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Verdict:
    """What became of one row: refused for the faults named, or done with or without a change."""

    faults: list[str]
    is_changed: bool = False


def parse(content: bytes) -> Sheet:
    """The sheet in a CSV or XLSX file.

    Raises Refusal with 400 for what is neither, and with 422 for a table that cannot be applied as a whole.
    """
    lines = list(itertools.islice(_lines(content), MAX_ROWS + 2))
    if not lines:
        raise unprocessable("the file is empty")
    columns, rows = [name.strip() for name in lines[0]], lines[1:]
    _check_header(columns)
    if len(rows) > MAX_ROWS:
        raise unprocessable(f"the file has more than {MAX_ROWS} rows")
    for number, row in enumerate(rows, 2):
        if len(row) != len(columns):
            raise unprocessable(f"row {number} has {len(row)} fields, the header {len(columns)}")
    return Sheet(columns, rows)


def apply(
    connection: sqlite3.Connection,
    sheet: Sheet,
    stamp: Stamp,
    *,
    normalise: bool,
) -> list[Verdict]:
    """Judge and apply each row on its own; only so many are stored as the stamp says."""
    verdicts: list[Verdict] = []
    for row in sheet.rows[: stamp.limit]:
        wanted = _wanted(sheet.columns, row)
        if normalise:
            wanted = fields.normalised(wanted)
        customer_id = str(wanted.pop(KEY, ""))
        faults = _faults(connection, customer_id, wanted)
        is_changed = not faults and customers.apply(connection, customer_id, wanted, stamp)
        verdicts.append(Verdict(faults, is_changed))
    return verdicts


def answer(
    connection: sqlite3.Connection, sheet: Sheet, verdicts: Sequence[Verdict], url: str
) -> dict[str, object]:
    """The counts of BulkResponse, and two files of rows behind links; no link where a file would be empty."""
    judged = list(zip(sheet.rows, verdicts, strict=True))
    done = [row for row, verdict in judged if not verdict.faults]
    failed = [[*row, "; ".join(verdict.faults)] for row, verdict in judged if verdict.faults]
    success_name, success_url = _offer(connection, "success", sheet.columns, done, url)
    failure_name, failure_url = _offer(connection, "failure", [*sheet.columns, "error"], failed, url)
    return {
        "failureRequests": [{} for _ in failed],
        "failure_count": len(failed),
        "failure_count_second_file": 0,
        "failure_file_name": failure_name,
        "failure_file_url": failure_url,
        "successRequests": [{} for _ in done],
        "success_count": len(done),
        "success_file_name": success_name,
        "success_file_url": success_url,
        "total_amount": 0,
        "total_count": len(judged),
        "warn_count": sum(not verdict.faults and not verdict.is_changed for verdict in verdicts),
    }


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
    return "" if value is None else str(value)


def _check_header(columns: Sequence[str]) -> None:
    unknown = [name for name in columns if name not in (KEY, *fields.CORRECTABLE)]
    if KEY not in columns:
        raise unprocessable(f"the header lacks {KEY}")
    if unknown:
        raise unprocessable(f"unknown column: {', '.join(unknown)}")
    if len(set(columns)) < len(columns):
        raise unprocessable("a column stands twice in the header")
    if len(columns) == 1:
        raise unprocessable("the header names no field to correct")


def _wanted(columns: Sequence[str], row: Sequence[str]) -> dict[str, object]:
    """What a row asks for; a blank cell asks for nothing."""
    wanted: dict[str, object] = {name: text for name, text in zip(columns, row, strict=True) if text.strip()}
    codes = wanted.get("branchCodes")
    if isinstance(codes, str):
        wanted["branchCodes"] = [code.strip() for code in codes.split(BRANCH_SEPARATOR) if code.strip()]
    return wanted


def _faults(connection: sqlite3.Connection, customer_id: str, wanted: dict[str, object]) -> list[str]:
    faults = [f"{error.field} {error.message}" for error in fields.faults(wanted)]
    if not customer_id:
        return ["customerId is missing", *faults]
    known = connection.execute("SELECT 1 FROM customer WHERE customerId = ? AND deleted = 0", (customer_id,))
    return faults if known.fetchone() else ["customerId is not a customer of this company", *faults]


def _offer(
    connection: sqlite3.Connection, kind: str, columns: Sequence[str], rows: Sequence[Sequence[str]], url: str
) -> tuple[str, str]:
    """Store a result file; its name and the address that only the answer knows."""
    if not rows:
        return "", ""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *rows])
    token = secrets.token_urlsafe(24)
    name = f"customer-update-{kind}-{token[:6]}.csv"
    insert(connection, "file", {"token": token, "name": name, "content": text.getvalue().encode()})
    return name, f"{url}/files/{token}"
