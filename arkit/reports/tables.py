"""A frame as a file: CSV, XLSX or Parquet. Ids stay text and money stays exact in each of them."""

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from arkit import outputs
from arkit.errors import UsageError
from arkit.money import RUPEES

MOST_SHEET_ROWS = 1_048_575
MOST_DIGITS = 15
"""A number in a workbook is a double: up to 15 digits it is the number that was written."""

FIRST_YEAR = 1900
"""A day in a workbook is a number too, counted from here on."""

CHUNK_ROWS = 50_000
WIDTHS = {"plain": 22, "date": 12, "instant": 19, "money": 16}
FORMATS = {"date": "dd-mmm-yyyy", "instant": "dd-mmm-yyyy hh:mm:ss", "money": "#,##0.00"}


def require_possible(path: Path) -> None:
    """Refuse a file that could not be written, before anything is fetched for it.

    Raises:
        UsageError: it ends in none of the known suffixes.
        DiskError: its place cannot be written to.
    """
    if path.suffix.lower() not in _WRITERS:
        raise UsageError(
            f"{path.name} must end in {', '.join(_WRITERS)}.",
            code="suffix",
            next_step="Give the file another name.",
        )
    outputs.require_place(path)


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write the whole frame or nothing.

    CSV and Parquet are for programs and hold every value as it is. A workbook is for people: every text in it
    is a text cell, whatever it begins with; instants are in Indian time; numbers of more than 15 digits and
    days before 1900 are text, since no number of a workbook could hold them.

    Raises:
        UsageError: the suffix is unknown, or a workbook cannot hold so much.
        DiskError: the file cannot be written.
    """
    require_possible(path)
    if path.suffix.lower() == ".xlsx" and len(frame) > MOST_SHEET_ROWS:
        raise _too_much(f"a sheet holds {MOST_SHEET_ROWS:,} rows, and there are {len(frame):,}.")
    with outputs.whole(path) as part:
        _WRITERS[path.suffix.lower()](frame, part)


def _write_csv(frame: pd.DataFrame, part: Path) -> None:
    """Text in quotes, so that line breaks of every kind stay in their cells; what is missing without any."""
    pyarrow.csv.write_csv(_table(frame, _as_text), part)


def _write_parquet(frame: pd.DataFrame, part: Path) -> None:
    frame.to_parquet(part)


def _write_workbook(frame: pd.DataFrame, part: Path) -> None:
    import xlsxwriter  # noqa: PLC0415 - few commands write workbooks
    from xlsxwriter.exceptions import FileCreateError, FileSizeError  # noqa: PLC0415

    # Rows wait in files until the end, and they are somebody's data too.
    with tempfile.TemporaryDirectory(prefix=".arkit-", dir=part.parent, ignore_cleanup_errors=True) as folder:
        book = xlsxwriter.Workbook(part, {"constant_memory": True, "tmpdir": folder})
        sheet = book.add_worksheet("arkit")
        try:
            _fill(book, sheet, _table(frame, pc.local_timestamp))
            book.close()
        except FileCreateError as error:
            raise error.args[0] from error
        except FileSizeError as error:
            raise _too_much("a workbook holds no sheet of more than 2 GiB.") from error
        finally:
            # Where it fails it leaves them open.
            for file in (sheet.row_data_fh, sheet.fh):
                with suppress(OSError):
                    file.close()


def _fill(book: Any, sheet: Any, table: pa.Table) -> None:
    formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
    kinds = [_kind(each) for each in table.schema.types]
    for place, kind in enumerate(kinds):
        sheet.set_column(place, place, WIDTHS[kind])
    sheet.freeze_panes(1, 1)
    bold = book.add_format({"bold": True})
    for place, name in enumerate(table.column_names):
        sheet.write_string(0, place, name, bold)
    for number, cells in enumerate(_rows(table), 1):
        for place, (cell, kind) in enumerate(zip(cells, kinds, strict=True)):
            if cell is not None:
                _write_cell(sheet, number, place, cell, formats.get(kind))
    if table.num_rows:
        sheet.autofilter(0, 0, table.num_rows, len(kinds) - 1)


def _table(frame: pd.DataFrame, instants: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> pa.Table:
    """The frame with plain columns; those of instants are made into what a file can hold."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for place, name in enumerate(table.column_names):
        column = table[name]
        if pa.types.is_dictionary(column.type):
            table = table.set_column(place, name, column.cast(column.type.value_type))
        elif pa.types.is_timestamp(column.type):
            table = table.set_column(place, name, instants(column))
    return table


def _as_text(instants: pa.ChunkedArray) -> pa.ChunkedArray:
    """Local time with its offset (RFC 3339), with fractions of seconds only where there are any."""
    with suppress(pa.ArrowInvalid):
        instants = instants.cast(pa.timestamp("s", instants.type.tz))
    return pc.strftime(instants, format="%Y-%m-%d %H:%M:%S%Ez")


def _kind(arrow_type: pa.DataType) -> str:
    if arrow_type == RUPEES.pyarrow_dtype:
        return "money"
    if pa.types.is_timestamp(arrow_type):
        return "instant"
    return "date" if pa.types.is_date(arrow_type) else "plain"


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in table.to_batches(CHUNK_ROWS):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _write_cell(sheet: Any, row: int, place: int, cell: Any, form: Any) -> None:
    if isinstance(cell, dt.date) and cell.year >= FIRST_YEAR:
        sheet.write_datetime(row, place, cell, form)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, place, cell)
    elif isinstance(cell, int | Decimal) and _is_short(Decimal(cell)):
        sheet.write_number(row, place, cell, form)
    elif sheet.write_string(row, place, str(cell)):
        raise _too_much(f"a cell holds 32,767 characters, and row {row + 1} has one with more.")


def _is_short(number: Decimal) -> bool:
    return not any(number.as_tuple().digits[MOST_DIGITS:])


def _too_much(message: str) -> UsageError:
    return UsageError(message, code="sheet", next_step="Write a .csv or .parquet file.")


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".xlsx": _write_workbook,
    ".parquet": _write_parquet,
}
