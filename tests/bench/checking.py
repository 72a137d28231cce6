"""The check of a bulk file beside the reading of it, and beside others that validate tables.

Run as a module with a file it measures in a process of its own, so that memory is that of the check alone.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastexcel
import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.csv
from stdnum.in_ import gstin, pan

import arkit
from arkit import identifiers
from arkit.corrections import files, kinds
from arkit.corrections.schemas import CustomerUpdates

from . import bulk_files

ROWS = 1_000_000
WORKBOOK_ROWS = 100_000
FRICTIONLESS_ROWS = 20_000
REPEATS = 5

Row = tuple[str, float, float, str]


def measure(folder: Path) -> tuple[list[Row], list[str]]:
    """What was measured: name, seconds of arkit, seconds of the other, the other's name; and remarks."""
    some, every, none = (
        bulk_files.write_csv(folder / f"bad-{share}.csv", ROWS, bad_share=share) for share in (0.01, 1, 0)
    )
    quoted = bulk_files.write_csv(folder / "quoted.csv", ROWS, bad_share=0.01, is_quoted=True)
    workbook = bulk_files.write_workbook(folder / "some.xlsx", WORKBOOK_ROWS, bad_share=0.01)
    one, marked, all_bad, in_workbook = (_apart(path) for path in (some, quoted, every, workbook))
    remarks = [
        f"  bad cells, each with row and message: {one['problems']:,} and {all_bad['problems']:,}",
        f"  memory above the process at rest: {one['memory_mib']:,} and {all_bad['memory_mib']:,} MiB",
    ]
    rows = [
        (
            f"1  check of {ROWS:,} rows, 1 % bad",
            one["check_s"],
            one["read_s"],
            "pyarrow reading it as text (4)",
        ),
        ("1  the same with a quoted field in each", marked["check_s"], marked["read_s"], "the same (4)"),
        ("2  the same with every row bad", all_bad["check_s"], one["check_s"], "figure 1 (2)"),
        (
            f"3  check of a workbook of {WORKBOOK_ROWS:,} rows",
            in_workbook["check_s"],
            in_workbook["read_s"],
            "fastexcel reading it (1.5)",
        ),
        _beside_pandera(some),
        _beside_frictionless(folder),
        *_identifiers(none),
    ]
    return rows, remarks


def _apart(path: Path) -> dict[str, Any]:
    told = subprocess.run(
        [sys.executable, "-m", "tests.bench.checking", str(path)], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def _alternating(ours: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """The best seconds of both, run in turn, so that the rest of the machine disturbs them alike."""
    best = [float("inf"), float("inf")]
    for _ in range(REPEATS):
        for place, work in enumerate((ours, other)):
            started_at = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - started_at)
    return best[0], best[1]


def _read(path: Path) -> object:
    if path.suffix == ".xlsx":
        return fastexcel.read_excel(path).load_sheet(0, dtypes="string").to_arrow()
    kinds_ = dict.fromkeys(bulk_files.HEADER, pyarrow.string())
    return pyarrow.csv.read_csv(
        path, convert_options=pyarrow.csv.ConvertOptions(column_types=kinds_)
    ).to_pandas()


def _beside_pandera(path: Path) -> Row:
    """The rules alone, on a table that was read: as arkit calls them and as pandera does."""
    sheet = files.read(path)
    columns = zip(kinds.KINDS[kinds.UPDATE].columns.values(), sheet.columns, strict=True)
    frame = pd.DataFrame({name: pd.array(column, dtype="str") for name, column in columns})
    frame.insert(0, "source_row", sheet.source_rows)

    def validate() -> None:
        try:
            CustomerUpdates.validate(frame, lazy=True)
        except pa.errors.SchemaErrors:
            return

    ours, theirs = _alternating(lambda: arkit.check(path), validate)
    return "   check, reading included", ours, theirs, "pandera alone, with the same rules, nothing read"


def _beside_frictionless(folder: Path) -> Row:
    from frictionless import Schema, system, validate

    path = bulk_files.write_csv(folder / "few.csv", FRICTIONLESS_ROWS, bad_share=0.01)
    patterns = {
        "customerId": identifiers.CUSTOMER_ID,
        "panOrGstin": f"{identifiers.PAN}|{identifiers.GSTIN}",
        "accountNumber": identifiers.ACCOUNT_NUMBER,
        "ifsc": identifiers.IFSC,
        "pinCode": identifiers.PIN_CODE,
    }
    fields = [
        {"name": name, "type": "string"}
        | ({"constraints": {"pattern": patterns[name]}} if name in patterns else {})
        for name in bulk_files.HEADER
    ]
    schema = Schema.from_descriptor({"fields": fields})
    started_at = time.perf_counter()
    with system.use_context(trusted=True):
        report = validate(str(path), schema=schema, limit_errors=ROWS)
    assert report.stats["errors"] > 100
    theirs = time.perf_counter() - started_at
    ours = min(_alternating(lambda: arkit.check(path), lambda: None)[:1])
    return f"   check of {FRICTIONLESS_ROWS:,} rows", ours, theirs, "frictionless, patterns alone"


def _identifiers(path: Path) -> list[Row]:
    sheet = files.read(path)
    column = sheet.columns[bulk_files.HEADER.index("panOrGstin")]
    numbers = column.to_pylist()
    pans = [number[2:12] for number in numbers]
    pan_column = pyarrow.array(pans, pyarrow.large_string())
    some = slice(0, WORKBOOK_ROWS)

    def judge() -> None:
        assert (identifiers.gstin_remainders(column) == 0).all()
        assert identifiers.has_known_state(column).all()

    scale = len(numbers) / WORKBOOK_ROWS
    gstin_s = _once(lambda: [gstin.is_valid(number) for number in numbers[some]]) * scale
    pan_s = _once(lambda: [pan.is_valid(number) for number in pans[some]]) * scale
    ours_gstin, ours_pan = _alternating(
        judge,
        lambda: identifiers.matches(pan_column, identifiers.PAN) & identifiers.has_real_holder(pan_column),
    )
    return [
        (f"4  {len(numbers):,} GSTINs", ours_gstin, gstin_s, "python-stdnum (0.01)"),
        (f"4  {len(numbers):,} PANs", ours_pan, pan_s, "python-stdnum (0.01)"),
    ]


def _once(work: Callable[[], object]) -> float:
    started_at = time.perf_counter()
    work()
    return time.perf_counter() - started_at


def _main(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        small = bulk_files.write_csv(Path(folder) / "small.csv", 100, bad_share=0.5)
        arkit.check(small)
    at_rest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    problems = len(arkit.check(path).problems)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - at_rest
    check_s, read_s = _alternating(lambda: arkit.check(path), lambda: _read(path))
    found = {"problems": problems, "memory_mib": memory // 1024, "check_s": check_s, "read_s": read_s}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
