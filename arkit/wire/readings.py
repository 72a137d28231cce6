"""One way through the pages of a search, and what can be said of it afterwards."""

import warnings
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import Any, Protocol

from pyarrow import Table
from pyarrow import compute as pc

from arkit import columns
from arkit.columns import Grain
from arkit.errors import ContractError, IncompleteWarning, UnprovedWarning
from arkit.wire.interrupted import Rest
from arkit.wire.records import Page, broken

MOST_PAGES = 10_000
MANY_PAGES = 20
MOST_STEPS_BACK = 40
"""In a row without news. Each goes twice as far as the one before, so few lead to the start of any list."""
MODIFIED = "modified_on"


class Search(Protocol):
    """Asks for one page, in ascending or descending order of the ids."""

    def __call__(self, limit: int, offset: int, *, descending: bool = False) -> Page: ...


Progress = Callable[[int, int | None], object]


class Reading:
    """One way through the pages of a search.

    Attributes:
        pages: how many were asked for.
        is_moved: something shows that the list changed between two pages.
    """

    def __init__(self, grain: Grain, *, id_column: str, where: str) -> None:
        self.pages = 0
        self.is_moved = False
        self._grain, self._id_column, self._where = grain, id_column, where
        self._tables: list[Table] = []
        self._starts: list[int] = []
        self._count = 0
        self._rows: dict[str, int] = {}
        self._outdated: set[int] = set()
        self._position = 0
        self._last = ""
        self._highest = ""
        self._largest = 0
        self._total: int | None = None
        self._repeated = 0
        self._clashes = 0
        self._taken_over = 0
        self._trace: list[tuple[int, int | None, list[str]]] = []
        self._is_ordered = True
        self._is_sorted = True
        self._is_end_shown = False
        self._is_cut_off = False
        self._is_torn = False

    @property
    def is_clean(self) -> bool:
        """Whether nothing speaks against its being one whole list."""
        is_whole = self._total is None or len(self._rows) >= self._total
        return is_whole and self._is_end_shown and not (self.is_moved or self._repeated or self._clashes)

    def is_proof(self, search: Search) -> bool:
        """Whether it needs no second reading: one answer is one moment, and an order by id leaves no gap."""
        if not self.is_clean:
            return False
        return self.pages == 1 or (self.pages > MANY_PAGES and self._is_in_order_of(search))

    def confirms(self, before: "Reading") -> bool:
        """Whether both are clean and found the same records with the same content."""
        return self.is_clean and before.is_clean and self._holds_the_same(before)

    def goes_like(self, before: "Reading") -> bool:
        """Whether every page was answered as before: what is odd about it is then the server's way."""
        return self._signs() == before._signs() and self._holds_the_same(before)

    def read(self, search: Search, limit: int, progress: Progress) -> None:
        """Read to the end."""
        back = steps_back = 0
        while self.pages < MOST_PAGES:
            overlap = 1 if self._largest > 1 else 0
            offset = max(0, self._position - overlap - back)
            page = search(limit, offset)
            self.pages += 1
            self._trace.append((offset, page.total, page.ids[:1] + page.ids[-1:]))
            self._note_total(page.total)
            if not page.ids or steps_back == MOST_STEPS_BACK:
                self._is_end_shown = not page.ids and not (offset and overlap)
                self._is_cut_off = not self._is_end_shown
                return
            if self._is_ordered and offset and page.ids[0] > self._last and overlap:
                # Records before it were removed. In an order by id the gap can be closed from behind.
                self.is_moved = True
                back = 2 * back + 1
                steps_back += 1
                continue
            if overlap and page.ids[0] != self._last:
                self.is_moved = True
                self._is_torn |= self._last not in page.ids
            news = self._add(page, offset)
            progress(len(self._rows), self._total)
            if not news and not (back and offset):
                self._is_cut_off = back > 0
                self._is_end_shown = len(page.ids) < self._largest
                return
            back, steps_back = 0, 0 if news else steps_back
            if self._is_end_by_total(len(page.ids), limit):
                self._is_end_shown = True
                return
        raise broken(f"more than {MOST_PAGES} pages came.", self._where)

    def rest(self) -> Rest | None:
        """What was read so far, for another reading to go on after; None if that would gain little."""
        is_worth_it = self.pages > MANY_PAGES and self._is_ordered
        return Rest(self._table(), self._position) if is_worth_it else None

    def go_on_after(self, rest: Rest) -> None:
        """Take over what an earlier reading had read."""
        ids = rest.table[self._id_column].to_pylist()
        self._add(Page(rest.table, ids, None), rest.position - len(ids))
        self.pages = MANY_PAGES + 1
        self._largest = 2
        self._taken_over = len(ids)

    def result(self) -> Table:
        """The records, each once, by ascending id; warns of those from before an interruption."""
        if self._taken_over:
            text = f"{self._taken_over} records were read before an interruption and are as they were then."
            warnings.warn(IncompleteWarning(f"{self._where}: {text}"), stacklevel=3)
        return self._table()

    def _table(self) -> Table:
        tables = self._tables or [columns.from_records([], self._grain)]
        table = columns.concatenated(tables, self._grain)
        if self._outdated:
            table = table.take([row for row in range(len(table)) if row not in self._outdated])
        if self._is_ordered and self._is_sorted:
            return table
        return table.take(pc.sort_indices(table[self._id_column]))

    def doubtful_result(self, search: Search, *, is_habit: bool) -> Table:
        """The records with a warning, if they can be had at all; see `collect` for its errors."""
        if self._is_cut_off:
            raise self._broken(
                "offset counts pages on this server, or the list shrinks all the time.", "offset"
            )
        if self._total is not None and len(self._rows) < self._total:
            came = f"{len(self._rows)} records came, and the server counts {self._total}."
            raise self._broken(came, "incomplete")
        if self._clashes:
            raise self._broken("one record came twice with different content.", "page")
        if not self._is_end_shown:
            text = "nothing shows where the list ends, so there may be more than these records."
            warnings.warn(UnprovedWarning(f"{self._where}: {text}"), stacklevel=3)
        elif is_habit and not self._is_torn and self._is_counted():
            text = f"{self._repeated} records came twice and are kept once."
            warnings.warn(IncompleteWarning(f"{self._where}: {text}"), stacklevel=3)
        elif self._is_in_order_of(search):
            text = "the list changed while it was read; what came or went meanwhile may be here or not."
            warnings.warn(IncompleteWarning(f"{self._where}: {text}"), stacklevel=3)
        elif is_habit and not self._is_torn:
            text = f"{self._repeated} records came twice, so others may have been passed over."
            warnings.warn(UnprovedWarning(f"{self._where}: {text}"), stacklevel=3)
        else:
            raise self._broken("the list changes faster than it can be read.", "changing")
        return self.result()

    def _signs(self) -> tuple[Any, ...]:
        """What was odd about it, and what each page began and ended with."""
        return self.is_moved, self._repeated, self._clashes, self._trace

    def _holds_the_same(self, other: "Reading") -> bool:
        if self._rows.keys() != other._rows.keys():
            return False
        mine, others = self._table(), other._table()
        names = mine.column_names
        return set(names) == set(others.column_names) and mine.equals(others.select(names))

    def _note_total(self, total: int | None) -> None:
        if total is not None:
            self.is_moved |= self._total is not None and self._total != total
            self._total = total

    def _add(self, page: Page, offset: int) -> int:
        """Keep what is new on a page; how many records that is."""
        ids, last = page.ids, self._last
        first_places = dict(zip(reversed(ids), reversed(range(len(ids))), strict=True))
        self._is_ordered &= ids == sorted(first_places)
        news = sorted(place for identity, place in first_places.items() if identity not in self._rows)
        self._keep(page, news)
        repeats = sorted(set(range(len(ids))).difference(news))
        self._repeated += len(repeats) - (ids[0] == last)
        self._keep(page, [place for place in repeats if self._is_newer(page, place)])
        self._last = ids[-1]
        self._position = offset + len(ids)
        self._largest = max(self._largest, len(ids))
        return len(news)

    def _keep(self, page: Page, places: Sequence[int]) -> None:
        if not places:
            return
        first = places[0]
        self._is_sorted &= page.ids[first] > self._highest
        self._highest = max(self._highest, page.ids[places[-1]])
        is_tail = len(page.ids) - first == len(places)
        self._tables.append(page.table.slice(first) if is_tail else page.table.take(places))
        self._starts.append(self._count)
        self._rows.update(zip((page.ids[place] for place in places), count(self._count), strict=False))
        self._count += len(places)

    def _is_newer(self, page: Page, place: int) -> bool:
        """Whether a record that came again replaces the one known; a clash if neither is the newer."""
        row = self._rows[page.ids[place]]
        number = bisect_right(self._starts, row) - 1
        known = _members(self._tables[number], row - self._starts[number])
        again = _members(page.table, place)
        if _are_alike(again, known):
            return False
        self.is_moved = True
        if known.get(MODIFIED) == again.get(MODIFIED) or not (MODIFIED in known and MODIFIED in again):
            self._clashes += 1
            return False
        if again[MODIFIED] < known[MODIFIED]:
            return False
        self._outdated.add(row)
        return True

    def _is_end_by_total(self, size: int, limit: int) -> bool:
        """A count that is reached by a page with room left; one that is full may be all that was counted."""
        return len(self._rows) == self._total and size < (limit if self.pages == 1 else self._largest)

    def _is_counted(self) -> bool:
        """Whether as many records came as the server counted all the time."""
        return {total for _, total, _ in self._trace if total is not None} == {len(self._rows)}

    def _is_in_order_of(self, search: Search) -> bool:
        """Whether the server orders by id: then the list upside down begins with the last id."""
        if not self._is_ordered or self._largest == 1:
            return False
        ids = search(1, 0, descending=True).ids
        return bool(ids) and ids[0] >= max(self._rows, default="")

    def _broken(self, message: str, code: str) -> ContractError:
        return ContractError(
            message,
            code=code,
            where=self._where,
            server_state="known",
            next_step="Fetch again; if it stays so, the server's search has another shape than known.",
        )


def _members(table: Table, row: int) -> dict[str, Any]:
    (members,) = table.slice(row, 1).to_pylist()
    return {name: value for name, value in members.items() if value is not None}


def _are_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(_is_one_value(one[name], other[name]) for name in one)


def _is_one_value(one: Any, other: Any) -> bool:
    """Whether two values are the same; a number or a flag is text on a page that has both in one member."""
    if isinstance(one, str) == isinstance(other, str):
        return bool(one == other)
    text, value = (one, other) if isinstance(one, str) else (other, one)
    if isinstance(value, bool):
        return bool(text == str(value).lower())
    try:
        return bool(Decimal(text) == value)
    except InvalidOperation:
        return False
