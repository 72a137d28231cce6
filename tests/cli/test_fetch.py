"""``arkit fetch``: a whole set in a file of each kind, or no file and the reason."""

import csv
import datetime as dt
import json
import re
import signal
import stat
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from command import Company, Run, arkit, assert_fails, ended, start, until

from arkit import connect
from arkit.sandbox import Sandbox

from .conftest import Odd

NOUNS = ("customers", "contacts", "invoices", "reminders")
IST = dt.timezone(dt.timedelta(hours=5, minutes=30))
Table = list[dict[str, Any]]


def fetched(noun: str) -> pd.DataFrame:
    """What the client fetches of the company that the environment names."""
    with connect() as client:
        frame = getattr(client, noun).fetch()
        assert isinstance(frame, pd.DataFrame)
        return frame


def values(frame: pd.DataFrame) -> Table:
    """Plain values; a file has one way to be empty, so an empty text counts as missing."""
    columns = {
        name: [
            None
            if pd.isna(value) or value == ""
            else value.to_pydatetime()
            if isinstance(value, pd.Timestamp)
            else value
            for value in frame[name].astype(object)
        ]
        for name in frame
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def of_csv(path: Path, like: pd.DataFrame) -> Table:
    def value(name: str, text: str) -> Any:
        dtype = str(like[name].dtype)
        if not text:
            return None
        if dtype.startswith("datetime64"):
            return dt.datetime.fromisoformat(text)
        if dtype.startswith("date32"):
            return dt.date.fromisoformat(text)
        if dtype.startswith("decimal128"):
            return Decimal(text)
        return {"boolean": lambda: text == "true", "Int32": lambda: int(text)}.get(dtype, lambda: text)()

    with path.open(newline="", encoding="utf-8") as file:
        return [{name: value(name, text) for name, text in row.items()} for row in csv.DictReader(file)]


def of_workbook(path: Path, like: pd.DataFrame) -> Table:
    def value(name: str, cell: Any) -> Any:
        dtype = str(like[name].dtype)
        if isinstance(cell, dt.datetime):
            return cell.replace(tzinfo=IST) if dtype.startswith("datetime64") else cell.date()
        is_money = dtype.startswith("decimal128") and cell is not None
        return round(Decimal(cell), 2) if is_money else cell or (None if cell == "" else cell)

    book = openpyxl.load_workbook(path)
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    book.close()
    named = [dict(zip(map(str, header), row, strict=True)) for row in rows]
    return [{name: value(name, cell) for name, cell in row.items()} for row in named]


def of_parquet(path: Path, like: pd.DataFrame) -> Table:
    rows = pq.read_table(path).to_pylist()
    return [{name: None if value == "" else value for name, value in row.items()} for row in rows]


READERS = {".csv": of_csv, ".xlsx": of_workbook, ".parquet": of_parquet}


@pytest.mark.parametrize("suffix", READERS)
@pytest.mark.parametrize("noun", NOUNS)
def test_the_file_holds_what_the_client_fetches(
    run: Run, company: Company, tmp_path: Path, noun: str, suffix: str
) -> None:
    out = tmp_path / f"{noun}{suffix}"
    told = run("fetch", noun, "--out", out)
    frame = fetched(noun)
    assert len(frame) > 0
    assert READERS[suffix](out, frame) == values(frame)
    assert (told.code, told.err) == (0, "")
    assert told.out == f"{len(frame)} {noun} from {company.sandbox.url} in {out}\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"company.db", out.name}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_program_is_told_what_was_written(run: Run, company: Company, tmp_path: Path, noun: str) -> None:
    out = tmp_path / "a.csv"
    told = run("fetch", noun, "--out", out, "--json")
    frame = fetched(noun)
    assert (told.code, told.err) == (0, "")
    assert told.document == {
        "schema": "arkit.fetch/1",
        "source": company.sandbox.url,
        "noun": noun,
        "rows": len(frame),
        "columns": list(frame),
        "file": str(out),
    }


@pytest.mark.parametrize(("name", "code"), [("a.xls", 2), ("a", 2), ("nowhere/a.csv", 8), ("folder.csv", 8)])
def test_a_file_that_could_not_be_written_is_told_before_anything_is_sent(
    run: Run, company: Company, tmp_path: Path, name: str, code: int
) -> None:
    (tmp_path / "folder.csv").mkdir()
    told = run("fetch", "customers", "--out", tmp_path / name)
    assert_fails(told, code, says=Path(name).name)
    assert told.out == ""
    assert company.requests() == []


def test_money_is_in_the_file_as_exact_text(run: Run, company: Company, tmp_path: Path) -> None:
    out = tmp_path / "invoices.csv"
    assert run("fetch", "invoices", "--out", out).code == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    amounts = [row[name] for row in rows for name in ("base_amount", "cgst", "net_amount", "balance_amount")]
    assert not [amount for amount in amounts if not re.fullmatch(r"-?\d+\.\d\d", amount)]
    for row in rows:
        parts = [Decimal(row[name] or 0) for name in ("base_amount", "cgst", "sgst", "igst")]
        assert sum(parts) - Decimal(row["tds"] or 0) in (Decimal(row["net_amount"]), sum(parts))


def test_a_fetch_can_be_narrowed(run: Run, company: Company, tmp_path: Path) -> None:
    out = tmp_path / "invoices.csv"
    days = ("--due-from", "2026-04-01", "--due-to", "2026-06-30")
    assert run("fetch", "invoices", "--out", out, *days, "--status", "PAID").code == 0
    frame = pd.read_csv(out, dtype=str)
    assert 0 < len(frame) < 60
    assert frame["due_date"].between("2026-04-01", "2026-06-30").all()
    assert set(frame["receivable_status"]) == {"PAID"}


def test_a_fetch_that_breaks_off_half_way_leaves_the_file_as_it_was(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "files" / "customers.csv"
    out.parent.mkdir()
    with Sandbox(tmp_path / "large.db", customers=5_020, invoices=0) as sandbox:
        company = Company(sandbox)
        for name, value in company.environment.items():
            monkeypatch.setenv(name, value)
        for old in (None, "what was there before"):
            if old:
                out.write_text(old)
            company.fault("searchCustomer", after=1, status=500)
            told = run("fetch", "customers", "--out", out)
            assert_fails(told, 9, says="500")
            assert told.out == ""
            assert [path.read_text() for path in out.parent.iterdir()] == [old] * bool(old)
        assert company.requests().count("searchCustomer") == 4
        assert run("fetch", "customers", "--out", out).code == 0
    assert len(pd.read_csv(out, dtype=str)) == 5_020


@pytest.mark.parametrize("name", ["folder.csv", "file/customers.csv", "nowhere/customers.csv"])
def test_a_fetch_that_cannot_write_leaves_no_part_behind(
    run: Run, company: Company, tmp_path: Path, name: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("kept")
    assert_fails(run("fetch", "customers", "--out", tmp_path / name), 8, says="cannot be written")
    assert {path.name for path in tmp_path.rglob("*")} == {"company.db", "folder.csv", "file"}


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (b"<html>Please log in</html>", "text/html", "text/html"),
        (b"{", "application/json", "not well-formed JSON"),
        (
            b'{"payload": {"customers": [{"customerId": "KC1"}], "totalCount": 2}}',
            "application/json",
            "counts 2",
        ),
    ],
)
def test_a_server_that_breaks_its_contract_ends_with_9_and_without_a_file(
    run: Run,
    company: Company,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes,
    kind: str,
    says: str,
) -> None:
    odd = Odd(answer, kind)
    monkeypatch.setenv("ARKIT_BASE_URL", odd.url)
    told = run("fetch", "customers", "--out", tmp_path / "customers.csv")
    odd.close()
    assert_fails(told, 9, says=says)
    assert told.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["company.db"]


@pytest.mark.parametrize("suffix", READERS)
def test_a_set_that_nothing_proves_whole_ends_with_9_and_leaves_the_old_file(
    company: Company, tmp_path: Path, suffix: str
) -> None:
    """A server that names no total and gives the same page whatever the offset may have more."""
    out = tmp_path / f"a{suffix}"
    out.write_text("old")
    odd = Odd(b'{"payload": [{"customerId": "KC1"}]}')
    told = arkit("fetch", "customers", "--out", out, ARKIT_BASE_URL=odd.url)
    odd.close()
    assert_fails(told, 9, says="there may be more")
    assert told.err.endswith("No file was written.\n")
    assert told.out == ""
    assert out.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"company.db", out.name}


@pytest.mark.parametrize(
    ("noun", "operation"), [("contacts", "getCustomerContactDetails"), ("reminders", "getCustomerReminders")]
)
def test_an_operation_that_is_deduced_is_doubted_in_one_line(
    company: Company, tmp_path: Path, noun: str, operation: str
) -> None:
    """Of customers that come without what they hold it is asked for, one customer at a time."""
    customers = {"customers": [{"customerId": f"KC{number}"} for number in range(3)], "totalCount": 3}
    odd = Odd(json.dumps({"payload": customers}).encode(), details=b'{"payload": [{"name": "Asha"}]}')
    told = arkit("fetch", noun, "--out", tmp_path / "a.csv", "--json", ARKIT_BASE_URL=odd.url)
    odd.close()
    assert (told.code, told.document["rows"]) == (0, 3)
    (line,) = told.err.splitlines()
    assert line.startswith(f"arkit: {operation}: GET /api/v0/")
    assert "deduced and not documented" in line


def test_a_set_without_rows_is_a_file_of_its_columns(run: Run, company: Company, tmp_path: Path) -> None:
    for suffix, read in READERS.items():
        out = tmp_path / f"a{suffix}"
        told = run("fetch", "customers", "--out", out, "--status", "NOSUCH", "--json")
        assert (told.code, told.document["rows"]) == (0, 0)
        assert read(out, fetched("customers").head(0)) == []


def test_who_interrupts_a_long_fetch_need_not_wait_and_finds_the_old_file(
    tmp_path: Path,
) -> None:
    """The third page is on its way while the second is read, and hangs."""
    out = tmp_path / "customers.csv"
    out.write_text("old")
    with Sandbox(tmp_path / "large.db", customers=10_020, invoices=0) as sandbox:
        company = Company(sandbox)
        company.fault("searchCustomer", after=2, delay_s=30)
        fetching = start("fetch", "customers", "--out", out, **company.environment)
        until(lambda: company.requests().count("searchCustomer") == 3)
        fetching.send_signal(signal.SIGINT)
        began_at = time.monotonic()
        told = ended(fetching)
        assert time.monotonic() - began_at < 10
    assert (told.code, told.out, told.err.strip()) == (130, "", "arkit: interrupted.")
    assert out.read_text() == "old"
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]
