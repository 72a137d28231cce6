"""A frame as a file: CSV, XLSX or Parquet. Ids stay text and money stays exact in each of them."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from arkit import outputs
from arkit.errors import UsageError

MOST_SHEET_ROWS = 1_048_575
MOST_DIGITS = 15
"""A number in a workbook is a double: up to 15 digits it is the number that was written."""

CHUNK_ROWS = 50_000
WIDTHS = {"text": 22, "date": 12, "instant": 19, "money": 16}


def require_known(path: Path) -> None:
    """Refuse a file of a kind that cannot be written, before anything is fetched for it.

    Raises:
        UsageError: it ends in none of the known suffixes.
    """
    if path.suffix.lower() not in _WRITERS:
        raise UsageError(
            f"{path.name} must end in {', '.join(_WRITERS)}.",
            code="suffix",
            next_step="Give the file another name.",
        )


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write the whole frame or nothing.

    In a workbook every text is a text cell, whatever it begins with; instants are in Indian time; an amount
    of more than 15 digits is text, since no number of a workbook could hold it.

    Raises:
        UsageError: the suffix is unknown, or a workbook cannot hold so many rows.
        DiskError: the file cannot be written.
    """
    require_known(path)
    if path.suffix.lower() == ".xlsx" and len(frame) > MOST_SHEET_ROWS:
        raise UsageError(
            f"a sheet holds {MOST_SHEET_ROWS:,} rows, and there are {len(frame):,}.",
            code="sheet",
            where=path.name,
            next_step="Write a .csv or .parquet file.",
        )
    with outputs.whole(path) as part:
        _WRITERS[path.suffix.lower()](frame, part)


def _write_csv(frame: pd.DataFrame, part: Path) -> None:
    frame.to_csv(part, index=False)


def _write_parquet(frame: pd.DataFrame, part: Path) -> None:
    frame.to_parquet(part)


def _write_workbook(frame: pd.DataFrame, part: Path) -> None:
    import xlsxwriter  # noqa: PLC0415 - few commands write workbooks

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(part, options) as book:
        sheet = book.add_worksheet("arkit")
        formats = {
            "text": book.add_format(),
            "date": book.add_format({"num_format": "dd-mmm-yyyy"}),
            "instant": book.add_format({"num_format": "dd-mmm-yyyy hh:mm:ss"}),
            "money": book.add_format({"num_format": "#,##0.00"}),
        }
        kinds = [_kind(dtype) for dtype in frame.dtypes]
        for place, kind in enumerate(kinds):
            sheet.set_column(place, place, WIDTHS[kind], formats[kind])
        sheet.freeze_panes(1, 1)
        sheet.write_row(0, 0, frame.columns, book.add_format({"bold": True}))
        for number, cells in enumerate(_rows(frame), 1):
            for place, (cell, kind) in enumerate(zip(cells, kinds, strict=True)):
                if cell is not None:
                    _write_cell(sheet, number, place, cell, formats[kind])
        if len(frame):
            sheet.autofilter(0, 0, len(frame), len(kinds) - 1)


def _kind(dtype: Any) -> str:
    name = str(dtype)
    if name.startswith("decimal128"):
        return "money"
    if name.startswith("datetime64"):
        return "instant"
    return "date" if name.startswith("date32") else "text"


def _rows(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Rows of plain values, None for what is missing; instants without a zone, which no sheet knows."""
    instants = [name for name in frame if _kind(frame[name].dtype) == "instant"]
    local = frame.assign(**{str(name): frame[name].dt.tz_localize(None) for name in instants})
    for start in range(0, len(local), CHUNK_ROWS):
        chunk = local.iloc[start : start + CHUNK_ROWS]
        columns = [chunk[name].astype(object).where(chunk[name].notna(), None) for name in chunk]
        yield from zip(*columns, strict=True)


def _write_cell(sheet: Any, row: int, place: int, cell: Any, form: Any) -> None:
    if isinstance(cell, Decimal):
        if len(cell.as_tuple().digits) > MOST_DIGITS:
            sheet.write_string(row, place, str(cell))
        else:
            sheet.write_number(row, place, float(cell), form)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, place, cell)
    elif isinstance(cell, str):
        sheet.write_string(row, place, cell)
    else:
        sheet.write(row, place, cell, form)


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".xlsx": _write_workbook,
    ".parquet": _write_parquet,
}
