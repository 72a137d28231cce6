"""``arkit apply``, ``resume`` and ``status``: exit codes, documents, and what was sent."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from command import Company, Run, arkit, assert_fails, write_bulk

from .conftest import KIND, apply, rows_of, states_of


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
