"""What becomes of a row, without a server."""

import pytest

from arkit.corrections import moves
from arkit.corrections.journal import Fields, Row
from arkit.corrections.states import State

OLD = {"pinCode": "560001", "address": "1 Old Road"}
NEW = {"pinCode": "560002", "address": "1 Old Road"}
ROW = Row(2, "KC00000000000001", {"pinCode": "560001"}, {"pinCode": "560002"}, State.IN_DOUBT)


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        (OLD, NEW, State.CONFLICT),
        (OLD, None, State.CONFLICT),
        (None, OLD, State.CONFLICT),
        (NEW, NEW, State.VERIFIED),
        (OLD, OLD, State.PLANNED),
        ({"pinCode": "560009"}, {"pinCode": "560009"}, State.CONFLICT),
    ],
)
def test_two_reads_that_agree_decide(first: Fields | None, second: Fields | None, state: State) -> None:
    assert moves.decided(ROW, first, second, 1).state is state


@pytest.mark.parametrize(("now", "state"), [(OLD, State.PLANNED), (NEW, State.VERIFIED)])
def test_a_field_that_is_none_of_ours_may_change_between_the_reads(now: Fields, state: State) -> None:
    assert moves.decided(ROW, now, {**now, "address": "2 New Road"}, 1).state is state
