"""Lists that change while they are read: thousands of schedules, against servers of every kind.

A schedule is made from its number alone, so that one that failed can be run again.
"""

import itertools
import random
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

import pyarrow as pa
import pytest

from arkit import columns
from arkit.columns import PLAIN_TEXT, Grain
from arkit.errors import ArkitError, ArkitWarning, ContractError, IncompleteWarning, UnprovedWarning
from arkit.wire import pages, readings
from arkit.wire.records import Page

GRAIN = Grain("things", {"id": PLAIN_TEXT, "text": PLAIN_TEXT}, {"id": "id", "text": "text"})
BATCH = 1_750


class Order(Enum):
    """What a server makes of the order that it is asked for."""

    BY_ID = "by id, as asked"
    OWN = "its own, whatever is asked"
    BY_CHANGE = "by last change, upwards or downwards as asked"


@dataclass
class List:
    """A list on a server, and what it was from the first request on.

    Attributes:
        throughout: the ids that were there at every request.
        contents: each content that a record had at a request.
    """

    rows: dict[str, str]
    order: Order
    cap: int
    has_total: bool
    between: Callable[[int, "List"], object] = lambda number, rows: None
    asked: int = 0
    throughout: set[str] = field(default_factory=set)
    contents: set[tuple[str, str]] = field(default_factory=set)

    def __call__(self, limit: int, offset: int, *, descending: bool = False) -> Page:
        if self.asked:
            self.between(self.asked, self)
            self.throughout &= self.rows.keys()
        else:
            self.throughout = set(self.rows)
        self.asked += 1
        self.contents |= self.rows.items()
        ids = sorted(self.rows) if self.order is Order.BY_ID else list(self.rows)
        if descending and self.order is not Order.OWN:
            ids.reverse()
        ids = ids[offset : offset + min(limit, self.cap)]
        texts = pa.array([self.rows[identity] for identity in ids], columns.TEXT)
        table = pa.table({"id": pa.array(ids, columns.TEXT), "text": texts})
        return Page(table, ids, len(self.rows) if self.has_total else None)

    def insert(self, identity: str, place: int) -> None:
        self._put(identity, "new", place)

    def delete(self, place: int) -> None:
        del self.rows[list(self.rows)[place]]

    def move(self, place: int, to: int) -> None:
        identity = list(self.rows)[place]
        self._put(identity, self.rows.pop(identity), to)

    def change(self, place: int, text: str) -> None:
        identity = list(self.rows)[place]
        self.rows[identity] = text
        if self.order is Order.BY_CHANGE:
            self.move(place, len(self.rows))

    def _put(self, identity: str, text: str, place: int) -> None:
        if self.order is Order.BY_CHANGE:
            place = len(self.rows)
        before = list(self.rows.items())
        self.rows = dict([*before[:place], (identity, text), *before[place:]])


@dataclass(frozen=True)
class Ended:
    """What became of a fetch."""

    ids: list[str]
    contents: set[tuple[str, str]]
    error: ArkitError | None
    warned: tuple[type[Warning], ...]

    @property
    def sort(self) -> str:
        if self.error:
            return "error"
        return self.warned[0].__name__ if self.warned else "no doubt"


def fetch(listed: List, limit: int = pages.LIMIT) -> Ended:
    with warnings.catch_warnings(record=True, category=ArkitWarning) as heard:
        warnings.simplefilter("always")
        try:
            table = pages.collect(listed, GRAIN, id_column="id", where="search", limit=limit)
        except ContractError as error:
            return Ended([], set(), error, ())
    ids = table["id"].to_pylist()
    contents = set(zip(ids, table["text"].to_pylist(), strict=True))
    return Ended(ids, contents, None, tuple(warning.category for warning in heard))


def keeps_the_promise(listed: List, limit: int = pages.LIMIT) -> Ended:
    """Fetch, and see that it ends, and that nothing is missing in silence, comes twice or was never there."""
    ended = fetch(listed, limit)
    assert listed.asked < 1_000
    if ended.error:
        assert ended.error.code in {"changing", "incomplete", "offset", "page"}
    assert ended.ids == sorted(set(ended.ids))
    assert ended.contents <= listed.contents
    if ended.sort not in {"error", UnprovedWarning.__name__}:
        assert listed.throughout <= set(ended.ids)
    return ended


def each_keeps_the_promise(numbers: range, made: Callable[[int], tuple[List, int]]) -> Counter[str]:
    """How so many schedules ended."""
    sorts: Counter[str] = Counter()
    for number in numbers:
        try:
            sorts[keeps_the_promise(*made(number)).sort] += 1
        except AssertionError as error:
            raise AssertionError(f"schedule {number}") from error
    return sorts


def changing(number: int, *, changes: bool = True) -> tuple[List, int]:
    """A list to which things happen between two requests, and the limit to read it with."""
    choose = random.Random(number)
    count = choose.choice([choose.randint(0, 12), choose.randint(0, 30), choose.randint(40, 65)])
    ids = [f"{10 * place:04d}" for place in range(count)]
    if choose.random() < 0.4:
        choose.shuffle(ids)
    cap = choose.randint(1, 3 if count > 30 else 7)
    rate = choose.choice([0.02, 0.05, 0.2, 0.6])
    lasts = choose.choice([5, 10, 20, 60, 10_000])

    def between(asked: int, listed: List) -> None:
        if changes and asked < lasts and choose.random() < rate:
            for _ in range(choose.choice([1, 1, 2, 3])):
                _do_something(choose, listed)

    listed = List(
        dict.fromkeys(ids, "old"),
        choose.choice([Order.BY_ID, Order.BY_ID, Order.OWN, Order.BY_CHANGE]),
        cap,
        choose.random() < 0.5,
        between,
    )
    return listed, choose.choice([cap, pages.LIMIT])


def _do_something(choose: random.Random, listed: List) -> None:
    size = len(listed.rows)
    what = choose.choice(["insert", "delete", "move", "change"])
    if what == "insert" or not size:
        identity = f"{choose.randint(0, 10 * size + 20):04d}"
        if identity not in listed.rows:
            listed.insert(identity, choose.randint(0, size))
    elif what == "delete":
        listed.delete(choose.randrange(size))
    elif what == "move":
        listed.move(choose.randrange(size), choose.randrange(size))
    else:
        listed.change(choose.randrange(size), f"changed {listed.asked}")


def replicated(number: int) -> tuple[List, int]:
    """A list of which each request meets another replica by turns; they lack records or have others."""
    choose = random.Random(number)
    count = choose.choice([choose.randint(3, 14), choose.randint(3, 30), choose.randint(30, 50)])
    ids = [f"{10 * place:04d}" for place in range(count)]
    if choose.random() < 0.6:
        choose.shuffle(ids)
    replicas = [_replica(choose, ids, name) for name in "abc"]
    turns = [choose.choice(replicas) for _ in range(choose.randint(1, 6))]

    def between(asked: int, listed: List) -> None:
        listed.rows = turns[asked % len(turns)]

    order, cap = choose.choice(list(Order)), choose.randint(2, 3 if count > 30 else 7)
    return List(turns[0], order, cap, choose.random() < 0.5, between), pages.LIMIT


def _replica(choose: random.Random, ids: list[str], name: str) -> dict[str, str]:
    held = list(ids)
    for _ in range(choose.choice([0, 1, 1, 2])):
        place = choose.randint(0, len(held))
        if choose.random() < 0.7:
            del held[place : place + choose.randint(1, 3)]
        else:
            held.insert(place, f"{choose.randint(0, 9_999):04d}{name}")
    return dict.fromkeys(held, "old")


def unstable(number: int) -> tuple[List, int]:
    """A list in no firm order: of records that the server takes for equal another comes first each time."""
    choose = random.Random(number)
    count = choose.choice([choose.randint(3, 30), choose.randint(30, 50)])
    ids = [f"{10 * place:04d}" for place in range(count)]
    turns = []
    for _ in range(choose.randint(2, 4)):
        held = list(ids)
        for _ in range(choose.choice([0, 1, 1, 2])):
            one, other = choose.randrange(count), choose.randrange(count)
            held[one], held[other] = held[other], held[one]
        turns.append(dict.fromkeys(held, "old"))

    def between(asked: int, listed: List) -> None:
        listed.rows = turns[asked % len(turns)]

    order, cap = choose.choice([Order.OWN, Order.BY_CHANGE]), choose.randint(2, 3 if count > 30 else 7)
    return List(turns[0], order, cap, choose.random() < 0.5, between), pages.LIMIT


@pytest.mark.parametrize("first", range(0, 6 * BATCH, BATCH))
def test_whatever_happens_meanwhile_nothing_is_missing_in_silence_and_nothing_comes_twice(first: int) -> None:
    sorts = each_keeps_the_promise(range(first, first + BATCH), changing)
    # Not by refusing everything: most lists can be read, and each way to end is met.
    assert sorts["no doubt"] > 0.5 * BATCH
    assert sorts.keys() == {"no doubt", "error", IncompleteWarning.__name__, UnprovedWarning.__name__}


@pytest.mark.parametrize("first", range(0, 3 * BATCH, BATCH))
def test_replicas_that_differ_let_no_record_slip_through_that_all_of_them_have(first: int) -> None:
    sorts = each_keeps_the_promise(range(first, first + BATCH), replicated)
    assert sorts["no doubt"] > 0.3 * BATCH
    assert sorts.keys() == {"no doubt", "error", IncompleteWarning.__name__, UnprovedWarning.__name__}


def test_an_order_that_is_not_firm_lets_no_record_slip_through() -> None:
    sorts = each_keeps_the_promise(range(BATCH), unstable)
    assert sorts.keys() >= {"no doubt", "error", UnprovedWarning.__name__}


def test_a_list_that_holds_still_is_read_whole_without_doubt_by_every_server() -> None:
    for number in range(BATCH):
        listed, limit = changing(number, changes=False)
        ended = fetch(listed, limit)
        assert (ended.sort, ended.ids) == ("no doubt", sorted(listed.rows)), f"schedule {number}"


def single_changes(size: int) -> Iterator[Callable[[List], object]]:
    """Every way in which one thing can happen to a list of that size."""
    for place in range(size + 1):
        for identity in ("000", "025", "999"):
            yield partial(List.insert, identity=identity, place=place)
    for place in range(size):
        yield partial(List.delete, place=place)
        yield partial(List.change, place=place, text="changed")
        for to in range(size):
            yield partial(List.move, place=place, to=to)


@pytest.mark.parametrize("order", Order)
def test_a_list_that_changes_once_whenever_and_however_is_read_without_doubt(order: Order) -> None:
    size = 5
    for cap, has_total, moment in itertools.product([1, 2, 3], [False, True], range(1, 13)):
        for change in single_changes(size):
            rows = {f"{10 * place:03d}": "old" for place in range(size)}

            def once(asked: int, listed: List, moment: int = moment, change: object = change) -> None:
                if asked == moment:
                    assert callable(change)
                    change(listed)

            ended = keeps_the_promise(List(rows, order, cap, has_total, once))
            assert ended.sort == "no doubt", (cap, has_total, moment, change)


def one_leaves(listed: List, place: int) -> None:
    listed.delete(place)


def two_leave(listed: List, place: int) -> None:
    listed.delete(place)
    listed.delete(place)


def one_leaves_and_the_last_but_one_comes_to_the_front(listed: List, place: int) -> None:
    listed.delete(place)
    listed.move(len(listed.rows) - 2, 0)


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("has_total", [False, True])
@pytest.mark.parametrize(
    "happens", [one_leaves, two_leave, one_leaves_and_the_last_but_one_comes_to_the_front]
)
def test_nothing_slips_through_between_two_of_very_many_pages(
    order: Order, has_total: bool, happens: Callable[[List, int], None]
) -> None:
    """Very many pages in the order of the ids may be read only once, if the order is the server's doing."""
    size, cap = 60, 3
    for place, moment in itertools.product(range(0, size - 1, 7), range(1, readings.MANY_PAGES + 10, 3)):

        def between(asked: int, listed: List, place: int = place, moment: int = moment) -> None:
            if asked == moment:
                happens(listed, place)

        rows = {f"{number:03d}": "old" for number in range(size)}
        listed = List(rows, order, cap, has_total, between)
        ended = keeps_the_promise(listed)
        assert listed.asked > readings.MANY_PAGES
        assert order is not Order.BY_ID or not ended.error
