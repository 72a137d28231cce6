"""``arkit check``: every problem of a bulk file, and nothing sent."""

import re
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from command import Company, Run, assert_fails, write_bulk

from .conftest import KIND


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


UNSURE = "Customer ID;PINCODE;Address\n{key};560001;12 MG Road\n"


def test_what_a_file_does_not_say_is_said_on_the_command_line(
    run: Run, ids: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "unsure.csv"
    path.write_text(UNSURE.format(key=ids[0]))
    told = run("check", path, *KIND, "--json")
    assert [problem["rule"] for problem in told.document["problems"]] == ["separator"]
    assert "--separator ';'" in told.document["problems"][0]["message"]
    told = run("check", path, *KIND, "--separator", ";", "--json")
    assert (told.code, [found["rule"] for found in told.document["problems"]]) == (
        3,
        ["header_proposed", "header_mapped", "header_mapped"],
    )
    told = run("check", path, *KIND, "--separator", ";", "--map", "Customer ID=customerId", "--json")
    assert (told.code, told.document["accepted"]) == (0, 1)
    assert told.document["columns"] == {
        "customerId": "Customer ID",
        "pinCode": "PINCODE",
        "address": "Address",
    }
    # Said once, it is known for the next file with this header.
    path.write_text(UNSURE.format(key=ids[1]))
    assert run("check", path, *KIND, "--separator", ";").code == 0


def test_proposals_are_taken_by_rule_and_shown(run: Run, ids: list[str], tmp_path: Path) -> None:
    path = tmp_path / "damaged.csv"
    path.write_text(f"customerId,ifsc,contactNumber\n{ids[0]},HDFCO001234,09822012345\n")
    told = run("check", path, *KIND)
    assert_fails(told, 3, says="2 errors")
    assert "--accept letter_o (1)" in told.out
    assert "1 repairable" in told.out
    told = run("check", path, *KIND, "--accept", "letter_o", "--accept", "phone_prefix", "--json")
    assert (told.code, told.document["accepted"]) == (0, 1)
    assert [(found["rule"], found["value"], found["repair"]) for found in told.document["problems"]] == [
        ("repaired", "HDFCO001234", "HDFC0001234"),
        ("repaired", "09822012345", "9822012345"),
    ]
    planned = run("plan", path, *KIND, "--accept", "letter_o", "--accept", "phone_prefix", "--json")
    assert {change["after"] for change in planned.document["changes"]} == {"HDFC0001234", "9822012345"}
    assert_fails(run("check", path, *KIND, "--accept", "no_such_rule"), 2, says="no rule")


def test_the_file_comes_back_with_its_bad_cells_marked(run: Run, bad: Path, tmp_path: Path) -> None:
    out = tmp_path / "marked.xlsx"
    told = run("check", bad, *KIND, "--annotated", out)
    assert_fails(told, 3, says="Nothing was sent")
    assert str(out) in told.out
    sheet = openpyxl.load_workbook(out).worksheets[0]
    marked = {cell.row for row in sheet.iter_rows() for cell in row if cell.comment}
    assert marked == {2, 3, 4, 5, 6}
    assert_fails(run("check", bad, *KIND, "--annotated", tmp_path / "marked.csv"), 2, says=".xlsx")


def test_rows_and_total_other_than_they_are_said_to_be_refuse_the_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "invoices.csv"
    path.write_text(
        "customerId,baseAmount,dueDate,invoiceNumber\n"
        "KC00000000000001,0.10,2026-04-30,A/1\nKC00000000000001,0.20,2026-04-30,A/2\n"
    )
    options = ("--kind", "invoice-create", "--json")
    path_known = tmp_path / "known.csv"
    path_known.write_text("customer_id\nKC00000000000001\n")
    known = ("--known", path_known)
    assert run("check", path, *options, *known, "--expect-rows", "2", "--expect-total", "0.3").code == 0
    wrong = run("check", path, *options, *known, "--expect-rows", "3", "--expect-total", "0.31")
    assert [found["rule"] for found in wrong.document["problems"]] == ["expected_rows", "expected_total"]
    assert (wrong.code, wrong.document["accepted"]) == (3, 0)


def test_new_records_are_checked_and_not_planned(run: Run, company: Company, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("uniqueRefNo,legalName,name,mobile\nREF-1,Sai Traders,Meera,9822012345\n")
    told = run("check", path, "--kind", "customer-create", "--json")
    assert (told.code, told.document["accepted"]) == (0, 1)
    assert_fails(run("plan", path, "--kind", "customer-create"), 2, says="Nothing was sent")
    assert company.writes() == []
