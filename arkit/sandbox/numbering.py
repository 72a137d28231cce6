"""The company's own series of invoice numbers, one for each financial year."""

import sqlite3
from datetime import datetime

from .answers import INDIA


def next_number(connection: sqlite3.Connection, issued_at: str) -> str:
    """The next number of the year in which an invoice is issued; numbers that callers give do not count."""
    issued = datetime.fromisoformat(issued_at).astimezone(INDIA)
    # A financial year begins in April.
    year = issued.year - (issued.month < 4)
    series = f"AR/{year % 100:02d}-{(year + 1) % 100:02d}/"
    known = connection.execute("SELECT value FROM fact WHERE name = ?", (series,)).fetchone()
    last = int(known["value"]) if known else _last_serial(connection, series)
    connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (series, str(last + 1)))
    return f"{series}{last + 1:06d}"


def _last_serial(connection: sqlite3.Connection, series: str) -> int:
    (last,) = connection.execute(
        "SELECT MAX(CAST(substr(invoiceNumber, ?) AS INTEGER)) FROM invoice WHERE invoiceNumber GLOB ?",
        (len(series) + 1, f"{series}[0-9][0-9][0-9][0-9][0-9][0-9]*"),
    ).fetchone()
    return int(last or 0)
