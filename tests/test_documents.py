"""The JSON documents have the members that programs were promised, of kinds that JSON knows."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from arkit import documents
from arkit.corrections.checks import check
from arkit.corrections.journal import Row, Stored
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import Plan
from arkit.corrections.states import State
from arkit.doctor import Finding

CHECK = [
    "schema",
    "file",
    "sha256",
    "kind",
    "rows",
    "accepted",
    "problems",
    "counts",
    "columns",
    "blank",
    "blank_rows",
]
PROBLEM = ["source_row", "column", "value", "rule", "severity", "message", "repair"]
ROW = ["source_row", "key", "state", "reason", "before", "target"]

ROWS = [
    Row(2, "KC00000000000001", {"address": "Old", "ifsc": None}, {"address": "New", "ifsc": "HDFC0000001"}),
    Row(4, "KC00000000000002", {"branchCodes": "DEL01"}, {"branchCodes": None}, State.FAILED, "", "Refused."),
    Row(5, "KC00000000000003", {"state": "Goa"}, {"state": "Goa"}, State.SKIPPED_NOOP, "", "So already."),
]


def as_read(document: dict[str, Any]) -> dict[str, Any]:
    """The document as the program at the other end has it."""
    read = json.loads(json.dumps(document, allow_nan=False))
    assert isinstance(read, dict)
    return read


def stored(plan_id: str) -> Stored:
    return Stored(
        plan_id, "customer-update", "account", "https://x", "a.csv", "0", "1", "2026-09-30T10:00:00+05:30"
    )


def test_a_check_names_every_problem_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text("customerId,remarks,pinCode \nKC00000000000001,,011001\nKC00000000000002,,560001\n")
    document = as_read(documents.of_check(check(path), path))
    assert list(document) == CHECK
    assert document["schema"] == "arkit.check/1"
    assert document["file"] == str(path)
    assert len(document["sha256"]) == 64
    assert (document["kind"], document["rows"], document["accepted"]) == ("customer-update", 2, 0)
    assert [list(problem) for problem in document["problems"]] == [PROBLEM] * 2
    assert document["counts"] == {"column_unknown": 1, "pin_code": 1}
    in_header, in_cell = document["problems"]
    assert (in_header["source_row"], in_header["column"], in_header["severity"]) == (1, "remarks", "error")
    assert (in_header["rule"], in_header["value"]) == ("column_unknown", "remarks")
    assert (in_cell["source_row"], in_cell["column"], in_cell["value"]) == (2, "pinCode ", "011001")


def test_a_check_without_problems_has_empty_lists(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text("customerId,pinCode\nKC00000000000001,560001\n")
    document = as_read(documents.of_check(check(path), path))
    assert (document["rows"], document["accepted"]) == (1, 1)
    assert (document["problems"], document["counts"]) == ([], {})
    assert (document["columns"], document["blank"]) == (
        {"customerId": "customerId", "pinCode": "pinCode"},
        {},
    )


def test_a_check_tells_how_each_column_is_read_and_which_cells_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    path.write_text("customerId,PIN,address\nKC00000000000001,560001,\nKC00000000000002,,New Road\n")
    document = as_read(documents.of_check(check(path), path))
    assert document["columns"] == {"customerId": "customerId", "pinCode": "PIN", "address": "address"}
    assert document["blank"] == {"pinCode": 1, "address": 1}


def test_a_file_that_is_no_table_has_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('customerId,address\nKC00000000000001,"open')
    document = as_read(documents.of_check(check(path), path))
    assert list(document) == CHECK
    assert (document["rows"], document["accepted"], document["counts"]) == (0, 0, {"csv": 1})
    assert len(document["sha256"]) == 64
    (problem,) = document["problems"]
    assert list(problem) == PROBLEM
    assert (problem["source_row"], problem["rule"], problem["severity"]) == (2, "csv", "error")


def test_a_plan_lists_each_field_that_changes_and_null_for_an_empty_one() -> None:
    nobody = cast("Any", None)
    plan = Plan("f" * 64, "customer-update", "https://x", "a.csv", ROWS, nobody, nobody, Path())
    document = as_read(documents.of_plan(plan))
    assert list(document) == ["schema", "plan_id", "kind", "rows", "skipped_noop", "changes", "totals"]
    assert document["schema"] == "arkit.plan/1"
    assert (document["plan_id"], document["kind"]) == ("f" * 64, "customer-update")
    assert (document["rows"], document["skipped_noop"]) == (3, 1)
    first, second, third = document["changes"]
    place = {"source_row": 2, "key": "KC00000000000001"}
    assert first == {**place, "field": "address", "before": "Old", "after": "New"}
    assert second == {**place, "field": "ifsc", "before": None, "after": "HDFC0000001"}
    assert (third["before"], third["after"]) == ("DEL01", None)
    assert document["totals"]["customers"] == 2
    assert document["totals"]["fields"] == 3


def test_a_plan_that_changes_nothing_has_no_changes() -> None:
    nobody = cast("Any", None)
    plan = Plan("f" * 64, "customer-update", "https://x", "a.csv", ROWS[2:], nobody, nobody, Path())
    document = as_read(documents.of_plan(plan))
    assert (document["changes"], document["rows"], document["skipped_noop"]) == ([], 1, 1)


def test_an_outcome_shows_each_row_with_its_state_in_lower_case() -> None:
    document = as_read(documents.of_outcome(Outcome("f" * 64, ROWS)))
    assert list(document) == ["schema", "plan_id", "counts", "rows"]
    assert (document["schema"], document["plan_id"]) == ("arkit.outcome/1", "f" * 64)
    assert document["counts"] == {"planned": 1, "failed": 1, "skipped_noop": 1}
    assert [list(row) for row in document["rows"]] == [ROW] * 3
    assert document["rows"][1] == {
        "source_row": 4,
        "key": "KC00000000000002",
        "state": "failed",
        "reason": "Refused.",
        "before": {"branchCodes": "DEL01"},
        "target": {"branchCodes": None},
    }


def test_where_nothing_was_to_do_there_is_an_outcome_without_rows() -> None:
    document = as_read(documents.of_outcome(None))
    assert document == {"schema": "arkit.outcome/1", "plan_id": None, "counts": {}, "rows": []}


@pytest.mark.parametrize("number_of_plans", [0, 2])
def test_a_status_has_every_row_of_every_plan_once(number_of_plans: int) -> None:
    plans = [(stored(str(number) * 64), ROWS) for number in range(number_of_plans)]
    document = as_read(documents.of_status(plans))
    assert list(document) == ["schema", "plans"]
    assert document["schema"] == "arkit.status/1"
    assert [plan["plan_id"][0] for plan in document["plans"]] == ["0", "1"][:number_of_plans]
    for plan in document["plans"]:
        assert list(plan) == ["plan_id", "kind", "created_at", "counts", "rows"]
        assert plan["created_at"] == "2026-09-30T10:00:00+05:30"
        assert sum(plan["counts"].values()) == len(plan["rows"]) == 3
        assert [row["source_row"] for row in plan["rows"]] == [2, 4, 5]
        assert plan["rows"][0]["before"] == {"address": "Old", "ifsc": None}
        assert plan["rows"][0]["target"] == {"address": "New", "ifsc": "HDFC0000001"}


def test_what_was_looked_at_stands_in_its_order_with_what_stands_in_the_way() -> None:
    found = [
        Finding("journal", "plans: 2"),
        Finding("profile", "is none", 2),
        Finding("clock", "late", 0, True),
    ]
    assert as_read(documents.of_findings(found)) == {
        "schema": "arkit.doctor/1",
        "findings": [
            {"name": "journal", "detail": "plans: 2", "exit_code": 0, "is_doubtful": False},
            {"name": "profile", "detail": "is none", "exit_code": 2, "is_doubtful": False},
            {"name": "clock", "detail": "late", "exit_code": 0, "is_doubtful": True},
        ],
    }
