"""Corrections carried out against a server that fails in every way, and proved against its own history."""

import dataclasses
import itertools
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkit.corrections.journal import Journal
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import Plan
from arkit.corrections.states import TERMINAL
from arkit.errors import ArkitError, JournalError, NetworkError
from arkit.sandbox import Sandbox
from arkit.wire.transport import Answer

from .conftest import QUIESCENCE_S, Office, reasons, states, tampered

EXAMPLES = 25
OPEN = {"sent", "acknowledged", "in_doubt"}


def rows_sent(office: Office) -> list[int]:
    """How many rows each upload carried, oldest first."""
    with closing(sqlite3.connect(office.workspace / "journal.db")) as database:
        found = database.execute(
            "SELECT COUNT(*) FROM attempt JOIN attempt_row ON id = attempt_id GROUP BY id ORDER BY sent_at"
        )
        return [count for (count,) in found]


def assert_promise(office: Office, plan: Plan, outcome: Outcome, *, earlier: int = 0) -> None:
    """What the states mean, held against what the server says that it did since `earlier` changes ago."""
    applied = Counter(office.applications()[earlier:])
    assert [row.source_row for row in outcome.records] == [row.source_row for row in plan.rows]
    assert sum(outcome.counts.values()) == len(plan.rows)
    for row in outcome.records:
        times = [applied[row.key, field] for field in row.target]
        assert max(times) <= 1, f"{row.key} was changed more than once"
        if row.state == "verified":
            assert min(times) == 1
        if row.state in ("failed", "skipped_noop", "stale", "planned"):
            assert max(times) == 0, f"{row.key} is {row.state} and was changed"


def seconds(request: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(request["at"]).timestamp()


# What is planned is what is sent.


def test_every_correction_is_made_once_and_proved(office: Office) -> None:
    plan = office.addresses(16)
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 16}
    assert outcome.exit_code == 0
    assert not outcome.trouble
    assert [office.value(key, "address") for key in office.ids] == [f"{n} New Road" for n in range(1, 17)]
    assert_promise(office, plan, outcome)


def test_a_few_rows_go_first_and_the_rest_only_after_one_of_them_was_proved(office: Office) -> None:
    office.apply(office.addresses(16))
    assert rows_sent(office) == [10, 6]


def test_a_canary_that_is_refused_stops_the_rest(office: Office) -> None:
    plan = office.addresses(16)
    office.sandbox.faults.add(operation="bulkUpdate", status=422, error_type="VALIDATION_ERROR")
    outcome = office.apply(plan)
    assert outcome.counts == {"failed": 10, "planned": 6}
    assert outcome.trouble
    assert len(office.uploads()) == 1
    assert_promise(office, plan, outcome)
    assert office.apply(plan).counts == {"failed": 10, "verified": 6}


def test_the_bytes_that_arrive_are_those_that_were_written_down(office: Office) -> None:
    keys = office.ids
    rows = {key: {"address": f'{n}, MG Road; "Pune" नगर'} for n, key in enumerate(keys[:3])}
    office.apply(office.plan({**rows, keys[3]: {"ifsc": "<clear>"}}))
    with closing(sqlite3.connect(office.workspace / "journal.db")) as database:
        planned = dict(database.execute("SELECT id, body_sha256 FROM attempt"))
    arrived = {
        request["idempotency_headers"]["Idempotency-Key"]: request["body_sha256"]
        for request in office.uploads()
    }
    assert len(planned) == 2
    assert arrived == planned


def test_nothing_leaves_before_it_is_written_down(office: Office) -> None:
    plan = office.addresses(2)
    seen: list[list[str]] = []

    def look() -> None:
        with Journal(office.workspace) as journal:
            seen.append([str(row.state) for row in journal.rows(plan.id)])

    office.wire.before_write = look
    office.apply(plan)
    assert seen == [["sent", "sent"]]


def test_a_field_is_cleared_by_a_request_of_its_own(office: Office) -> None:
    one, two, three = office.ids[:3]
    plan = office.plan(
        {
            one: {"ifsc": "<clear>", "address": "1 New Road"},
            two: {"ifsc": "", "address": "2 New Road"},
            three: {"branchCodes": "<clear>"},
        }
    )
    kept = office.value(two, "ifsc")
    outcome = office.apply(plan)
    assert states(outcome) == ["verified"] * 3
    assert [office.value(one, "ifsc"), office.value(one, "address")] == [None, "1 New Road"]
    assert office.value(two, "ifsc") == kept
    assert office.value(three, "branchCodes") is None
    assert [request["operation"] for request in office.uploads()] == [
        "updateCustomer",
        "bulkUpdate",
        "updateCustomer",
    ]
    assert_promise(office, plan, outcome)


def test_rows_that_correct_different_fields_go_together_and_leave_the_others(office: Office) -> None:
    one, two = office.ids[:2]
    kept = [office.value(one, "pinCode"), office.value(two, "address")]
    plan = office.plan({one: {"address": "1 New Road", "pinCode": ""}, two: {"pinCode": "560001"}})
    assert states(office.apply(plan)) == ["verified"] * 2
    assert [office.value(one, "pinCode"), office.value(two, "address")] == kept
    assert rows_sent(office) == [2]


def test_branch_codes_arrive_as_a_list_on_either_way(office: Office) -> None:
    one, two = office.ids[:2]
    plan = office.plan(
        {one: {"branchCodes": "GOI01; PNQ09"}, two: {"branchCodes": "GOI01;PNQ09", "ifsc": "<clear>"}}
    )
    assert states(office.apply(plan)) == ["verified"] * 2
    assert {json.dumps(json.loads(office.value(key, "branchCodes"))) for key in (one, two)} == {
        '["GOI01", "PNQ09"]'
    }


def test_a_finished_plan_applied_again_sends_nothing(office: Office) -> None:
    plan = office.addresses(12)
    first = office.apply(plan)
    sent = len(office.uploads())
    again = office.apply(plan)
    assert again.records == first.records
    assert not again.was_active
    assert len(office.uploads()) == sent
    assert office.resume() is None


# Other people's work.


def test_what_somebody_else_changed_since_the_plan_is_left_alone_and_the_rest_goes_on(office: Office) -> None:
    plan = office.addresses(4)
    one, two, three, four = office.ids[:4]
    office.colleague(one, address="Elsewhere")
    office.colleague(two, address="2 New Road")
    office.colleague(three, pinCode="560001")
    office.remove(four)
    outcome = office.apply(plan)
    assert states(outcome) == ["stale", "skipped_noop", "verified", "stale"]
    assert office.value(one, "address") == "Elsewhere"
    assert "address" in reasons(outcome)[0]
    assert outcome.exit_code == 6
    assert_promise(office, plan, outcome)


def test_what_somebody_else_writes_before_the_read_back_is_shown_and_stays(office: Office) -> None:
    plan = office.addresses(3)
    one = office.ids[0]
    office.wire.after_write = lambda: office.colleague(one, address="Elsewhere")
    outcome = office.apply(plan)
    assert states(outcome) == ["conflict", "verified", "verified"]
    assert office.value(one, "address") == "Elsewhere"
    assert "Elsewhere" not in reasons(outcome)[0]
    assert_promise(office, plan, outcome)


def test_a_customer_that_is_gone_at_the_read_back_is_a_conflict(office: Office) -> None:
    plan = office.addresses(2)
    office.wire.after_write = lambda: office.remove(office.ids[0])
    assert states(office.apply(plan)) == ["conflict", "verified"]


def test_a_colleague_who_puts_the_old_value_back_is_not_overruled(office: Office) -> None:
    plan = office.addresses(2)
    one = office.ids[0]
    was = office.value(one, "address")
    office.wire.after_write = lambda: office.colleague(one, address=was)
    outcome = office.apply(plan)
    assert states(outcome) == ["conflict", "verified"]
    assert len(office.uploads()) == 1


# Answers that do not come, come late, or lie.


@pytest.mark.parametrize(
    ("fault", "sendings"),
    [
        ({"answer": "lost"}, [8]),
        ({"answer": "lost", "applies": "none"}, [8, 8]),
        ({"answer": "lost", "applies": 3}, [8, 5]),
        ({"answer": "lost", "applies": "none", "times": 2}, [8, 8, 8]),
        ({"answer": "lost", "landing_s": 0.15}, [8]),
        ({"status": 500, "applies": "all"}, [8]),
        ({"status": 500}, [8, 8]),
        ({"status": 503, "applies": 5}, [8, 3]),
        ({"status": 504, "landing_s": 0.15}, [8]),
        ({"status": 504, "landing_s": 0.15, "applies": 5}, [8, 3]),
        ({"status": 429, "error_type": "LIMIT_EXCEEDED"}, [8, 8]),
        ({"status": 401, "error_type": "UNAUTHORIZED"}, [8, 8]),
        ({"expire_tokens": True}, [8, 8]),
        ({"status": 400, "error_type": "CLIENT_REQUEST_ABORT"}, [8, 8]),
    ],
    ids=str,
)
def test_a_row_is_sent_again_only_if_nothing_came_of_it(
    office: Office, fault: dict[str, Any], sendings: list[int]
) -> None:
    plan = office.addresses(8)
    office.sandbox.faults.add(operation="bulkUpdate", **fault)
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 8}
    assert rows_sent(office) == sendings
    at = [seconds(request) for request in office.uploads()]
    assert all(later - sooner >= QUIESCENCE_S for sooner, later in itertools.pairwise(at))
    assert_promise(office, plan, outcome)


@pytest.mark.parametrize(
    ("fault", "sendings"),
    [({"answer": "lost"}, 1), ({"status": 504, "landing_s": 0.15}, 1), ({"status": 500}, 2)],
    ids=str,
)
def test_a_clearing_of_a_field_is_as_careful(office: Office, fault: dict[str, Any], sendings: int) -> None:
    plan = office.plan({office.ids[0]: {"ifsc": "<clear>"}})
    office.sandbox.faults.add(operation="updateCustomer", **fault)
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 1}
    assert len(office.uploads()) == sendings
    assert_promise(office, plan, outcome)


def test_what_never_gets_through_fails_and_is_not_sent_for_ever(office: Office) -> None:
    plan = office.addresses(12)
    office.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies="none", times=9)
    outcome = office.apply(plan)
    assert outcome.counts == {"failed": 10, "planned": 2}
    assert outcome.trouble
    assert rows_sent(office) == [10, 10, 10]
    assert_promise(office, plan, outcome)


def test_the_wait_begins_when_the_last_byte_can_have_left(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that ran into its deadline may have been on its way until then."""
    monkeypatch.setenv("ARKIT_DEADLINE_S", "0.6")
    hasty = Office(office.sandbox, office.folder)
    plan = hasty.addresses(2)
    office.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies="none", delay_s=1)
    assert states(hasty.apply(plan)) == ["verified"] * 2
    first, second = (seconds(request) for request in hasty.uploads())
    assert second - first >= 0.6 + QUIESCENCE_S - 0.05
    hasty.close()


def test_what_lands_later_than_any_server_should_is_still_made_once(office: Office) -> None:
    plan = office.addresses(4)
    office.sandbox.faults.add(operation="bulkUpdate", answer="lost", landing_s=QUIESCENCE_S + 0.3)
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 4}
    threading.Event().wait(0.5)
    assert_promise(office, plan, outcome)


def test_a_server_that_says_done_and_does_nothing_is_a_conflict(office: Office) -> None:
    plan = office.addresses(3)
    office.sandbox.faults.add(operation="bulkUpdate", applies="none")
    outcome = office.apply(plan)
    assert states(outcome) == ["conflict"] * 3
    assert "said that it was done" in reasons(outcome)[0]
    assert len(office.uploads()) == 1
    assert outcome.exit_code == 6


def test_a_server_that_counts_a_refused_row_as_done_is_not_believed(office: Office) -> None:
    checked = office.check({office.ids[0]: {"pinCode": "560001"}})
    plan = office.plan_of(tampered(checked, pin_code="060001"))
    office.sandbox.faults.add(operation="bulkUpdate", lying_counts=True)
    outcome = office.apply(plan)
    assert states(outcome) == ["conflict"]
    assert_promise(office, plan, outcome)


def test_a_server_that_says_refused_and_has_done_it_is_proved_with_a_note(office: Office) -> None:
    plan = office.addresses(3)
    office.sandbox.faults.add(operation="bulkUpdate", status=422, error_type="VALIDATION_ERROR", applies=2)
    outcome = office.apply(plan)
    assert states(outcome) == ["verified", "verified", "failed"]
    assert "although the server said it was not" in reasons(outcome)[0]
    assert_promise(office, plan, outcome)


def test_a_server_that_tidies_what_it_stores_has_done_it_with_a_note(office: Office) -> None:
    one, two = office.ids[:2]
    plan = office.plan({one: {"contactNumber": "+91 9812345678"}, two: {"contactNumber": "9812345679"}})
    office.sandbox.faults.add(operation="bulkUpdate", normalise=True)
    outcome = office.apply(plan)
    assert states(outcome) == ["verified", "verified"]
    assert "its own way of writing" in reasons(outcome)[0]
    assert not reasons(outcome)[1]


def test_a_server_that_stores_something_else_is_a_conflict(office: Office) -> None:
    plan = office.addresses(2, "Long Road Number Seventeen")
    office.wire.after_write = lambda: office.colleague(office.ids[0], address="1 Long Road Num")
    outcome = office.apply(plan)
    assert states(outcome) == ["conflict", "verified"]
    assert "neither the old nor the new value: address" in reasons(outcome)[0]


def answered(payload: Any, status: int = 200, **envelope: Any) -> Callable[[Answer], Answer]:
    """In place of what the server really says of an upload."""
    body = json.dumps({"payload": payload, "response_code": 0, **envelope}).encode()
    return lambda answer: Answer(status, answer.headers, body)


@pytest.mark.parametrize(
    "lie",
    [
        answered(None),
        answered({}),
        answered({"success_count": 3}),
        answered({"success_count": 1, "failure_count": 2, "total_count": 3}),
        answered({"success_count": 0, "failure_count": 3, "total_count": 3, "failure_file_url": "ftp://x/y"}),
        answered({"success_count": 0, "failure_count": 3, "total_count": 3, "failure_file_url": ["x"]}),
        answered({"success_count": -3, "failure_count": 6, "total_count": 3}),
        answered({"success_count": 3, "failure_count": 0, "total_count": 3}, response_code=500),
        answered({"failureRequests": [{}, {}], "failure_count": 2, "success_count": 1, "total_count": 3}),
        lambda answer: Answer(200, answer.headers, answer.body[:40]),
        lambda answer: Answer(200, {"Content-Type": "text/html"}, b"<html>Welcome</html>"),
        lambda answer: Answer(200, answer.headers, b""),
        lambda answer: Answer(302, {"Location": "https://elsewhere.example"}, b""),
    ],
)
def test_whatever_the_answer_says_the_rows_are_what_the_server_holds(
    office: Office, lie: Callable[[Answer], Answer]
) -> None:
    plan = office.addresses(3)
    office.wire.answered = lie
    outcome = office.apply(plan)
    assert states(outcome) == ["verified"] * 3
    assert len(office.uploads()) == 1


# Rows that the server refuses.


def test_a_row_that_the_server_refuses_fails_with_its_reason_and_the_others_are_made(office: Office) -> None:
    one, two = office.ids[:2]
    checked = office.check({one: {"pinCode": "560001"}, two: {"pinCode": "560002"}})
    plan = office.plan_of(tampered(checked, pin_code="060001"))
    outcome = office.apply(plan)
    assert states(outcome) == ["failed", "verified"]
    assert "pinCode must be six digits" in reasons(outcome)[0]
    assert outcome.exit_code == 4
    assert_promise(office, plan, outcome)


def test_a_clearing_that_the_server_refuses_fails_with_its_reason(office: Office) -> None:
    key = office.ids[0]
    checked = office.check({key: {"pinCode": "560001", "ifsc": "<clear>"}})
    plan = office.plan_of(tampered(checked, pin_code="060001"))
    outcome = office.apply(plan)
    assert states(outcome) == ["failed"]
    assert "VALIDATION_ERROR" in reasons(outcome)[0]
    assert office.value(key, "ifsc")
    assert_promise(office, plan, outcome)


def test_a_clearing_that_is_refused_does_not_keep_the_others_back(office: Office) -> None:
    plan = office.plan({key: {"ifsc": "<clear>"} for key in office.ids[:4]})
    office.sandbox.faults.add(operation="updateCustomer", status=422, error_type="UNPROCESSABLE_REQUEST")
    outcome = office.apply(plan)
    assert states(outcome) == ["failed", "verified", "verified", "verified"]
    assert_promise(office, plan, outcome)


def test_a_reason_shows_no_value_of_the_row_and_nothing_that_acts_on_a_screen(office: Office) -> None:
    key = office.ids[0]
    was = office.value(key, "panOrGstin")
    checked = office.check({key: {"panOrGstin": "ABCPE1234F", "pinCode": "560001"}})
    plan = office.plan_of(tampered(checked, pin_code="060001"))
    said = f"\x1b[31m{key} \u202ehas abcpe1234f, was {was} <script>\x07 060001" + " again" * 5_000
    office.wire.result_file = f'error,customerId\n"{said}",{key}\n'.encode()
    (reason,) = reasons(office.apply(plan))
    assert "… has …, was … <script> … again" in reason
    assert reason.isprintable()
    assert len(reason) <= 200
    for value in (key, "ABCPE1234F", was, "060001"):
        assert value.lower() not in reason.lower()


def test_a_whole_file_refused_is_a_reason_for_each_row(office: Office) -> None:
    plan = office.addresses(3)
    office.sandbox.faults.add(operation="bulkUpdate", status=422, error_type="UNPROCESSABLE_REQUEST")
    outcome = office.apply(plan)
    assert states(outcome) == ["failed"] * 3
    assert all("422" in reason and len(reason) <= 200 for reason in reasons(outcome))
    assert_promise(office, plan, outcome)


# Stopping, and going on.


def test_a_stop_between_chunks_leaves_the_rest_planned_until_it_is_applied_again(office: Office) -> None:
    plan = office.addresses(16)
    outcome = office.apply(plan, should_stop=lambda: bool(office.uploads()))
    assert outcome.counts == {"planned": 6, "verified": 10}
    assert "Stopped" in outcome.trouble
    assert outcome.exit_code == 5
    assert office.apply(plan).counts == {"verified": 16}
    assert rows_sent(office) == [10, 6]


def test_a_stop_from_the_outset_sends_nothing(office: Office) -> None:
    outcome = office.apply(office.addresses(3), should_stop=lambda: True)
    assert outcome.counts == {"planned": 3}
    assert not office.uploads()


def test_a_stop_while_rows_are_in_doubt_leaves_them_so_and_resume_ends_it(office: Office) -> None:
    plan = office.addresses(3)
    office.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies="none")
    outcome = office.apply(plan, should_stop=lambda: bool(office.uploads()))
    assert outcome.counts == {"in_doubt": 3}
    assert outcome.exit_code == 5
    resumed = office.resume()
    assert resumed
    assert resumed.counts == {"verified": 3}
    assert_promise(office, plan, resumed)


def test_while_one_plan_is_in_doubt_no_other_is_sent(office: Office) -> None:
    office.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies="none")
    office.apply(office.addresses(3), should_stop=lambda: bool(office.uploads()))
    other = office.plan({office.ids[5]: {"address": "Other Road"}})
    with pytest.raises(JournalError) as refused:
        office.apply(other)
    assert refused.value.code == "unsettled"
    assert len(office.uploads()) == 1
    office.resume()
    assert states(office.apply(other)) == ["verified"]


def test_a_server_that_cannot_be_reached_leaves_every_row_planned(office: Office) -> None:
    plan = office.addresses(3)

    def unplug() -> None:
        raise NetworkError("no route.", code="connection", where="bulkUpdate", server_state="nothing_sent")

    office.wire.before_write = unplug
    for _ in range(4):
        with pytest.raises(NetworkError):
            office.apply(plan)
    office.wire.before_write = lambda: None
    # What never left does not count as a sending: one lost answer is no reason to give up.
    office.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies="none")
    outcome = office.apply(plan)
    assert outcome.counts == {"verified": 3}
    assert len(office.uploads()) == 2
    assert_promise(office, plan, outcome)


def test_a_server_that_goes_away_after_the_upload_leaves_the_rows_to_be_resumed(office: Office) -> None:
    plan = office.addresses(3)
    office.sandbox.faults.add(operation="searchCustomer", status=500, after=1, times=50)
    outcome = office.apply(plan)
    assert outcome.counts == {"acknowledged": 3}
    assert "500" in outcome.trouble
    office.sandbox.faults.clear()
    resumed = office.resume()
    assert resumed
    assert resumed.counts == {"verified": 3}
    assert len(office.uploads()) == 1


def test_progress_is_told_in_sentences_and_in_numbers_that_add_up(office: Office) -> None:
    told: list[tuple[Mapping[str, int], str]] = []
    office.sandbox.faults.add(operation="bulkUpdate", answer="lost", applies=4)
    office.apply(office.addresses(12), on_progress=lambda counts, sentence: told.append((counts, sentence)))
    assert told
    assert all(sum(counts.values()) == 12 and sentence.endswith(".") for counts, sentence in told)
    assert told[-1] == ({"verified": 12}, "Finished.")


# Two at once.


def test_who_comes_second_while_one_is_applying_sends_nothing(office: Office) -> None:
    plan = office.addresses(3)
    refusals: list[JournalError] = []

    def second() -> None:
        for attempt in (lambda: office.apply(plan), office.resume):
            try:
                attempt()
            except JournalError as error:
                refusals.append(error)

    def intrude() -> None:
        office.wire.before_write = lambda: None
        second()
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    office.wire.before_write = intrude
    assert states(office.apply(plan)) == ["verified"] * 3
    assert [error.code for error in refusals] == ["locked"] * 4
    assert len(office.uploads()) == 1


def test_who_comes_second_from_another_process_sends_nothing(office: Office) -> None:
    plan = office.addresses(2)
    hold = "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX);"
    hold += " print(flush=True); sys.stdin.read()"
    arguments = [sys.executable, "-c", hold, str(office.workspace / "journal.lock")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(JournalError) as refused:
            office.apply(plan)
        other.communicate()
    assert refused.value.code == "locked"
    assert not office.uploads()
    assert states(office.apply(plan)) == ["verified"] * 2


# Killed.


def die(
    office: Office, folder: Path, cases: list[dict[str, Any]], *, quiescence_s: float
) -> list[dict[str, Any]]:
    """What came of each case in processes of their own; see ``dying.py``."""
    folder.mkdir()
    login = dataclasses.asdict(office.sandbox.credentials)
    order = {
        "profile": {"base_url": office.sandbox.url, **login},
        "database": str(office.sandbox.db),
        "folder": str(folder),
        "cases": cases,
    }
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("dying.py"))],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**os.environ, "ARKIT_QUIESCENCE_S": str(quiescence_s)},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def corrections(keys: list[str]) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {key: {"address": f"{key} Road"} for key in keys[:2]}
    return {**rows, keys[2]: {"uniqueRefNo": "<clear>"}}


def test_killed_at_any_moment_one_resume_ends_with_every_row_proved_and_none_doubled(
    tmp_path: Path, quick: None
) -> None:
    with Sandbox(db=tmp_path / "sandbox.db", customers=180, invoices=0) as sandbox:
        office = Office(sandbox, tmp_path)
        keys = office.ids
        groups = [keys[start : start + 3] for start in range(0, len(keys), 3)]
        (whole,) = die(office, tmp_path / "first", [{"rows": corrections(groups[0])}], quiescence_s=0.1)
        assert set(whole["killed"].values()) == {"verified"}
        moments = range(2, whole["moments"] + 1, 3)
        cases = [
            {"rows": corrections(group), "fatal": fatal}
            for group, fatal in zip(groups[1:], moments, strict=False)
        ]
        found = die(office, tmp_path / "second", cases, quiescence_s=0.1)
        assert len(found) == len(moments) > 10
        applied = Counter(office.applications())
        for case, seen in zip(cases, found, strict=True):
            assert not seen["moments"], "it was not killed"
            has_begun = set(seen["killed"].values()) != {"planned"}
            assert set(seen["resumed"].values()) == {"verified" if has_begun else "planned"}
            for key, fields in case["rows"].items():
                assert applied[key, next(iter(fields))] == (seen["resumed"][key] == "verified")
        office.close()


def test_killed_while_the_server_takes_its_time_the_rows_are_found_done(
    office: Office, tmp_path: Path
) -> None:
    keys = office.ids
    office.sandbox.faults.add(operation="bulkUpdate", delay_s=20)
    office.sandbox.faults.add(operation="bulkUpdate", delay_s=20, landing_s=0.3)
    office.sandbox.faults.add(operation="bulkUpdate", delay_s=20, applies="none")
    cases = [
        {"rows": {key: {"address": "Late Road"} for key in keys[start : start + 3]}, "dies_waiting": True}
        for start in (0, 3, 6)
    ]
    for seen in die(office, tmp_path / "late", cases, quiescence_s=0.7):
        assert set(seen["killed"].values()) == {"sent"}
        assert set(seen["resumed"].values()) == {"verified"}
    assert office.applications() == [(key, "address") for key in keys[:9]]
    assert len(office.uploads()) == 4


# Whatever happens.

TROUBLE = st.one_of(
    st.fixed_dictionaries(
        {"answer": st.just("lost"), "applies": st.sampled_from(["all", "none", 1, 4, 9])},
    ),
    st.fixed_dictionaries({"status": st.sampled_from([400, 401, 422, 429, 500, 503])}),
    st.fixed_dictionaries({"status": st.sampled_from([422, 500, 504]), "applies": st.integers(0, 12)}),
    st.fixed_dictionaries({"status": st.sampled_from([422, 500, 504]), "landing_s": st.just(0.05)}),
    st.fixed_dictionaries({"applies": st.sampled_from(["none", 2])}),
    st.just({"answer": "lost", "landing_s": 0.05}),
    st.just({"landing_s": 0.05}),
    st.just({"expire_tokens": True}),
    st.just({"lying_counts": True}),
)
SCRIPT = st.lists(
    st.tuples(st.sampled_from(["bulkUpdate", "bulkUpdate", "updateCustomer"]), st.integers(0, 1), TROUBLE),
    max_size=4,
)
"""Operation, how many requests of it pass before, and what is wrong with the next one."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One company for all scripts; each of them writes values of its own."""
    with Sandbox(db=tmp_path_factory.mktemp("company") / "sandbox.db", customers=14, invoices=0) as sandbox:
        yield sandbox


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(script=SCRIPT, count=st.integers(1, 14), cleared=st.sets(st.integers(0, 13), max_size=2))
def test_under_any_script_of_faults_the_states_mean_what_they_say(
    company: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    script: list[tuple[str, int, dict[str, Any]]],
    count: int,
    cleared: set[int],
) -> None:
    monkeypatch.setenv("ARKIT_QUIESCENCE_S", "0.3")
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("ARKIT_WORKSPACE", folder)
        office = Office(company, Path(folder))
        company.faults.clear()
        keys = office.ids[:count]
        for n in cleared:
            office.colleague(keys[n % count], uniqueRefNo=f"R{len(company.applied_rows())}")
        earlier = len(office.applications())
        road = f"Road {len(company.applied_rows())} {len(company.history())}"
        plan = office.plan(
            {
                key: {"address": road, "uniqueRefNo": "<clear>" if n in {c % count for c in cleared} else ""}
                for n, key in enumerate(keys)
            }
        )
        for operation, after, trouble in script:
            company.faults.add(operation=operation, after=after, **trouble)

        def at_all_times(counts: Mapping[str, int], sentence: str) -> None:
            assert sum(counts.values()) == count
            with Journal(Path(folder)) as journal:
                assert [row.source_row for row in journal.rows(plan.id)] == list(range(2, count + 2))

        for _ in range(20):
            try:
                outcome = office.apply(plan, on_progress=at_all_times)
            except ArkitError:
                continue
            assert not OPEN & set(states(outcome))
            if {row.state for row in outcome.records} <= TERMINAL:
                break
        else:
            pytest.fail("it never came to an end")
        assert_promise(office, plan, outcome, earlier=earlier)
        held = {key: office.value(key, "address") for key in keys}
        assert all(held[row.key] == road for row in outcome.records if row.state == "verified")
        office.close()
