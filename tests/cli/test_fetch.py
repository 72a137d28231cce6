"""``arkit fetch``: a whole set in a file of each kind, or no file and the reason."""

import csv
import re
import stat
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from command import Company, Run, assert_fails

from arkit.sandbox import Sandbox

from .conftest import Odd


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_fetch_writes_the_whole_set_for_its_owner_only(
    run: Run, company: Company, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / f"invoices.{kind}"
    told = run("fetch", "invoices", "--out", out, "--json")
    assert told.code == 0
    assert list(told.document) == ["schema", "source", "noun", "rows", "columns", "file"]
    assert told.document["schema"] == "arkit.fetch/1"
    assert (told.document["noun"], told.document["rows"], told.document["file"]) == ("invoices", 60, str(out))
    frame = pd.read_parquet(out) if kind == "parquet" else pd.read_csv(out, dtype=str)
    assert (len(frame), list(frame)) == (60, told.document["columns"])
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"company.db", out.name}


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
        (b'{"payload": [{"customerId": "KC1"}]}', "application/json", "there may be more"),
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
