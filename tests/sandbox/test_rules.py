"""When a rule falls due."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.sandbox.rules import MOST_REPEATS, Rule, moments

DUE = date(2026, 10, 15)
LONG_AGO, FAR_AHEAD = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

RULES = st.builds(
    Rule,
    st.integers(-60, 60),
    st.sampled_from([None, "00:00", "10:30", "23:59"]),
    st.one_of(st.none(), st.integers(1, 40)),
    st.booleans(),
)
INSTANTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def all_of(rule: Rule) -> list[datetime]:
    return list(moments(rule, DUE, LONG_AGO, FAR_AHEAD))


def texts(rule: Rule) -> list[str]:
    return [moment.isoformat() for moment in all_of(rule)]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(3, "2026-10-12"), (0, "2026-10-15"), (-3, "2026-10-18")],
)
def test_a_positive_difference_lies_before_the_due_day_and_a_negative_one_after_it(
    days: int, expected: str
) -> None:
    assert texts(Rule(days, "09:30", None, is_recurring=False)) == [f"{expected}T09:30:00+05:30"]


def test_a_rule_without_a_time_strikes_at_ten() -> None:
    assert texts(Rule(0, None, None, is_recurring=False)) == ["2026-10-15T10:00:00+05:30"]


def test_only_a_recurring_rule_with_an_interval_comes_back() -> None:
    found = texts(Rule(-1, "10:00", 7, is_recurring=True))
    assert found[:3] == [f"2026-10-{day}T10:00:00+05:30" for day in (16, 23, 30)]
    assert len(found) == 1 + MOST_REPEATS
    assert len(all_of(Rule(-1, "10:00", 7, is_recurring=False))) == 1
    assert len(all_of(Rule(-1, "10:00", None, is_recurring=True))) == 1


@given(RULES, st.lists(INSTANTS, min_size=2, max_size=6))
def test_windows_side_by_side_meet_each_moment_once(rule: Rule, instants: list[datetime]) -> None:
    edges = sorted(instants)
    whole = list(moments(rule, DUE, edges[0], edges[-1]))
    assert whole == [moment for moment in all_of(rule) if edges[0] < moment <= edges[-1]]
    parts = [moment for after, until in pairwise(edges) for moment in moments(rule, DUE, after, until)]
    assert parts == whole == sorted(set(whole))


def test_a_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    rule, at = Rule(0, "10:00", None, is_recurring=False), datetime(2026, 10, 15, 4, 30, tzinfo=UTC)
    minute = timedelta(minutes=1)
    assert list(moments(rule, DUE, at - minute, at)) == [at]
    assert list(moments(rule, DUE, at, at + minute)) == []
