"""The bulk file: apply it row by row, write the result files."""

import csv
import io
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .sheets import Sheet
from .stamps import Stamp
from .store import insert


@dataclass(frozen=True)
class Verdict:
    """What became of one row: refused for the faults named, or done with or without a change.

    `record_id` is that of a new record, `paise` what a new invoice comes to.
    """

    faults: list[str]
    is_changed: bool = False
    record_id: str = ""
    paise: int = 0


@dataclass(frozen=True)
class Kind:
    """One sort of bulk file: its columns, and what a row of them does.

    A row comes without its blank cells. Kinds that make records name them in a further column, `new_id`.
    """

    name: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    do: Callable[[sqlite3.Connection, Mapping[str, object], Stamp], Verdict]
    new_id: str | None = None


def apply(
    connection: sqlite3.Connection,
    kind: Kind,
    sheet: Sheet,
    stamp: Stamp,
    as_stored: Callable[[Mapping[str, object]], Mapping[str, object]],
) -> list[Verdict]:
    """Judge and apply each row on its own; only so many are stored as the stamp says."""
    verdicts: list[Verdict] = []
    for row in sheet.rows[: stamp.limit]:
        cells: dict[str, object] = {
            name: text for name, text in zip(sheet.columns, row, strict=True) if text.strip()
        }
        verdicts.append(kind.do(connection, as_stored(cells), stamp))
    return verdicts


def answer(
    connection: sqlite3.Connection, kind: Kind, sheet: Sheet, verdicts: Sequence[Verdict], url: str
) -> dict[str, object]:
    """The counts of BulkResponse, and two files of rows behind links; no link where a file would be empty."""
    judged = list(zip(sheet.rows, verdicts, strict=True))
    done = [(row, verdict) for row, verdict in judged if not verdict.faults]
    failed = [[*row, "; ".join(verdict.faults)] for row, verdict in judged if verdict.faults]
    columns, rows = sheet.columns, [row for row, _ in done]
    if kind.new_id:
        columns, rows = [*columns, kind.new_id], [[*row, verdict.record_id] for row, verdict in done]
    success_name, success_url = _offer(connection, f"{kind.name}-success", columns, rows, url)
    failure_columns = [*sheet.columns, "error"]
    failure_name, failure_url = _offer(connection, f"{kind.name}-failure", failure_columns, failed, url)
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
        "total_amount": Decimal(sum(verdict.paise for _, verdict in done)).scaleb(-2),
        "total_count": len(judged),
        "warn_count": sum(not verdict.is_changed for _, verdict in done),
    }


def _offer(
    connection: sqlite3.Connection, stem: str, columns: Sequence[str], rows: Sequence[Sequence[str]], url: str
) -> tuple[str, str]:
    """Store a result file; its name and the address that only the answer knows."""
    if not rows:
        return "", ""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *rows])
    token = secrets.token_urlsafe(24)
    name = f"{stem}-{token[:6]}.csv"
    insert(connection, "file", {"token": token, "name": name, "content": text.getvalue().encode()})
    return name, f"{url}/files/{token}"
