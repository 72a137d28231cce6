"""A fetched frame as a file, read back by libraries that are not arkit's: what was fetched is there."""

import csv
import datetime as dt
import gc
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell import Cell
from openpyxl.utils.escape import unescape

from arkit import columns, frames
from arkit.errors import DiskError, UsageError
from arkit.money import RUPEES
from arkit.reports import tables

SUFFIXES = (".csv", ".xlsx", ".parquet")
IST = dt.timezone(dt.timedelta(hours=5, minutes=30))

# Texts that one program or another takes for something else.
TEXTS = [
    "00123",
    "12345678901234567890",
    "=1+1",
    "{=1+1}",
    '=HYPERLINK("https://example.com")',
    "＝1+1",
    "@x",
    "+919812345678",
    "-100",
    "\t=1",
    "https://example.com",
    "mailto:asha@example.com",
    "internal:Sheet1!A1",
    "1E5",
    "MARCH1",
    "TRUE",
    "NA",
    "nan",
    "NULL",
    " with spaces ",
    "a, b; c",
    'said "no"',
    "'apostrophe",
    "<b>&amp;",
    "two\nlines",
    "two\r\nlines",
    "two\rlines",
    "आशा Zoë 😀 க\u0bcd\u200dஷ",
]
# Characters that XML does not allow, and texts that look like the escape for them.
CONTROLS = ["a\0b", "\x01", "\x0b\x1f", "\x1b[31mred", "\x7f\x85", "\ufffe\uffff", "_x0041_", "_x000D_\r"]


def customers(names: list[str], **unknown: list[Any]) -> pd.DataFrame:
    """Customers of these names, with members that nobody declared."""
    rows = zip(names, *unknown.values(), strict=True)
    records = [
        {"customerId": f"KC{number:014}", "legalName": name, **dict(zip(unknown, more, strict=True))}
        for number, (name, *more) in enumerate(rows)
    ]
    return frames.to_frame(columns.from_records(records, frames.grain(frames.Customers)), frames.Customers)


def invoices(*records: dict[str, Any]) -> pd.DataFrame:
    numbered = [{"invoiceId": f"I{number}", **record} for number, record in enumerate(records)]
    return frames.to_frame(columns.from_records(numbered, frames.grain(frames.Invoices)), frames.Invoices)


def of_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def of_workbook(path: Path) -> list[dict[str, Cell]]:
    book = openpyxl.load_workbook(path)
    (sheet,) = book.worksheets
    header, *rows = sheet.iter_rows()
    book.close()
    return [dict(zip([str(cell.value) for cell in header], row, strict=True)) for row in rows]


def of_parquet(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


def text(cell: Cell) -> Any:
    """What Excel shows of a cell; openpyxl leaves the escapes of characters as they are."""
    return unescape(cell.value) if isinstance(cell.value, str) else cell.value


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder; a file that was left open would be found after the test."""
    yield tmp_path
    gc.collect()


def written(frame: pd.DataFrame, folder: Path, suffix: str) -> Path:
    path = folder / f"table{suffix}"
    tables.write(frame, path)
    return path


# Text


def test_text_comes_back_letter_by_letter_from_a_csv_file(folder: Path) -> None:
    rows = of_csv(written(customers(TEXTS + CONTROLS), folder, ".csv"))
    assert [row["legal_name"] for row in rows] == TEXTS + CONTROLS


def test_text_comes_back_letter_by_letter_from_a_parquet_file(folder: Path) -> None:
    rows = of_parquet(written(customers(TEXTS + CONTROLS), folder, ".parquet"))
    assert [row["legal_name"] for row in rows] == TEXTS + CONTROLS


def test_in_a_workbook_every_text_is_a_text_cell_and_nothing_in_it_acts(folder: Path) -> None:
    path = written(customers(TEXTS, **{"=1+1": TEXTS}), folder, ".xlsx")
    rows = of_workbook(path)
    for name in ("legal_name", "=1+1"):
        cells = [row[name] for row in rows]
        assert [text(cell) for cell in cells] == TEXTS
        assert {cell.data_type for cell in cells} == {"s"}
        assert [cell.hyperlink for cell in cells if cell.hyperlink] == []
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert [name for name, part in parts.items() if b"<f>" in part or b"hyperlink" in part] == []
    assert not [name for name in parts if re.search("external|vba|macro|connection|rels/sheet", name)]


def test_characters_that_xml_forbids_are_escaped_so_that_no_program_finds_the_workbook_damaged(
    folder: Path,
) -> None:
    path = written(customers(CONTROLS), folder, ".xlsx")
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            # Refuses what is not well-formed; characters outside of XML's own are not.
            ElementTree.fromstring(archive.read(name))
            shown = archive.read(name).decode("utf-8")
            assert not re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", shown), name
    assert [text(row["legal_name"]) for row in of_workbook(path)] == CONTROLS


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=8))
def test_any_text_comes_back_from_any_file(folder: Path, names: list[str]) -> None:
    frame = customers(names)
    assert [row["legal_name"] for row in of_csv(written(frame, folder, ".csv"))] == names
    assert [row["legal_name"] for row in of_parquet(written(frame, folder, ".parquet"))] == names
    shown = [text(row["legal_name"]) or "" for row in of_workbook(written(frame, folder, ".xlsx"))]
    assert shown == names


@pytest.mark.parametrize("longest", ["x" * 32_767, "😀" * 16_383 + "x"])
def test_a_text_too_long_for_a_cell_is_refused_and_never_cut(folder: Path, longest: str) -> None:
    (row,) = of_workbook(written(customers([longest]), folder, ".xlsx"))
    assert row["legal_name"].value == longest
    with pytest.raises(UsageError, match=r"row 3 has one with more.*\.csv") as caught:
        tables.write(customers(["short", longest + "x"]), folder / "longer.xlsx")
    assert caught.value.exit_code == 2
    assert [path.name for path in folder.iterdir()] == ["table.xlsx"]
    assert [row["legal_name"] for row in of_csv(written(customers([longest * 2]), folder, ".csv"))] == [
        longest * 2
    ]


# Money and numbers


amounts = st.decimals(
    -Decimal("9999999999999999.99"), Decimal("9999999999999999.99"), places=2, allow_nan=False
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(amounts, min_size=1, max_size=20))
def test_every_amount_comes_back_to_the_paisa(folder: Path, wanted: list[Decimal]) -> None:
    frame = pd.DataFrame({"invoice_id": "I", "amount": pd.Series(wanted, dtype=RUPEES)})
    shown = [row["amount"] for row in of_csv(written(frame, folder, ".csv"))]
    assert [Decimal(amount) for amount in shown] == wanted
    assert not [amount for amount in shown if not re.fullmatch(r"-?\d+\.\d\d", amount)]
    path = written(frame, folder, ".parquet")
    assert pq.read_schema(path).field("amount").type == pa.decimal128(18, 2)
    assert [row["amount"] for row in of_parquet(path)] == wanted
    for amount, row in zip(wanted, of_workbook(written(frame, folder, ".xlsx")), strict=True):
        cell = row["amount"]
        if len(amount.normalize().as_tuple().digits) <= 15:
            assert cell.data_type == "n"
            assert cell.number_format == "#,##0.00"
            assert round(Decimal(cell.value), 2) == amount
        else:
            assert cell.value == f"{amount:.2f}"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.00", 0),
        ("-0.01", -0.01),
        ("9999999999999.99", 9999999999999.99),
        ("99999999999999.90", 99999999999999.9),
        ("99999999999999.99", "99999999999999.99"),
        ("-9999999999999999.99", "-9999999999999999.99"),
    ],
)
def test_an_amount_is_a_number_in_a_workbook_as_far_as_its_numbers_reach(
    folder: Path, amount: str, shown: float | str
) -> None:
    frame = pd.DataFrame({"amount": pd.Series([Decimal(amount)], dtype=RUPEES)})
    (row,) = of_workbook(written(frame, folder, ".xlsx"))
    assert row["amount"].value == shown


def test_numbers_of_members_that_nobody_declared_are_exact_too(folder: Path) -> None:
    counts = [7, 2**63 - 1, None]
    shares = [Decimal("0.000000001"), Decimal("1234567.5"), Decimal("1234567890123.123456789")]
    frame = customers(["a", "b", "c"], count=counts, share=shares)
    rows = of_csv(written(frame, folder, ".csv"))
    assert [row["count"] for row in rows] == ["7", str(2**63 - 1), ""]
    assert [Decimal(row["share"]) for row in rows] == shares
    records = of_parquet(written(frame, folder, ".parquet"))
    assert [(row["count"], row["share"]) for row in records] == list(zip(counts, shares, strict=True))
    cells = of_workbook(written(frame, folder, ".xlsx"))
    assert [row["count"].value for row in cells] == [7, str(2**63 - 1), None]
    assert [row["share"].value for row in cells] == [0.000000001, 1234567.5, "1234567890123.123456789"]
    # A share shown with two decimals would be another one.
    assert {row["share"].number_format for row in cells} == {"General"}


# Dates, instants, flags, statuses, and what is missing


RECORD = {
    "dueDate": "2026-09-30",
    "dispatched": False,
    "receivableStatus": {"label": "Paid", "name": "PAID"},
    # Late on the 24th in London is the 25th in India.
    "createdOn": "2026-08-24T19:15:22Z",
    "dispatchedOn": "2026-08-24T14:15:22.500Z",
    "extras": {"amount": Decimal("1.50"), "open": True},
}


def test_dates_are_days_and_instants_are_in_indian_time_in_a_csv_file(folder: Path) -> None:
    (row,) = of_csv(written(invoices(RECORD), folder, ".csv"))
    assert row["due_date"] == "2026-09-30"
    assert row["created_on"] == "2026-08-25 00:45:22+05:30"
    assert row["dispatched_on"] == "2026-08-24 19:45:22.500000+05:30"
    assert (row["dispatched"], row["receivable_status"]) == ("false", "PAID")
    assert row["extras"] == '{"amount":1.50,"open":true}'


def test_dates_and_instants_have_their_own_types_in_a_parquet_file(folder: Path) -> None:
    (row,) = of_parquet(written(invoices(RECORD), folder, ".parquet"))
    assert row["due_date"] == dt.date(2026, 9, 30)
    assert row["created_on"] == dt.datetime(2026, 8, 25, 0, 45, 22, tzinfo=IST)
    assert row["dispatched_on"] == dt.datetime(2026, 8, 24, 19, 45, 22, 500_000, tzinfo=IST)
    assert (row["dispatched"], row["receivable_status"]) == (False, "PAID")
    assert row["extras"] == '{"amount":1.50,"open":true}'


def test_dates_and_instants_can_be_sorted_and_filtered_in_a_workbook(folder: Path) -> None:
    path = written(invoices(RECORD, RECORD), folder, ".xlsx")
    row, _ = of_workbook(path)
    assert row["due_date"].value == dt.datetime(2026, 9, 30)  # noqa: DTZ001 - a workbook knows no zones
    assert row["due_date"].number_format == "dd-mmm-yyyy"
    assert row["created_on"].value == dt.datetime(2026, 8, 25, 0, 45, 22)  # noqa: DTZ001
    assert row["created_on"].number_format == "dd-mmm-yyyy hh:mm:ss"
    assert (row["dispatched"].value, row["dispatched"].data_type) == (False, "b")
    assert (row["receivable_status"].value, row["extras"].value) == ("PAID", '{"amount":1.50,"open":true}')
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    last = f"{openpyxl.utils.get_column_letter(len(row))}3"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", f"A1:{last}")
    book.close()


def test_a_day_before_a_workbook_s_calendar_is_text(folder: Path) -> None:
    days = ["0001-01-01", "1899-12-31", "1900-01-01", "1900-02-28", "1900-03-01", "9999-12-31"]
    frame = invoices(*({"dueDate": day} for day in days))
    values = [row["due_date"].value for row in of_workbook(written(frame, folder, ".xlsx"))]
    assert values[:2] == days[:2]
    assert [f"{value:%Y-%m-%d}" for value in values[2:]] == days[2:]
    assert [row["due_date"] for row in of_csv(written(frame, folder, ".csv"))] == days


def test_what_is_missing_is_empty_everywhere(folder: Path) -> None:
    frame = invoices(RECORD, {"never": None})
    missing = [name for name in frame if name != "invoice_id"]
    _, row = of_csv(written(frame, folder, ".csv"))
    assert {row[name] for name in missing} == {""}
    _, record = of_parquet(written(frame, folder, ".parquet"))
    assert {record[name] for name in missing} == {None}
    _, cells = of_workbook(written(frame, folder, ".xlsx"))
    assert {cells[name].value for name in missing} == {None}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_frame_without_rows_is_a_file_with_its_columns(folder: Path, suffix: str) -> None:
    frame = invoices()
    path = written(frame, folder, suffix)
    if suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
    elif suffix == ".parquet":
        header, rows = pq.read_schema(path).names, of_parquet(path)
        assert pq.read_schema(path).field("net_amount").type == pa.decimal128(18, 2)
    else:
        book = openpyxl.load_workbook(path)
        (first, *rest) = book.worksheets[0].iter_rows(values_only=True)
        header, rows = list(first), rest
        book.close()
    assert (header, rows) == (list(frame), [])


# Places


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "name", ["April's bills", "आशा", "-f", ".hidden", "a,b", "x" * 240, "ज" * 80, "a\nb", "%s{0}"]
)
def test_a_file_may_have_any_name_and_is_its_owner_s_alone(folder: Path, name: str, suffix: str) -> None:
    path = folder / f"{name}{suffix.upper()}"
    tables.write(customers(["Asha"]), path)
    assert list(folder.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["table", "table.xls", "table.csv.gz", "csv", ".csv"])
def test_another_kind_of_file_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"must end in \.csv, \.xlsx, \.parquet"):
        tables.write(customers(["Asha"]), folder / name)
    assert list(folder.iterdir()) == []


def test_more_rows_than_a_sheet_holds_are_refused_before_anything_is_written(folder: Path) -> None:
    old = folder / "table.xlsx"
    old.write_text("old")
    frame = pd.DataFrame({"number": range(1_048_576)})
    with pytest.raises(UsageError, match=r"1,048,575 rows, and there are 1,048,576.*\.csv or \.parquet"):
        tables.write(frame, old)
    assert [path.read_text() for path in folder.iterdir()] == ["old"]
    tables.write(frame, folder / "table.csv")
    assert (folder / "table.csv").read_bytes().count(b"\n") == 1_048_577


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["nowhere/table", "file/table", "folder"])
def test_a_place_that_cannot_be_written_to_is_named_and_left_as_it_is(
    folder: Path, name: str, suffix: str
) -> None:
    (folder / f"folder{suffix}").mkdir()
    (folder / "file").write_text("kept")
    for attempt in (tables.write, lambda _, path: tables.require_possible(path)):
        with pytest.raises(DiskError, match="cannot be written") as caught:
            attempt(customers(["Asha"]), folder / f"{name}{suffix}")
        assert (caught.value.exit_code, caught.value.where) == (8, Path(f"{name}{suffix}").name)
    assert {path.name for path in folder.rglob("*")} == {f"folder{suffix}", "file"}


NO_ROOM = """
import resource, sys, zipfile
from pathlib import Path
import pandas as pd
from arkit.errors import DiskError
from arkit.reports import tables

path, is_late = Path(sys.argv[1]), sys.argv[2] == "late"
frame = pd.DataFrame({"name": [f"{number:0200}" for number in range(5_000)]})
tables.write(frame, path.with_stem("warm"))
room = 8_192
if is_late:
    # The rows of a workbook fit in, and the sheet around them does not.
    room = zipfile.ZipFile(path.with_stem("warm")).getinfo("xl/worksheets/sheet1.xml").file_size - 100
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    tables.write(frame, path)
except DiskError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this system limits no files")
@pytest.mark.parametrize(("suffix", "when"), [*((suffix, "early") for suffix in SUFFIXES), (".xlsx", "late")])
def test_a_full_disk_leaves_the_file_as_it_was_and_nothing_beside_it(
    folder: Path, suffix: str, when: str
) -> None:
    old = folder / f"table{suffix}"
    old.write_text("old")
    told = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", NO_ROOM, str(old), when],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"table{suffix}: the file cannot be written (File too large)")
    assert {path.name for path in folder.iterdir()} == {f"table{suffix}", f"warm{suffix}"}
    assert old.read_text() == "old"
