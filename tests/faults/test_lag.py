"""Reading from a replica that lags behind: what it still shows proves nothing for a while."""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from command import Run
from corrections.conftest import states

from arkit.sandbox import Sandbox

from .conftest import Office, Point, assert_kept, office_at

LAG_S = 0.3
WINDOW_S = 0.8


@pytest.fixture
def lagging(sandbox: Sandbox, tmp_path: Path) -> Iterator[Office]:
    """An office whose server is read with a lag, shorter than the time in which it ends any request."""
    office = office_at(sandbox, tmp_path, quiescence_s=WINDOW_S)
    sandbox.faults.lag(LAG_S)
    yield office
    office.close()


DONE: dict[str, tuple[dict[str, Any], int]] = {
    "nothing else is wrong": ({}, 1),
    "the answer is lost": ({"answer": "lost"}, 1),
    "a gateway gives up": ({"status": 504, "answer": "status", "applies": "all"}, 1),
    "a gateway gives up before it is done": ({"status": 504, "landing_s": 0.3}, 1),
    "the server says it refused all": ({"lying_counts": "failure"}, 1),
    "the answer is lost and two were done": ({"answer": "lost", "applies": 2}, 2),
    "the answer is lost and none was done": ({"answer": "lost", "applies": "none"}, 2),
    "the token has ended": ({"expire_tokens": True}, 2),
}


@pytest.mark.parametrize("fault", DONE)
def test_an_old_value_that_is_shown_for_a_while_makes_nothing_be_sent_twice(
    lagging: Office, fault: str
) -> None:
    members, sendings = DONE[fault]
    plan = lagging.addresses(4)
    if members:
        lagging.sandbox.faults.add(operation="bulkUpdate", **members)
    outcome = lagging.apply(plan)
    assert outcome.counts == {"verified": 4}
    at = [datetime.fromisoformat(request["at"]) for request in lagging.uploads()]
    assert len(at) == sendings
    assert all((later - at[0]).total_seconds() >= WINDOW_S for later in at[1:])
    assert len(lagging.applications()) == 4
    assert_kept(lagging, plan, outcome)


def test_a_field_that_is_cleared_is_seen_cleared_before_anything_is_done_again(lagging: Office) -> None:
    plan = lagging.plan({lagging.ids[0]: {"address": "<clear>"}})
    lagging.sandbox.faults.add(operation="updateCustomer", answer="lost")
    outcome = lagging.apply(plan)
    assert (outcome.counts, len(lagging.uploads())) == ({"verified": 1}, 1)
    assert_kept(lagging, plan, outcome)


def test_rows_that_were_refused_are_said_to_be_so_only_when_the_window_has_passed(lagging: Office) -> None:
    plan = lagging.addresses(3)
    lagging.sandbox.faults.add(operation="bulkUpdate", lying_counts="failure", applies="none")
    started = time.monotonic()
    outcome = lagging.apply(plan)
    assert time.monotonic() - started >= WINDOW_S
    assert (outcome.counts, len(lagging.uploads())) == ({"failed": 3}, 1)
    assert_kept(lagging, plan, outcome)


def test_a_plan_made_of_what_was_shown_too_late_leaves_the_work_of_others_alone(lagging: Office) -> None:
    key, other = lagging.ids[:2]
    lagging.colleague(key, address="Our colleague's road")
    plan = lagging.plan({key: {"address": "1 New Road"}, other: {"address": "2 New Road"}})
    assert plan.rows[0].before["address"] != "Our colleague's road"
    time.sleep(LAG_S)
    outcome = lagging.apply(plan)
    assert states(outcome) == ["stale", "verified"]
    assert lagging.value(key, "address") == "Our colleague's road"


def test_the_next_plan_is_made_of_what_the_last_one_did(lagging: Office) -> None:
    keys = lagging.ids[:3]
    for number in range(3):
        earlier = len(lagging.applications())
        plan = lagging.plan({key: {"address": f"{number} New Road"} for key in keys})
        if number:
            assert [row.before["address"] for row in plan.rows] == [f"{number - 1} New Road"] * 3
        outcome = lagging.apply(plan)
        assert outcome.counts == {"verified": 3}
        assert_kept(lagging, plan, outcome, earlier=earlier)


def test_a_replica_that_stays_behind_for_longer_than_any_is_a_conflict_and_no_proof(lagging: Office) -> None:
    plan = lagging.addresses(3)
    lagging.sandbox.faults.lag(60)
    outcome = lagging.apply(plan)
    assert (outcome.counts, outcome.exit_code) == ({"conflict": 3}, 6)
    assert "still has the old value" in outcome.records[0].reason
    assert len(lagging.uploads()) == 1


def test_a_command_waits_for_a_replica_and_one_that_was_cut_short_is_resumed(
    lagging: Office, run: Run, point: Point
) -> None:
    point(lagging.profile, ARKIT_QUIESCENCE_S=str(WINDOW_S))
    for number, fault in enumerate([{}, {"answer": "lost"}, {"answer": "lost", "applies": 1}]):
        plan = lagging.addresses(3, f"New Road {number}")
        earlier = len(lagging.applications())
        if fault:
            lagging.sandbox.faults.add(operation="bulkUpdate", **fault)
            lagging.sandbox.faults.add(operation="searchCustomer", after=1, status=500, times=99)
            assert run("apply", plan.id, "--confirm", plan.id[-6:]).code == 5
            lagging.sandbox.faults.clear()
            lagging.sandbox.faults.lag(LAG_S)
            told = run("resume", "--json")
        else:
            told = run("apply", plan.id, "--confirm", plan.id[-6:], "--json")
        assert (told.code, told.document["counts"]) == (0, {"verified": 3})
        assert len(lagging.applications()) - earlier == 3
