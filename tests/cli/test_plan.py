"""``arkit plan``: what would change, and nothing sent."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from command import Company, Run, assert_fails, write_bulk

from .conftest import KIND


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
