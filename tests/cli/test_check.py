"""``arkit check``: every problem of a bulk file, and nothing sent."""

import re
import subprocess
import sys
from pathlib import Path

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
