"""Small tables for tests: as a CSV, and as the check has one after reading."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from arkit.corrections import headers
from arkit.corrections.comparisons import Table
from arkit.corrections.kinds import KINDS
from arkit.corrections.sheets import Sheet

SPACES = " \t\n\f\r\u00a0\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What alone makes a cell blank, or a space before or behind it a stray one."""


def write(folder: Path, *rows: Mapping[str, Any], header: list[str] | None = None) -> Path:
    """A CSV of these rows; the header has the names of all of them in their order."""
    path = folder / "table.csv"
    names = header or list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def column(*values: str | None) -> pa.Array:
    return pa.array(list(values), pa.large_string())


def sheet(columns: Mapping[str, list[str | None]]) -> Sheet:
    """A sheet with these columns below a header in row 1."""
    size = len(next(iter(columns.values()), []))
    return Sheet(
        name="table.csv",
        header=list(columns),
        header_row=1,
        columns=[column(*values) for values in columns.values()],
        positions=list(range(1, len(columns) + 1)),
        source_rows=np.arange(2, size + 2, dtype=np.int64),
    )


def table(kind: str, columns: Mapping[str, list[str | None]]) -> Table:
    """The columns of a file by field."""
    read = sheet(columns)
    mapped = headers.mapped(read, KINDS[kind], said={}, is_accepted=False, confirmed={})
    return Table(read, KINDS[kind], mapped)


def nothing_left_out(table: Table) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    return np.zeros(len(table.sheet.source_rows), dtype=np.bool_)
