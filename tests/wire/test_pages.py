"""Pages put together, whatever the server makes of limit and offset: whole, or said not to be."""

import warnings
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.errors import ContractError, IncompleteWarning
from arkit.wire import pages


def records(count: int) -> list[dict[str, Any]]:
    return [{"id": f"R{number:05d}", "amount": number} for number in range(count)]


def bare(page: Sequence[Any], total: int) -> Any:
    return page


def in_object(page: Sequence[Any], total: int) -> Any:
    return {"content": page, "totalPages": 1, "last": False}


def with_total(page: Sequence[Any], total: int) -> Any:
    return {"customers": page, "totalCount": total, "limit": 1}


def with_total_of_the_first_page(page: Sequence[Any], total: int) -> Any:
    return {"customers": page, "total": total} if page and page[0]["id"] == "R00000" else {"customers": page}


SHAPES = [bare, in_object, with_total, with_total_of_the_first_page]


class Server:
    """A search over records; each trait is a way in which servers differ."""

    def __init__(
        self,
        known: list[dict[str, Any]],
        shape: Any = with_total,
        *,
        cap: int = 5_000,
        knows_limit: bool = True,
        knows_offset: bool = True,
        repeats_last: bool = False,
    ) -> None:
        self.known, self.shape, self.cap = known, shape, cap
        self.knows_limit, self.knows_offset, self.repeats_last = knows_limit, knows_offset, repeats_last
        self.asked: list[tuple[int, int]] = []

    def __call__(self, limit: int, offset: int) -> Any:
        self.asked.append((limit, offset))
        assert len(self.asked) < 1_000
        size = min(self.cap, limit) if self.knows_limit else self.cap
        start = offset if self.knows_offset else 0
        if self.repeats_last and start >= len(self.known):
            start = max(0, len(self.known) - size)
        return self.shape(self.known[start : start + size], len(self.known))


def collect(page: Any, limit: int = 10) -> list[pages.Record]:
    return pages.collect(page, id_member="id", where="search", limit=limit)


@given(
    count=st.integers(0, 60),
    cap=st.integers(1, 25),
    limit=st.integers(1, 25),
    knows_limit=st.booleans(),
    shape=st.sampled_from(SHAPES),
)
def test_every_record_comes_once_and_in_order(
    count: int, cap: int, limit: int, knows_limit: bool, shape: Any
) -> None:
    server = Server(records(count), shape, cap=cap, knows_limit=knows_limit)
    assert collect(server, limit) == records(count)
    assert {asked for asked, _ in server.asked} == {limit}


def test_a_known_total_saves_the_empty_last_page() -> None:
    server = Server(records(20))
    collect(server)
    assert server.asked == [(10, 0), (10, 10)]


@given(count=st.integers(1, 60), size=st.integers(1, 25), shape=st.sampled_from(SHAPES[:2]))
def test_a_server_that_repeats_its_last_page_for_ever_comes_to_an_end_with_a_warning(
    count: int, size: int, shape: Any
) -> None:
    with pytest.warns(IncompleteWarning, match="no total"):
        assert collect(Server(records(count), shape, repeats_last=True), size) == records(count)


@pytest.mark.parametrize("shape", SHAPES[:2])
@pytest.mark.parametrize("cap", [10, 50])
def test_a_server_that_knows_no_offset_and_no_total_is_doubted(shape: Any, cap: int) -> None:
    server = Server(records(30), shape, cap=cap, knows_limit=False, knows_offset=False)
    with pytest.warns(IncompleteWarning, match="there may be more"):
        assert collect(server) == records(min(cap, 30))
    assert len(server.asked) == 2


@pytest.mark.parametrize("shape", SHAPES[2:])
def test_fewer_records_than_the_server_counts_break_the_contract(shape: Any) -> None:
    with pytest.raises(ContractError, match=r"10 records came, and the server counts 30") as caught:
        collect(Server(records(30), shape, cap=10, knows_offset=False))
    assert (caught.value.code, caught.value.exit_code) == ("incomplete", 9)


@pytest.mark.parametrize("counts_on", [range(100), range(1)])
def test_a_server_that_stops_too_early_breaks_the_contract(counts_on: range) -> None:
    def page(limit: int, offset: int) -> Any:
        total = {"totalCount": 31} if offset in counts_on else {}
        return {"customers": records(30)[offset : offset + limit], **total}

    with pytest.raises(ContractError, match="counts 31"):
        collect(page)


def test_the_same_record_on_two_pages_is_kept_once_and_told() -> None:
    def overlapping(limit: int, offset: int) -> Any:
        start = max(0, offset - 1)
        return {"customers": records(20)[start : start + limit], "totalCount": 20}

    with pytest.warns(IncompleteWarning, match="came twice"):
        assert collect(overlapping) == records(20)


@pytest.mark.parametrize("place", [1, 12])
@pytest.mark.parametrize("change", [{"amount": -1}, {"name": "new"}])
def test_one_id_with_two_contents_breaks_the_contract(place: int, change: dict[str, Any]) -> None:
    known = records(20)
    known[place] = {**known[0], **change}
    with pytest.raises(ContractError, match="different content"):
        collect(Server(known))


def numbered_for_ever(limit: int, offset: int) -> Any:
    return [{"id": f"R{offset}"}]


def test_a_server_without_end_is_left() -> None:
    with pytest.raises(ContractError, match=f"more than {pages.MAX_PAGES} pages"):
        collect(numbered_for_ever)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (None, "a NoneType came"),
        ("R1", "a str came"),
        (7, "a int came"),
        ({}, "0 arrays came"),
        ({"customers": None}, "0 arrays came"),
        ({"customers": [], "errors": []}, "2 arrays came"),
        ({"page": {"customers": []}}, "0 arrays came"),
        ([["R1"]], "a list came"),
        ([{"id": "R1"}, None], "a list came"),
        ([{"id": "R1"}, {"name": "Asha"}], "record 1 of a page has no id"),
        ([{"id": None}], "record 0 of a page has no id"),
        ([{"id": 7}], "record 0 of a page has no id"),
        ([{"id": "  "}], "record 0 of a page has no id"),
    ],
)
def test_any_other_shape_breaks_the_contract(payload: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message) as caught:
        collect(lambda limit, offset: payload)
    assert (caught.value.code, caught.value.server_state) == ("page", "known")


@pytest.mark.parametrize(
    ("beside", "total"),
    [
        ({}, None),
        ({"total": 3}, 3),
        ({"totalCount": 3}, 3),
        ({"total_count": 3}, 3),
        ({"totalElements": 3, "totalPages": 1}, 3),
        ({"totalPages": 1}, None),
        ({"totalAmount": 118_000}, None),
        ({"total": 3, "totalCount": 3}, None),
        ({"totalCount": -1}, None),
        ({"totalCount": "3"}, None),
        ({"totalCount": True}, None),
        ({"size": 3, "number": 0}, None),
    ],
)
def test_only_a_count_of_records_is_a_total(beside: dict[str, Any], total: int | None) -> None:
    assert pages.listed({"customers": records(3), **beside}, where="search") == (records(3), total)


def test_an_honest_server_is_not_doubted() -> None:
    with warnings.catch_warnings(record=True) as heard:
        for shape in SHAPES:
            collect(Server(records(25), shape))
    assert heard == []
