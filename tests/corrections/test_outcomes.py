"""The outcome as people and programs read it, and the rows that come back to be mended."""

import csv
import stat
from pathlib import Path

import pandas as pd
import pytest

from arkit.corrections import checks, outcomes
from arkit.corrections.outcomes import Outcome
from arkit.corrections.states import State
from arkit.errors import DiskError

from .conftest import Office, row, states


def outcome(*found: State) -> Outcome:
    return Outcome("a" * 64, [row(number, state=state) for number, state in enumerate(found, 2)])


ALL = list(State)


def test_every_row_is_counted_once() -> None:
    counts = outcome(*ALL, State.VERIFIED).counts
    assert sum(counts.values()) == len(ALL) + 1
    assert counts["verified"] == 2
    assert outcome().counts == {}


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], 0),
        ([State.VERIFIED, State.SKIPPED_NOOP], 0),
        ([State.VERIFIED, State.FAILED], 4),
        ([State.VERIFIED, State.PLANNED], 5),
        ([State.FAILED, State.IN_DOUBT, State.CONFLICT], 5),
        ([State.VERIFIED, State.SENT], 5),
        ([State.VERIFIED, State.ACKNOWLEDGED], 5),
        ([State.VERIFIED, State.FAILED, State.STALE], 6),
        ([State.VERIFIED, State.CONFLICT], 6),
    ],
)
def test_the_exit_code_says_what_needs_doing_first(found: list[State], code: int) -> None:
    assert outcome(*found).exit_code == code


def test_rows_are_a_frame_in_the_order_of_the_file_that_is_complete_when_empty() -> None:
    rows = outcome(State.VERIFIED, State.FAILED).rows
    assert list(rows.columns) == outcomes.ROW_COLUMNS
    assert list(rows["source_row"]) == [2, 3]
    assert list(rows["state"]) == ["verified", "failed"]
    assert rows["before"].tolist() == [{"address": "Old"}] * 2
    assert list(outcome().rows.columns) == outcomes.ROW_COLUMNS
    assert outcome().rows["source_row"].dtype == "int64"


def test_only_rows_that_were_not_done_come_back(tmp_path: Path) -> None:
    path = tmp_path / "failed.csv"
    assert outcome(*ALL).failed_rows_file(path) == 3
    found = pd.read_csv(path, dtype=str, keep_default_na=False)
    undone = [n for n, state in enumerate(ALL, 2) if state in ("failed", "conflict", "stale")]
    assert list(found["customerId"]) == [row(n).key for n in undone]
    assert list(found["address"]) == ["New"] * 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_rows_to_mend_there_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "failed.csv"
    assert outcome(State.VERIFIED, State.SKIPPED_NOOP).failed_rows_file(path) == 0
    assert not path.exists()


def test_a_file_that_cannot_be_written_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "gone" / "failed.csv", tmp_path / "folder"):
        with pytest.raises(DiskError):
            outcome(State.FAILED).failed_rows_file(place)


def test_rows_that_were_not_done_can_be_mended_checked_and_applied(office: Office, tmp_path: Path) -> None:
    one, two, three, four = office.ids[:4]
    plan = office.plan(
        {
            one: {"address": 'Road "1", Pune', "contactNumber": "+919812345678"},
            two: {"address": "Road 2", "ifsc": "<clear>"},
            three: {"address": "Road 3"},
            four: {"ifsc": "<clear>"},
        }
    )
    for key in (one, two):
        office.colleague(key, address="Elsewhere")
    outcome = office.apply(plan)
    assert states(outcome) == ["stale", "stale", "verified", "verified"]
    path = tmp_path / "again.csv"
    assert outcome.failed_rows_file(path) == 2
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert all("Changed by somebody else" in line["arkit_reason"] for line in lines)
    checked = checks.check(path, known=office.customers.fetch())
    assert checked.ok
    again = office.plan_of(checked)
    assert [dict(found.target) for found in again.rows] == [dict(found.target) for found in plan.rows[:2]]
    assert states(office.apply(again)) == ["verified", "verified"]


def test_an_outcome_is_named_by_its_numbers_alone() -> None:
    assert repr(outcome(State.VERIFIED, State.FAILED)).endswith("· 1 verified · 1 failed>")
    assert "New" not in repr(outcome(State.FAILED))
