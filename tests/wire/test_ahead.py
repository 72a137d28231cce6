"""The next page is on its way while the last one is read, and nothing else is."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from arkit import columns
from arkit.columns import PLAIN_TEXT, Grain
from arkit.errors import ContractError, NetworkError
from arkit.wire.ahead import THREAD_NAME, Ahead, Place
from arkit.wire.records import Page, Reader
from arkit.wire.transport import Answer

GRAIN = Grain("customers", {"id": PLAIN_TEXT}, {"id": "id"})
LONGEST_S = 10


def answer(first: int, size: int, total: int | None) -> Answer:
    payload: dict[str, Any] = {
        "customers": [{"id": f"R{number:03}"} for number in range(first, first + size)]
    }
    if total is not None:
        payload["totalCount"] = total
    body = json.dumps({"payload": payload}).encode()
    return Answer(200, {"Content-Type": "application/json"}, body)


class Server:
    """Answers with pages of so many records; what it is asked for can be waited for, and held back."""

    def __init__(self, count: int, *, size: int = 10, names_total: bool = True) -> None:
        self.asked: list[Place] = []
        self.held: set[int] = set()
        self.gate = threading.Event()
        self.faults: dict[int, Exception] = {}
        self._count, self._size, self._names_total = count, size, names_total
        self._news = threading.Condition()

    def __call__(self, place: Place) -> Answer:
        with self._news:
            self.asked.append(place)
            self._news.notify_all()
        if place.offset in self.held:
            assert self.gate.wait(LONGEST_S)
        if place.offset in self.faults:
            raise self.faults[place.offset]
        size = max(0, min(self._size, place.limit, self._count - place.offset))
        return answer(place.offset, size, self._count if self._names_total else None)

    @property
    def offsets(self) -> list[int]:
        return [place.offset for place in self.asked]

    def wait_for(self, requests: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: len(self.asked) >= requests, LONGEST_S)


class Watched(Reader):
    """A reader that does something before it reads a page."""

    before: Callable[[], None] = staticmethod(lambda: None)

    def page(self, answer: Answer) -> Page:
        self.before()
        return super().page(answer)


def reader() -> Watched:
    return Watched(GRAIN, id_column="id", where="search")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    ends_at = time.monotonic() + LONGEST_S
    while [each for each in threading.enumerate() if each.name == THREAD_NAME]:
        assert time.monotonic() < ends_at, "a thread is left"
        time.sleep(0.005)


def test_pages_come_as_they_were_asked_for() -> None:
    server = Server(28)
    search = Ahead(server, reader())
    assert [search(10, offset).ids for offset in (0, 9, 18, 27)] == [
        [f"R{number:03}" for number in range(first, min(first + 10, 28))] for first in (0, 9, 18, 27)
    ]
    assert server.offsets == [0, 9, 18, 27]


def test_the_next_page_is_asked_for_before_this_one_is_read() -> None:
    server, slow = Server(100), reader()
    search = Ahead(server, slow)
    search(10, 0)
    # The second page is read only when the third has been asked for.
    slow.before = lambda: server.wait_for(3)
    search(10, 9)
    assert server.offsets == [0, 9, 18]
    slow.before = lambda: server.wait_for(4)
    search(10, 18)
    assert server.offsets == [0, 9, 18, 27]


def test_the_size_of_the_pages_is_learnt_from_the_first() -> None:
    server = Server(100, size=4)
    search = Ahead(server, reader())
    search(10, 0)
    assert server.offsets == [0]
    search(10, 3)
    server.wait_for(3)
    assert server.asked[2] == Place(10, 6)


def test_a_page_that_was_not_expected_is_asked_for_and_the_other_one_is_dropped() -> None:
    server = Server(100)
    search = Ahead(server, reader())
    search(10, 0)
    search(10, 9)
    server.wait_for(3)
    server.faults[18] = AssertionError("nobody asked for it")
    assert search(10, 12).ids[0] == "R012"
    assert search(5, 21).ids == [f"R{number:03}" for number in range(21, 26)]
    assert search(10, 0, descending=True).ids[0] == "R000"
    assert [place for place in server.asked if place.offset not in (18, 21, 25, 30)] == [
        Place(10, 0),
        Place(10, 9),
        Place(10, 12),
        Place(10, 0, is_descending=True),
    ]


def test_nothing_is_asked_for_ahead_of_a_list_upside_down() -> None:
    server = Server(100)
    search = Ahead(server, reader())
    for _ in range(3):
        search(10, 0, descending=True)
    assert server.offsets == [0, 0, 0]


@pytest.mark.parametrize(("count", "offsets"), [(10, (0,)), (19, (0, 9)), (28, (0, 9, 18))])
def test_nothing_is_asked_for_beyond_a_known_total(count: int, offsets: tuple[int, ...]) -> None:
    server = Server(count)
    search = Ahead(server, reader())
    for offset in offsets:
        search(10, offset)
    assert server.offsets == list(offsets)


def test_a_last_page_with_one_new_record_is_asked_for_too() -> None:
    server = Server(29)
    search = Ahead(server, reader())
    for offset in (0, 9, 18):
        search(10, offset)
    server.wait_for(4)
    assert search(10, 27).ids == ["R027", "R028"]
    assert server.offsets == [0, 9, 18, 27]


def test_without_a_total_the_end_is_found_by_asking() -> None:
    server = Server(19, names_total=False)
    search = Ahead(server, reader())
    for offset in (0, 9):
        search(10, offset)
    server.wait_for(3)
    assert search(10, 18).ids == ["R018"]
    assert server.offsets[:3] == [0, 9, 18]


def test_a_server_that_sends_one_record_at_a_time_is_not_asked_ahead() -> None:
    """Such pages cannot begin with the last record of the one before, so the next offset is another."""
    server = Server(3, size=1)
    search = Ahead(server, reader())
    for offset in range(3):
        search(10, offset)
    assert server.offsets == [0, 1, 2]


def test_an_error_of_the_coming_page_comes_with_it_and_not_before() -> None:
    server = Server(100)
    server.faults[18] = NetworkError("broken", code="connection", where="search")
    search = Ahead(server, reader())
    search(10, 0)
    assert search(10, 9).ids[0] == "R009"
    server.wait_for(3)
    with pytest.raises(NetworkError, match="broken"):
        search(10, 18)
    del server.faults[18]
    assert search(10, 18).ids[0] == "R018"
    assert server.offsets.count(18) == 2


def test_an_answer_that_is_no_page_is_told_where_it_is_read() -> None:
    def broken(place: Place) -> Answer:
        return answer(place.offset, 10, 100) if place.offset < 18 else Answer(200, {}, b"<html>")

    search = Ahead(broken, reader())
    search(10, 0)
    search(10, 9)
    with pytest.raises(ContractError, match="not well-formed"):
        search(10, 18)


def test_nobody_waits_for_a_page_that_was_dropped() -> None:
    server = Server(100)
    server.held = {18}
    search = Ahead(server, reader())
    search(10, 0)
    search(10, 9)
    server.wait_for(3)
    assert search(10, 40).ids[0] == "R040"
    server.gate.set()


def test_the_reader_takes_what_the_columns_say() -> None:
    search = Ahead(Server(3), reader())
    page = search(10, 0)
    assert page.table.equals(columns.from_records([{"id": f"R00{number}"} for number in range(3)], GRAIN))
    assert page.total == 3
