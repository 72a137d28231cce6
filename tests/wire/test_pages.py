"""Pages put together, whatever the server makes of limit and offset: whole, or said not to be."""

import itertools
import json
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit import columns
from arkit.columns import INSTANT, PLAIN_TEXT, WHOLE_NUMBER, Grain
from arkit.errors import ArkitWarning, ContractError, IncompleteWarning, UnprovedWarning
from arkit.wire import pages, readings
from arkit.wire.records import Page, Reader
from arkit.wire.transport import Answer

Records = list[dict[str, Any]]

GRAIN = Grain(
    "things",
    {"id": PLAIN_TEXT, "amount": WHOLE_NUMBER, "name": PLAIN_TEXT, "modified_on": INSTANT},
    {"id": "id", "amount": "amount", "name": "name", "modified_on": "modifiedOn"},
)


def records(count: int) -> Records:
    return [{"id": f"R{number:05d}", "amount": number} for number in range(count)]


def table(known: Iterable[dict[str, Any]]) -> pa.Table:
    return columns.from_records(list(known), GRAIN)


def bare(page: Records, total: int) -> Any:
    return page


def in_object(page: Records, total: int) -> Any:
    return {"content": page, "totalPages": 1, "last": False}


def with_total(page: Records, total: int) -> Any:
    return {"customers": page, "totalCount": total, "limit": 1}


def with_total_of_the_first_page(page: Records, total: int) -> Any:
    return {"customers": page, "total": total} if page and page[0]["id"] == "R00000" else {"customers": page}


SHAPES = [bare, in_object, with_total, with_total_of_the_first_page]


class Server:
    """A search over records; each trait is a way in which servers differ."""

    def __init__(
        self,
        known: Records,
        shape: Any = with_total,
        *,
        cap: int = 5_000,
        knows_limit: bool = True,
        knows_offset: bool = True,
        knows_direction: bool = True,
        adds_one: bool = False,
        counts_pages: bool = False,
        repeats_last: bool = False,
    ) -> None:
        self.known, self.shape, self.cap = known, shape, cap
        self.knows_limit, self.knows_offset, self.knows_direction = knows_limit, knows_offset, knows_direction
        self.adds_one, self.counts_pages, self.repeats_last = adds_one, counts_pages, repeats_last
        self.asked: list[tuple[int, int]] = []
        self.meanwhile: dict[int, Callable[[], object]] = {}
        """What happens to the records just before the request of that number, the first being 1."""

    def __call__(self, limit: int, offset: int, *, descending: bool = False) -> Page:
        self.asked.append((limit, offset))
        assert len(self.asked) < 1_000
        if change := self.meanwhile.get(len(self.asked)):
            change()
        known = self.known[::-1] if descending and self.knows_direction else self.known
        size = (min(self.cap, limit) if self.knows_limit else self.cap) + self.adds_one
        start = offset * size if self.counts_pages else offset if self.knows_offset else 0
        if self.repeats_last and start >= len(known):
            start = max(0, len(known) - size)
        return read(self.shape(known[start : start + size], len(known)))


def read(payload: Any) -> Page:
    body = json.dumps({"payload": payload}).encode()
    return Reader(GRAIN, id_column="id", where="search").page(Answer(200, {}, body))


def collect(search: readings.Search, limit: int = 10, **options: Any) -> pa.Table:
    return pages.collect(search, GRAIN, id_column="id", where="search", limit=limit, **options)


@given(
    count=st.integers(0, 60),
    cap=st.integers(1, 25),
    limit=st.integers(1, 25),
    knows_limit=st.booleans(),
    adds_one=st.booleans(),
    knows_direction=st.booleans(),
    shape=st.sampled_from(SHAPES),
)
def test_every_record_comes_once_and_in_order_whatever_the_size_of_the_pages(
    count: int,
    cap: int,
    limit: int,
    knows_limit: bool,
    adds_one: bool,
    knows_direction: bool,
    shape: Any,
) -> None:
    server = Server(
        records(count),
        shape,
        cap=cap,
        knows_limit=knows_limit,
        adds_one=adds_one,
        knows_direction=knows_direction,
    )
    assert collect(server, limit).equals(table(records(count)))
    assert {asked for asked, _ in server.asked} <= {limit, 1}


@given(ids=st.lists(st.text("abcXYZ09", min_size=1, max_size=4), unique=True, max_size=25))
def test_the_order_is_by_id_though_the_server_knows_none(ids: list[str]) -> None:
    known = [{"id": each} for each in ids]
    server = Server(known, cap=4, knows_direction=False)
    assert collect(server)["id"].to_pylist() == sorted(ids)


def test_one_answer_that_holds_all_is_asked_for_once() -> None:
    server = Server(records(9))
    collect(server)
    assert server.asked == [(10, 0)]


def test_each_page_begins_with_the_last_record_of_the_page_before_and_all_is_read_twice() -> None:
    server = Server(records(25))
    collect(server)
    assert server.asked == [(10, 0), (10, 9), (10, 18)] * 2


def test_very_many_pages_in_the_order_of_the_ids_are_read_once_and_the_order_is_tried() -> None:
    server = Server(records(60), cap=3)
    collect(server)
    assert len(server.asked) == 30 + 1
    assert server.asked[-1] == (1, 0)


@pytest.mark.parametrize("is_shuffled", [False, True])
def test_very_many_pages_in_no_proved_order_are_read_twice(is_shuffled: bool) -> None:
    known = records(60)[::-1] if is_shuffled else records(60)
    server = Server(known, cap=3, knows_direction=False)
    assert collect(server).equals(table(records(60)))
    assert sum(asked == (10, 0) for asked in server.asked) == 2


def test_who_looks_on_is_told_how_many_came_and_are_expected() -> None:
    told: list[tuple[int, int | None]] = []
    collect(Server(records(25)), progress=lambda received, total: told.append((received, total)))
    assert told == [(10, 25), (19, 25), (25, 25)] * 2


@given(count=st.integers(2, 60), size=st.integers(2, 25), shape=st.sampled_from(SHAPES))
def test_a_server_that_repeats_its_last_page_for_ever_comes_to_an_end(
    count: int, size: int, shape: Any
) -> None:
    assert collect(Server(records(count), shape, repeats_last=True), size).equals(table(records(count)))


@pytest.mark.parametrize(("count", "size"), [(30, 1), (1, 10)])
def test_one_record_that_comes_again_and_again_shows_no_end(count: int, size: int) -> None:
    with pytest.warns(UnprovedWarning, match="nothing shows where the list ends"):
        assert collect(Server(records(count), bare, repeats_last=True), size).equals(table(records(count)))


@pytest.mark.parametrize("shape", SHAPES[:2])
@pytest.mark.parametrize(("cap", "came"), [(10, 10), (30, 30), (50, 30)])
def test_a_server_that_knows_no_offset_and_no_total_is_doubted(shape: Any, cap: int, came: int) -> None:
    server = Server(records(30), shape, cap=cap, knows_limit=False, knows_offset=False)
    with pytest.warns(UnprovedWarning, match="there may be more"):
        assert collect(server).equals(table(records(came)))
    assert len(server.asked) == 4


@pytest.mark.parametrize("shape", SHAPES[2:])
def test_fewer_records_than_the_server_counts_break_the_contract(shape: Any) -> None:
    with pytest.raises(ContractError, match=r"10 records came, and the server counts 30") as caught:
        collect(Server(records(30), shape, cap=10, knows_offset=False))
    assert (caught.value.code, caught.value.exit_code) == ("incomplete", 9)


@pytest.mark.parametrize("counts_on", [range(100), range(1)])
def test_a_server_that_stops_too_early_breaks_the_contract(counts_on: range) -> None:
    def search(limit: int, offset: int, *, descending: bool = False) -> Page:
        total = {"totalCount": 31} if offset in counts_on else {}
        return read({"customers": records(30)[offset : offset + limit], **total})

    with pytest.raises(ContractError, match="counts 31"):
        collect(search)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cap", [2, 10])
def test_an_offset_that_counts_pages_breaks_the_contract(shape: Any, cap: int) -> None:
    with pytest.raises(ContractError) as caught:
        collect(Server(records(95), shape, cap=cap, counts_pages=True))
    assert caught.value.code in ("offset", "incomplete")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_record_put_in_before_the_offset_is_there_and_no_other_comes_twice(shape: Any) -> None:
    server = Server(records(25), shape)
    new = {"id": "Q00000", "amount": 1}
    server.meanwhile[2] = lambda: server.known.insert(0, new)
    assert collect(server).equals(table([new, *records(25)]))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("gone", [0, 5, 8])
def test_a_record_taken_out_before_the_offset_lets_no_other_slip_through(shape: Any, gone: int) -> None:
    server = Server(records(25), shape)
    server.meanwhile[2] = lambda: server.known.pop(gone)
    whole = records(25)
    assert collect(server).equals(table(whole[:gone] + whole[gone + 1 :]))


def test_a_large_gap_is_closed_in_few_steps() -> None:
    server = Server(records(500), bare, cap=20)

    def shrink() -> None:
        del server.known[:300]

    server.meanwhile[20] = shrink
    assert collect(server, 20).equals(table(records(500)[300:]))
    readings_of_200, steps = 2 * 11, 10
    assert len(server.asked) <= 20 + steps + 11 + readings_of_200


def test_a_count_that_changes_while_very_many_pages_are_read_lets_them_be_read_again() -> None:
    server = Server(records(60), with_total, cap=3)
    server.meanwhile[10] = server.known.pop
    assert collect(server).equals(table(records(59)))
    assert sum(asked == (10, 0) for asked in server.asked) == 2


def test_records_that_always_come_twice_are_kept_once_and_counted() -> None:
    """A server whose pages overlap by three, always in the same way."""
    shape: Any = with_total

    def overlapping(limit: int, offset: int, *, descending: bool = False) -> Page:
        start = max(0, offset - 2)
        return read(shape(records(20)[start : start + limit], 20))

    with pytest.warns(IncompleteWarning, match=r"\d records came twice and are kept once"):
        assert collect(overlapping).equals(table(records(20)))
    shape = bare
    with pytest.warns(UnprovedWarning, match=r"\d records came twice, so others may have been passed over"):
        assert collect(overlapping).equals(table(records(20)))


def test_replicas_that_count_alike_and_hide_a_record_break_the_contract() -> None:
    """By turns there are the records 6 to 1, and 4 to 1 with two others: the third is on no page."""
    one = [{"id": each} for each in ("R6", "R5", "R4", "R3", "R2", "R1")]
    other = [{"id": each} for each in ("R4", "R3", "R2", "R1", "S2", "S1")]
    turns = itertools.cycle([one, other, one])

    def search(limit: int, offset: int, *, descending: bool = False) -> Page:
        return read(with_total(next(turns)[offset : offset + 3], 6))

    with pytest.raises(ContractError, match="changes faster than it can be read"):
        collect(search)


def test_a_record_that_came_into_a_page_already_read_stands_in_its_place() -> None:
    """Two records go and come back meanwhile, so that the reading steps back and finds a new one between."""
    ids = [f"R{number:02d}" for number in range(10, 99, 10)]
    before, without, after = ids, ids[2:], sorted([*ids, "R45"])
    known = before

    def search(limit: int, offset: int, *, descending: bool = False) -> Page:
        nonlocal known
        if not descending:
            known = {0: before, 4: without if known is before else known, 1: after}.get(offset, known)
        listed = known[::-1] if descending else known
        return read([{"id": each} for each in listed[offset : offset + 3]])

    with pytest.warns(IncompleteWarning, match="the list changed while it was read"):
        assert collect(search)["id"].to_pylist() == after


@pytest.mark.parametrize("place", [1, 12])
@pytest.mark.parametrize("change", [{"amount": -1}, {"name": "new"}])
def test_one_id_with_two_contents_breaks_the_contract(place: int, change: dict[str, Any]) -> None:
    known = records(20)
    known[place] = {**known[0], **change}
    with pytest.raises(ContractError, match="different content"):
        collect(Server(known, in_object))
    with pytest.raises(ContractError, match="19 records came, and the server counts 20"):
        collect(Server(known, with_total))


def test_a_record_that_was_changed_between_two_pages_is_read_again() -> None:
    """It was the last of a page and begins the next; nothing says which of the two is the newer."""
    server = Server(records(25))
    server.meanwhile[2] = lambda: server.known[9].update(amount=-1)
    (row,) = [row for row in collect(server).to_pylist() if row["id"] == "R00009"]
    assert row["amount"] == -1


@pytest.mark.parametrize("moment", range(1, 8))
def test_what_was_changed_together_is_never_read_half_as_before(moment: int) -> None:
    """A record of the first page and one of the last, wherever the two readings are by then."""
    server = Server(records(25))

    def change() -> None:
        for place in (1, 24):
            server.known[place] = {**server.known[place], "name": "changed"}

    server.meanwhile[moment] = change
    names = collect(server)["name"].to_pylist()
    assert names[1] == names[24]


@pytest.mark.parametrize("newest", [0, 1])
def test_of_a_record_that_comes_with_two_contents_the_newest_is_kept(newest: int) -> None:
    """A list that grows by a record before each request, so that every page brings one of before again."""
    count = 0

    def search(limit: int, offset: int, *, descending: bool = False) -> Page:
        nonlocal count
        count += 1
        amount = count % 2
        hour = 11 if amount == newest else 10
        record = {"id": "R1", "amount": amount, "modifiedOn": f"2026-09-30T{hour}:00:00Z"}
        known = [*({"id": f"A{number:03d}"} for number in range(count)), record, {"id": "R2"}]
        known = known[::-1] if descending else known
        return read(known[offset : offset + 4])

    with pytest.warns(IncompleteWarning, match="the list changed while it was read"):
        rows = collect(search).to_pylist()
    assert [row["amount"] for row in rows if row["id"] == "R1"] == [newest]


def test_a_list_that_never_holds_still_breaks_the_contract() -> None:
    server = Server(records(25), bare, knows_direction=False)
    server.meanwhile = dict.fromkeys(range(1, 1_000), lambda: server.known.insert(0, server.known.pop()))
    with pytest.raises(ContractError, match="changes faster than it can be read") as caught:
        collect(server)
    assert caught.value.code == "changing"


def test_a_list_in_order_that_never_holds_still_is_whole_and_doubted() -> None:
    server = Server(records(25), bare)
    server.meanwhile = dict.fromkeys(
        range(1, 1_000), lambda: server.known.insert(0, {"id": f"A{999 - len(server.known):05d}"})
    )
    with pytest.warns(IncompleteWarning, match="what came or went meanwhile may be here or not"):
        ids = collect(server)["id"].to_pylist()
    assert ids[-25:] == [record["id"] for record in records(25)]
    assert ids == sorted(set(ids))


def test_a_server_without_end_is_left() -> None:
    def numbered_for_ever(limit: int, offset: int, *, descending: bool = False) -> Page:
        return Page(pa.table({"id": pa.array([f"R{offset}"], columns.TEXT)}), [f"R{offset}"], None)

    with pytest.raises(ContractError, match=f"more than {readings.MOST_PAGES} pages"):
        collect(numbered_for_ever)


def test_an_honest_server_is_not_doubted() -> None:
    with warnings.catch_warnings(record=True, category=ArkitWarning) as heard:
        for shape in SHAPES:
            collect(Server(records(25), shape))
    assert heard == []
