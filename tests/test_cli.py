"""The command line: exit codes, documents, and what happens when things go wrong.

Most tests run the command in their own process, which is quick; where a process itself matters (signals,
pipes, locks, a server that goes away) it is one of its own, as a program would start it.
"""

import csv
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command import (
    ARKIT,
    Company,
    Ended,
    Run,
    Served,
    arkit,
    assert_fails,
    ended,
    start,
    until,
    write_bulk,
)

from arkit import cli
from arkit.sandbox import Sandbox

KIND = ("--kind", "customer-update")


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A company of the test's own, selected through the environment."""
    with Sandbox(tmp_path / "company.db", customers=40, invoices=60) as sandbox:
        company = Company(sandbox)
        for name, value in company.environment.items():
            monkeypatch.setenv(name, value)
        yield company


@pytest.fixture
def ids(company: Company, run: Run, tmp_path: Path) -> list[str]:
    """The customer ids of that company."""
    assert run("fetch", "customers", "--out", tmp_path / "known.csv").code == 0
    return pd.read_csv(tmp_path / "known.csv", dtype=str)["customer_id"].tolist()


@pytest.fixture
def planned(run: Run, ids: list[str], tmp_path: Path) -> Callable[..., str]:
    """Plans a new address for so many customers; gives the id of the plan."""

    def planned(rows: int = 3, **fields: str) -> str:
        fields = fields or {"address": "7 New Road"}
        path = write_bulk(tmp_path / "corrections.csv", dict.fromkeys(ids[:rows], fields))
        plan_id = run("plan", path, *KIND, "--json").document["plan_id"]
        assert isinstance(plan_id, str)
        return plan_id

    return planned


def apply(run: Run, plan_id: str, *options: str) -> Ended:
    return run("apply", plan_id, "--confirm", plan_id[-6:], *options)


def rows_of(run: Run, plan_id: str) -> list[dict[str, Any]]:
    """The rows of a plan as the status shows them."""
    (plan,) = [plan for plan in run("status", "--json").document["plans"] if plan["plan_id"] == plan_id]
    rows: list[dict[str, Any]] = plan["rows"]
    assert plan["counts"] == {state: [row["state"] for row in rows].count(state) for state in plan["counts"]}
    assert sum(plan["counts"].values()) == len(rows)
    return rows


def states_of(run: Run, plan_id: str) -> set[str]:
    return {row["state"] for row in rows_of(run, plan_id)}


# Help and usage


@pytest.mark.parametrize("command", [[], *([name] for name in cli.cli.commands)])
def test_every_command_explains_itself(run: Run, command: list[str]) -> None:
    for option in ("--help", "-h"):
        told = run(*command, option)
        assert told.code == 0
        assert told.out.startswith(f"Usage: {' '.join(['arkit', *command])} ")
        assert told.err == ""


@pytest.mark.parametrize("command", sorted(cli.cli.commands))
def test_every_command_can_be_read_by_a_program(run: Run, command: str) -> None:
    assert "--json" in run(command, "--help").out


@pytest.mark.parametrize("command", sorted(cli.cli.commands))
def test_no_secret_can_be_given_where_every_user_of_the_machine_can_read_it(run: Run, command: str) -> None:
    options = re.findall(r"--[a-z-]+", run(command, "--help").out)
    assert not [name for name in options if re.search("password|secret|token|user", name)]


def test_the_version_is_told() -> None:
    told = arkit("--version")
    assert (told.code, told.err) == (0, "")
    assert re.fullmatch(r"arkit \d+\.\d+\.\d+\n", told.out)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["reticulate"], "No such command"),
        (["apply"], "PLAN_ID"),
        (["apply", "a" * 64], "--confirm"),
        (["apply", "a" * 64, "--confirm", "aaaaaa"], "0 plans"),
        (["apply", "abc", "--confirm", "abc"], "at least 6 characters"),
        (["check", "a.csv"], "--kind"),
        (["check", "a.csv", "--kind", "customers"], "customer-update"),
        (["check", "a.csv", *KIND, "--profile", "nowhere"], "no profile 'nowhere'"),
        (["fetch", "reminders", "--out", "a.csv"], "reminders"),
        (["fetch", "customers"], "--out"),
        (["fetch", "customers", "--out", "a.xlsx"], ".csv or .parquet"),
        (["fetch", "customers", "--out", "a.csv", "--due-to", "2026-01-01"], "for invoices"),
        (["fetch", "invoices", "--out", "a.csv", "--due-to", "01/01/2026"], "yyyy-MM-dd"),
        (["sandbox", "--port", "70000"], "70000"),
    ],
)
def test_a_call_that_is_wrong_ends_with_2(
    run: Run, arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run(*arguments)
    assert_fails(told, 2, says=says)
    assert told.out == ""


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"ARKIT_CLIENT_SECRET": "", "ARKIT_PASSWORD": ""}, "missing: client_secret, password"),
        ({"ARKIT_BASE_URL": "http://example.com"}, "https://"),
        ({"ARKIT_QUIESCENCE_S": "soon"}, "ARKIT_QUIESCENCE_S"),
        ({"ARKIT_DEADLINE_S": "-1"}, "ARKIT_DEADLINE_S"),
    ],
)
def test_settings_that_are_wrong_end_with_2_and_name_the_variable(
    run: Run,
    company: Company,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    says: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert_fails(run("fetch", "customers", "--out", tmp_path / "a.csv"), 2, says=says)
    assert company.requests() == []


def test_a_sandbox_s_file_keeps_its_company(run: Run, company: Company, workspace: Path) -> None:
    told = run("sandbox", "--db", company.sandbox.db, "--customers", 41)
    assert_fails(told, 2, says="customers=40")
    assert list(workspace.iterdir()) == []


# Fetch


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


def test_a_workspace_that_cannot_be_made_ends_with_8(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARKIT_WORKSPACE", "/dev/null/workspace")
    assert_fails(run("status"), 8, says="ARKIT_WORKSPACE")


@pytest.mark.parametrize("name", ["folder.csv", "file/customers.csv", "nowhere/customers.csv"])
def test_a_fetch_that_cannot_write_leaves_no_part_behind(
    run: Run, company: Company, tmp_path: Path, name: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("kept")
    assert_fails(run("fetch", "customers", "--out", tmp_path / name), 8, says="cannot be written")
    assert {path.name for path in tmp_path.rglob("*")} == {"company.db", "folder.csv", "file"}


# A server that is none


class Odd:
    """A server on loopback that gives every search the same answer, and tokens to everybody."""

    def __init__(self, answer: bytes, kind: str = "application/json") -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                is_token = self.path.startswith("/oauth/") and kind == "application/json"
                body = (
                    b'{"access_token": "t", "token_type": "bearer", "expires_in": 900}'
                    if is_token
                    else answer
                )
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


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


def test_no_server_ends_with_9_and_the_rows_stay_planned(
    run: Run, company: Company, planned: Callable[..., str]
) -> None:
    plan_id = planned()
    company.sandbox.close()
    told = apply(run, plan_id, "--json")
    assert_fails(told, 9, says="cannot be reached")
    assert told.out == ""
    assert states_of(run, plan_id) == {"planned"}


def test_a_wrong_password_ends_with_7(
    run: Run, company: Company, planned: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_id = planned()
    monkeypatch.setenv("ARKIT_PASSWORD", "not-the-password")
    told = apply(run, plan_id)
    assert_fails(told, 7, says="log-in")
    assert told.out == ""
    assert "not-the-password" not in told.err
    assert company.writes() == []
    assert states_of(run, plan_id) == {"planned"}


# Check


BAD = """customerId,panOrGstin,pinCode,ifsc
{0},27AAPFU0939F1ZO,,
{1},,01101,
{1},,110011,
{2},,,HDFCO000001,surplus
KC0000000000ZZZZ,,110011,
"""


@pytest.fixture
def bad(ids: list[str], tmp_path: Path) -> Path:
    path = tmp_path / "bad.csv"
    path.write_text(BAD.format(*ids))
    return path


def test_a_check_finds_every_problem_in_one_pass_and_ends_with_3(run: Run, bad: Path, tmp_path: Path) -> None:
    told = run("check", bad, *KIND, "--known", tmp_path / "known.csv", "--json")
    assert_fails(told, 3, says="Nothing was sent")
    found = {(problem["source_row"], problem["rule"]) for problem in told.document["problems"]}
    assert found == {
        (2, "gstin_check_digit"),
        (3, "pin_code"),
        (3, "duplicate_conflict"),
        (4, "duplicate_conflict"),
        (5, "field_count"),
        (6, "customer_unknown"),
    }
    (width,) = [problem for problem in told.document["problems"] if problem["source_row"] == 5]
    assert width["message"] == "row 5 has 5 fields, the header 4"
    assert (told.document["rows"], told.document["accepted"]) == (5, 0)
    assert sum(told.document["counts"].values()) == 6


def test_a_check_tells_people_the_same_rows(run: Run, bad: Path, tmp_path: Path) -> None:
    told = run("check", bad, *KIND, "--known", tmp_path / "known.csv")
    assert_fails(told, 3, says="Nothing was sent")
    assert "5 rows" in told.out
    assert "6 errors" in told.out
    for row in (2, 3, 4, 5, 6):
        assert re.search(rf"^  {row} ", told.out, re.MULTILINE)


def test_a_good_file_passes(run: Run, ids: list[str], tmp_path: Path) -> None:
    path = write_bulk(tmp_path / "good.csv", {ids[0]: {"pinCode": "560001"}})
    told = run("check", path, *KIND, "--known", tmp_path / "known.csv", "--json")
    assert (told.code, told.err) == (0, "")
    assert (told.document["accepted"], told.document["problems"]) == (1, [])


def test_a_remark_on_a_good_row_is_no_reason_to_refuse_the_file(
    run: Run, ids: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "good.csv"
    path.write_text(f"customerId,pinCode\n{ids[0]},560001\n{ids[0]},560001\n")
    told = run("check", path, *KIND, "--json")
    assert told.code == 0
    assert [(problem["source_row"], problem["severity"]) for problem in told.document["problems"]] == [
        (3, "warning")
    ]


def test_a_check_asks_the_server_only_if_one_was_chosen_and_nobody_said_which_customers_exist(
    run: Run, company: Company, bad: Path, tmp_path: Path
) -> None:
    before = len(company.requests())
    run("check", bad, *KIND, "--known", tmp_path / "known.csv")
    assert len(company.requests()) == before
    told = run("check", bad, *KIND, "--json")
    assert "customer_unknown" in told.document["counts"]
    assert len(company.requests()) > before


NO_NETWORK = """
import os, sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        os._exit(77)
sys.addaudithook(refuse)
from arkit.cli import main
main()
"""


def test_a_check_alone_opens_no_connection_and_starts_no_sandbox(tmp_path: Path, workspace: Path) -> None:
    path = write_bulk(tmp_path / "good.csv", {"KC00000000000001": {"pinCode": "560001"}})
    told = subprocess.run(
        [sys.executable, "-c", NO_NETWORK, "check", str(path), *KIND],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert "was not checked" in told.stdout
    assert list(workspace.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "PDF"),
        (b'customerId,address\nKC1,"open', "row 2"),
        (b"customerId,address\nKC1,\xff\xfe", "row 2"),
    ],
)
def test_a_file_that_is_no_table_is_refused_as_a_whole(
    run: Run, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    told = run("check", path, *KIND, "--json")
    assert_fails(told, 3, says=says)
    assert len(told.document["problems"]) == 1


def test_a_list_of_known_customers_that_cannot_be_read_is_refused(run: Run, tmp_path: Path) -> None:
    path = write_bulk(tmp_path / "good.csv", {"KC00000000000001": {"pinCode": "560001"}})
    told = run("check", path, *KIND, "--known", tmp_path / "nowhere.csv")
    assert_fails(told, 3, says="nowhere.csv")
    assert told.out == ""


# Plan


def test_a_plan_shows_every_change_and_sends_nothing(
    run: Run, company: Company, ids: list[str], tmp_path: Path
) -> None:
    known = pd.read_csv(tmp_path / "known.csv", dtype=str).set_index("customer_id")
    same = known.loc[ids[1], "pin_code"]
    path = write_bulk(
        tmp_path / "corrections.csv",
        {
            ids[0]: {"pinCode": "560001", "address": "7 New Road"},
            ids[1]: {"pinCode": same},
            ids[2]: {"branchCodes": "<clear>"},
        },
    )
    told = run("plan", path, *KIND, "--json")
    assert (told.code, told.err) == (0, "")
    document = told.document
    assert document["schema"] == "arkit.plan/1"
    assert re.fullmatch("[0-9a-f]{64}", document["plan_id"])
    assert (document["kind"], document["rows"], document["skipped_noop"]) == ("customer-update", 3, 1)
    place = {"source_row": 2, "key": ids[0]}
    assert document["changes"] == [
        {**place, "field": "address", "before": known.loc[ids[0], "address"], "after": "7 New Road"},
        {**place, "field": "pinCode", "before": known.loc[ids[0], "pin_code"], "after": "560001"},
        {
            "source_row": 4,
            "key": ids[2],
            "field": "branchCodes",
            "before": known.loc[ids[2], "branch_codes"],
            "after": None,
        },
    ]
    assert document["totals"]["customers"] == 2
    assert company.writes() == []


def test_the_same_corrections_are_the_same_plan(
    run: Run, planned: Callable[..., str], company: Company
) -> None:
    assert planned() == planned()
    assert planned(address="8 New Road") != planned()
    assert company.writes() == []


def test_a_bad_file_is_not_planned(run: Run, company: Company, bad: Path) -> None:
    told = run("plan", bad, *KIND, "--json")
    assert_fails(told, 3, says="6 errors")
    assert told.out == ""
    for row in (2, 3, 4, 5, 6):
        assert f"\n  row {row}" in told.err
    assert company.writes() == []
    assert run("status", "--json").document["plans"] == []


def test_a_refusal_of_very_many_rows_is_short_and_shows_no_data(
    run: Run, ids: list[str], tmp_path: Path
) -> None:
    rows = {key: {"panOrGstin": "27AAPFU0939F1ZO", "accountNumber": "12345", "ifsc": "BAD"} for key in ids}
    told = run("plan", write_bulk(tmp_path / "bad.csv", rows), *KIND)
    assert_fails(told, 3, says="120 errors")
    assert "arkit check" in told.err
    assert not [value for value in ("27AAPFU0939F1ZO", "12345") if value in told.err]


def test_a_file_that_lies_very_deep_makes_no_long_complaint(
    run: Run, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path(*["a folder within a folder " * 8] * 10)
    folder.mkdir(parents=True)
    path = write_bulk(folder / "bad.csv", {ids[0]: {"pinCode": "1"}})
    assert_fails(run("plan", path, *KIND), 3, says="row 2, pinCode")


def test_a_missing_header_puts_nobody_s_data_on_the_screen(run: Run, ids: list[str], tmp_path: Path) -> None:
    path = tmp_path / "headless.csv"
    path.write_text(f"{ids[0]},27AAPFU0939F1ZV,9876543210\n{ids[1]},27AAPFU0939F1ZV,9876543211\n")
    told = run("plan", path, *KIND)
    assert_fails(told, 3, says="no column customerId")
    assert not [value for value in ("27AAPFU0939F1ZV", "9876543210", ids[0]) if value in told.err]


# Apply and status


def test_a_plan_of_one_process_is_applied_by_another_and_proved(
    company: Company, run: Run, planned: Callable[..., str], ids: list[str], tmp_path: Path
) -> None:
    plan_id = planned(12)
    told = arkit("apply", plan_id, "--confirm", plan_id[-6:], "--json")
    assert (told.code, told.err) == (0, "")
    assert list(told.document) == ["schema", "plan_id", "counts", "rows"]
    assert told.document["schema"] == "arkit.outcome/1"
    assert (told.document["plan_id"], told.document["counts"]) == (plan_id, {"verified": 12})
    assert rows_of(run, plan_id) == told.document["rows"]
    after = tmp_path / "after.csv"
    run("fetch", "customers", "--out", after)
    addresses = pd.read_csv(after, dtype=str).set_index("customer_id")["address"]
    assert set(addresses[ids[:12]]) == {"7 New Road"}
    assert "7 New Road" not in set(addresses[ids[12:]])


def test_applying_again_sends_nothing_says_so_and_ends_with_0(
    run: Run, company: Company, planned: Callable[..., str]
) -> None:
    plan_id = planned()
    assert apply(run, plan_id).code == 0
    writes = company.writes()
    assert writes == ["bulkUpdate"]
    told = apply(run, plan_id)
    assert told.code == 0
    assert "nothing was sent" in told.out
    told = apply(run, plan_id, "--json")
    assert told.document["counts"] == {"verified": 3}
    assert "nothing was sent" in told.err
    assert company.writes() == writes


def test_a_plan_that_changes_nothing_ends_with_0_and_sends_nothing(
    run: Run, company: Company, ids: list[str], tmp_path: Path
) -> None:
    known = pd.read_csv(tmp_path / "known.csv", dtype=str).set_index("customer_id")["address"]
    path = write_bulk(tmp_path / "same.csv", {key: {"address": known[key]} for key in ids[:3]})
    plan_id = run("plan", path, *KIND, "--json").document["plan_id"]
    told = apply(run, plan_id, "--json")
    assert (told.code, told.document["counts"]) == (0, {"skipped_noop": 3})
    assert company.writes() == []


def test_a_plan_is_not_applied_without_its_last_six_characters(
    run: Run, company: Company, planned: Callable[..., str]
) -> None:
    plan_id = planned()
    told = run("apply", plan_id, "--confirm", "000000")
    assert_fails(told, 2, says="confirmation")
    assert told.out == ""
    assert company.writes() == []
    assert states_of(run, plan_id) == {"planned"}


def test_a_plan_is_applied_only_where_it_was_made(
    run: Run, company: Company, planned: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_id = planned()
    monkeypatch.setenv("ARKIT_COMPANY_ID", "CEKOTHER01")
    assert_fails(apply(run, plan_id), 2, says="another server or company")
    assert company.writes() == []


def test_the_status_has_every_row_of_every_plan_once_with_both_values(
    run: Run, company: Company, planned: Callable[..., str], ids: list[str], tmp_path: Path
) -> None:
    known = pd.read_csv(tmp_path / "known.csv", dtype=str).set_index("customer_id")["address"]
    first, second = planned(3), planned(2, pinCode="560001")
    apply(run, second)
    told = run("status", "--json")
    assert (told.code, told.err) == (0, "")
    assert told.document["schema"] == "arkit.status/1"
    assert sorted(plan["plan_id"] for plan in told.document["plans"]) == sorted([first, second])
    assert rows_of(run, first) == [
        {
            "source_row": number,
            "key": key,
            "state": "planned",
            "reason": "",
            "before": {"address": known[key]},
            "target": {"address": "7 New Road"},
        }
        for number, key in enumerate(ids[:3], 2)
    ]
    assert [row["state"] for row in rows_of(run, second)] == ["verified"] * 2
    text = run("status")
    assert "3 planned" in text.out
    assert "2 verified" in text.out


def test_without_plans_the_status_is_empty(run: Run) -> None:
    assert run("status", "--json").document == {"schema": "arkit.status/1", "plans": []}
    assert "no plans yet" in run("status").out


def test_without_anything_begun_there_is_nothing_to_resume(
    run: Run, company: Company, planned: Callable[..., str]
) -> None:
    planned()
    document = run("resume", "--json").document
    assert document == {"schema": "arkit.outcome/1", "plan_id": None, "counts": {}, "rows": []}
    assert "nothing was sent" in run("resume").out
    assert company.writes() == []


@pytest.mark.parametrize("as_json", [True, False])
def test_rows_that_the_server_refuses_end_with_4_and_keep_their_values(
    run: Run, company: Company, planned: Callable[..., str], as_json: bool
) -> None:
    plan_id = planned()
    company.fault("bulkUpdate", status=422, error_type="INVALID_REQUEST")
    told = apply(run, plan_id, *["--json"] * as_json)
    assert_fails(told, 4, says="kept their old values")
    assert "422" in rows_of(run, plan_id)[0]["reason"]
    assert states_of(run, plan_id) == {"failed"}
    if as_json:
        assert told.document["counts"] == {"failed": 3}
    else:
        assert "3 failed" in told.out
        assert "row 2  failed" in told.out


@pytest.mark.parametrize("as_json", [True, False])
def test_a_server_that_says_done_and_does_nothing_ends_with_6(
    run: Run, company: Company, planned: Callable[..., str], as_json: bool
) -> None:
    plan_id = planned()
    company.fault("bulkUpdate", lying_counts=True, applies="none")
    told = apply(run, plan_id, *["--json"] * as_json)
    assert_fails(told, 6, says="conflict")
    assert states_of(run, plan_id) == {"conflict"}
    assert company.writes() == ["bulkUpdate"]


def test_what_somebody_else_changed_meanwhile_is_left_alone_and_ends_with_6(
    run: Run, company: Company, planned: Callable[..., str]
) -> None:
    plan_id = planned(2)
    other = planned(1, address="9 Other Road")
    assert apply(run, other).code == 0
    told = apply(run, plan_id, "--json")
    assert_fails(told, 6)
    assert [row["state"] for row in rows_of(run, plan_id)] == ["stale", "verified"]


def test_a_lost_answer_is_found_out_about_and_nothing_is_sent_twice(
    run: Run, company: Company, planned: Callable[..., str]
) -> None:
    plan_id = planned()
    company.fault("bulkUpdate", answer="lost")
    assert apply(run, plan_id).code == 0
    assert company.writes() == ["bulkUpdate"]


def test_an_upload_that_never_arrived_is_sent_again_and_ends_with_0(
    run: Run, company: Company, planned: Callable[..., str]
) -> None:
    plan_id = planned()
    company.fault("bulkUpdate", answer="lost", applies="none")
    assert apply(run, plan_id).code == 0
    assert company.writes() == ["bulkUpdate"] * 2


@pytest.mark.parametrize(
    "content", [b"this is no journal, and long enough to be looked at" * 40, b"\0" * 4096]
)
@pytest.mark.parametrize("command", ["plan", "apply", "resume", "status"])
def test_a_journal_that_cannot_be_read_ends_with_8_and_stays_as_it_is(
    run: Run,
    company: Company,
    planned: Callable[..., str],
    workspace: Path,
    tmp_path: Path,
    command: str,
    content: bytes,
) -> None:
    plan_id = planned()
    (workspace / "journal.db").write_bytes(content)
    arguments = {
        "plan": [tmp_path / "corrections.csv", *KIND],
        "apply": [plan_id, "--confirm", plan_id[-6:]],
    }
    told = run(command, *arguments.get(command, []))
    assert_fails(told, 8, says="journal.db")
    assert told.out == ""
    assert company.writes() == []
    assert (workspace / "journal.db").read_bytes() == content


# Processes, signals and pipes


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["--json"], []])
def test_an_output_that_cannot_be_written_ends_with_8(
    run: Run, planned: Callable[..., str], arguments: list[str]
) -> None:
    plan_id = planned()
    command = [ARKIT, "apply", plan_id, "--confirm", plan_id[-6:], *arguments]
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert told.returncode == 8, told.stderr
    assert "output cannot be written" in told.stderr
    assert states_of(run, plan_id) == {"verified"}


def test_a_server_that_dies_with_the_upload_leaves_rows_in_doubt_and_resume_settles_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(served: Served) -> None:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)

    with Served(tmp_path / "served.db") as served:
        choose(served)
        assert run("fetch", "customers", "--out", tmp_path / "known.csv").code == 0
        ids = pd.read_csv(tmp_path / "known.csv", dtype=str)["customer_id"].tolist()
        path = write_bulk(tmp_path / "corrections.csv", {key: {"address": "7 New Road"} for key in ids[:12]})
        plan_id = run("plan", path, *KIND, "--json").document["plan_id"]
        served.fault("bulkUpdate", delay_s=30)
        applying = start("apply", plan_id, "--confirm", plan_id[-6:], "--json")
        until(lambda: served.changed() == 10)
        served.close()
        told = ended(applying)
    assert_fails(told, 5, says="arkit resume")
    assert told.document["counts"] == {"planned": 2, "in_doubt": 10}
    assert [row["source_row"] for row in rows_of(run, plan_id)] == list(range(2, 14))
    assert_fails(run("resume"), 5)
    with Served(tmp_path / "served.db") as served:
        choose(served)
        told = run("resume", "--json")
        assert (told.code, told.document["counts"]) == (0, {"verified": 12})
        assert served.writes() == ["bulkUpdate"] * 2


def test_a_second_process_sends_nothing_while_one_works(
    company: Company, run: Run, planned: Callable[..., str]
) -> None:
    plan_id = planned()
    company.fault("bulkUpdate", delay_s=4)
    first = start("apply", plan_id, "--confirm", plan_id[-6:], "--json")
    until(lambda: company.writes() == ["bulkUpdate"])
    for command in (["apply", plan_id, "--confirm", plan_id[-6:]], ["resume"]):
        told = run(*command, "--json")
        assert_fails(told, 8, says="another process")
        assert told.out == ""
    assert states_of(run, plan_id) == {"sent"}
    assert ended(first).document["counts"] == {"verified": 3}
    assert company.writes() == ["bulkUpdate"]


def test_one_interrupt_stops_after_the_chunk_and_leaves_nothing_in_doubt(
    company: Company, run: Run, planned: Callable[..., str]
) -> None:
    plan_id = planned(20)
    company.fault("bulkUpdate", delay_s=1)
    applying = start("apply", plan_id, "--confirm", plan_id[-6:], "--json")
    until(lambda: company.writes() == ["bulkUpdate"])
    applying.send_signal(signal.SIGINT)
    told = ended(applying)
    assert_fails(told, 5, says="Stopped.")
    assert told.document["counts"] == {"planned": 10, "verified": 10}
    assert apply(run, plan_id, "--json").document["counts"] == {"verified": 20}
    assert company.writes() == ["bulkUpdate"] * 2


def test_a_second_interrupt_breaks_off_and_says_what_is_in_doubt(
    company: Company, run: Run, planned: Callable[..., str]
) -> None:
    plan_id = planned(4)
    company.fault("bulkUpdate", delay_s=20)
    applying = start("apply", plan_id, "--confirm", plan_id[-6:], "--json")
    until(lambda: company.writes() == ["bulkUpdate"])
    assert applying.stderr is not None
    applying.send_signal(signal.SIGINT)
    assert "leaves rows in doubt" in applying.stderr.readline()
    applying.send_signal(signal.SIGINT)
    told = ended(applying)
    assert_fails(told, 5, says="whether 4 rows were done is not known. Run arkit resume")
    assert told.out == ""
    assert states_of(run, plan_id) == {"sent"}
    assert run("resume", "--json").document["counts"] == {"verified": 4}
    assert company.writes() == ["bulkUpdate"]


def test_a_reader_that_has_had_enough_gets_no_complaint(tmp_path: Path) -> None:
    rows = {f"KC{number:014}": {"pinCode": "1"} for number in range(5_000)}
    path = write_bulk(tmp_path / "bad.csv", rows)
    checking = start("check", path, *KIND, "--json")
    assert checking.stdout is not None
    assert checking.stdout.readline() == "{\n"
    checking.stdout.close()
    assert checking.stderr is not None
    told = checking.stderr.read()
    checking.wait(10)
    checking.stderr.close()
    # Whether it heard of it before it was done with its work is a matter of chance.
    assert told == "" or told.startswith("arkit: bad.csv: 5000 errors"), told


def test_a_closed_output_is_no_reason_to_fail() -> None:
    shell = subprocess.run(
        ["/bin/sh", "-c", '"$0" status >&-', ARKIT], capture_output=True, text=True, check=False
    )
    assert (shell.returncode, shell.stderr) == (0, "")


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({"LC_ALL": "C"}, []),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, []),
        ({"PYTHONIOENCODING": "latin-1"}, []),
        ({"PYTHONIOENCODING": "latin-1"}, ["--json"]),
    ],
)
def test_names_in_any_script_pass_through_any_encoding(
    tmp_path: Path, environment: dict[str, str], options: list[str]
) -> None:
    path = write_bulk(tmp_path / "आशा.csv", {"KC00000000000001": {"legalName": " Zoë आशा 😀"}})
    told = arkit("check", path, *KIND, *options, **environment)
    assert_fails(told, 3, says="Nothing was sent")
    if options:
        assert json.loads(told.out)["problems"][0]["value"] == " Zoë आशा 😀"


def test_a_served_sandbox_says_in_its_first_line_how_to_reach_it(tmp_path: Path) -> None:
    with Served(tmp_path / "served.db") as served:
        line = json.loads(served.line)
        assert list(line) == [
            "schema",
            "url",
            "client_id",
            "client_secret",
            "username",
            "password",
            "company_id",
        ]
        assert line["schema"] == "arkit.sandbox/1"
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", line["url"])
        told = arkit("fetch", "customers", "--out", tmp_path / "a.csv", "--json", **served.environment)
        assert told.document["rows"] == 40
        assert told.document["source"] == line["url"]
        gone = served.interrupt(signal.SIGINT)
    assert gone == Ended(0, "", "")


def test_plan_apply_and_fetch_see_one_company_without_any_server_being_named(
    run: Run, tmp_path: Path, workspace: Path
) -> None:
    known = tmp_path / "known.csv"
    assert run("fetch", "customers", "--out", known).code == 0
    key = pd.read_csv(known, dtype=str)["customer_id"][0]
    path = write_bulk(tmp_path / "corrections.csv", {key: {"address": "7 New Road"}})
    plan_id = run("plan", path, *KIND, "--json").document["plan_id"]
    assert apply(run, plan_id).code == 0
    assert run("fetch", "customers", "--out", known).code == 0
    assert pd.read_csv(known, dtype=str).set_index("customer_id")["address"][key] == "7 New Road"
    assert (workspace / "sandbox.db").exists()


def test_what_nobody_thought_of_is_one_line_and_a_log_for_its_owner(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that a later version adds, and that is broken."""

    def broken() -> None:
        raise RuntimeError("27AAPFU0939F1ZV")

    monkeypatch.setitem(cli.cli.commands, "broken", cli.cli.command("broken")(broken))
    told = run("broken")
    assert (told.code, told.out) == (1, "")
    assert told.err == (
        "arkit: unexpected RuntimeError. Please report it; details are in errors.log of the workspace.\n"
    )
    log = workspace / "errors.log"
    assert "in broken" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_no_command_leaves_the_process_with_another_answer_to_an_interrupt(
    run: Run, company: Company, planned: Callable[..., str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    apply(run, planned())
    assert signal.getsignal(signal.SIGINT) is before
    assert os.environ["ARKIT_BASE_URL"] == company.sandbox.url
