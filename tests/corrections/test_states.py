"""States of a row: which may follow which."""

import pytest

from arkit.corrections.states import NEXT, TERMINAL, UNSETTLED, State


def reachable(start: State) -> set[State]:
    found, open_ = {start}, [start]
    while open_:
        news = NEXT[open_.pop()] - found
        found |= news
        open_ += news
    return found


def test_every_state_is_planned_unsettled_or_terminal_and_only_one_of_them() -> None:
    groups = [{State.PLANNED}, UNSETTLED, TERMINAL]
    assert set().union(*groups) == set(State)
    assert sum(map(len, groups)) == len(State)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_nothing_follows_on_a_terminal_state(state: State) -> None:
    assert not NEXT[state]


@pytest.mark.parametrize("state", sorted(set(State) - TERMINAL))
def test_every_open_state_can_come_to_an_end(state: State) -> None:
    assert reachable(state) & TERMINAL


def test_a_row_is_written_down_as_sent_before_anything_can_be_known_of_it() -> None:
    assert not NEXT[State.PLANNED] & {State.VERIFIED, State.FAILED, State.CONFLICT, State.ACKNOWLEDGED}


def test_what_a_broken_off_upload_left_is_in_doubt_before_it_is_anything_else() -> None:
    assert not NEXT[State.SENT] & TERMINAL


def test_a_row_that_the_server_says_it_has_done_is_never_sent_again() -> None:
    assert State.PLANNED not in NEXT[State.ACKNOWLEDGED]
