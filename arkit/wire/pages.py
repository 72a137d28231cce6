"""Pages of a search, put together so that the whole is complete or says that it is not.

The API knows a limit and an offset and nothing else, so a list can change between two of its pages. Against
that stand three things:

* Each page begins with the last record of the page before; another record in its place shows that the list
  moved.
* A set of several pages is read twice, and taken when both readings agree.
* A set of very many pages is read once if the server shows that it orders them by id. Then a page that begins
  at or before the last id leaves no gap behind, whatever was added or removed meanwhile.
"""

import warnings
from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Protocol

from pyarrow import Table
from pyarrow import compute as pc

from arkit import columns
from arkit.columns import Grain
from arkit.errors import ContractError, IncompleteWarning, UnprovedWarning
from arkit.wire.records import Page, broken

LIMIT = 5_000
MOST_PAGES = 10_000
MOST_READINGS = 5
MANY_PAGES = 20
MODIFIED = "modified_on"


class Search(Protocol):
    """Asks for one page, in ascending or descending order of the ids."""

    def __call__(self, limit: int, offset: int, *, descending: bool = False) -> Page: ...


Progress = Callable[[int, int | None], object]


def collect(
    search: Search,
    grain: Grain,
    *,
    id_column: str,
    where: str,
    limit: int = LIMIT,
    progress: Progress = lambda received, total: None,
) -> Table:
    """All records of a search, each once, in ascending order of their ids.

    The next page is asked for by the records received, since a server may send fewer than asked. Warns with
    `IncompleteWarning` if the list would not hold still, though nothing that was there throughout is missing,
    and with `UnprovedWarning` if nothing shows where it ends: that may be a server that knows no offset and
    has more than it showed.

    Args:
        progress: is told after each page how many records came, and the server's count if it names one.

    Raises:
        ContractError: an answer has another shape, fewer records came than the server counts, one id stands
            for two different records, or the list changes too fast to be read.
    """
    before: Reading | None = None
    for _ in range(MOST_READINGS):
        reading = Reading(grain, id_column=id_column, where=where)
        reading.read(search, limit, progress)
        if reading.is_proof(search) or (before and reading.confirms(before)):
            return reading.result()
        is_habit = before is not None and reading.goes_like(before)
        if is_habit or (before and reading.pages > MANY_PAGES):
            break
        before = reading
    return reading.doubtful_result(search, is_habit=is_habit)


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
        self._largest = 0
        self._total: int | None = None
        self._repeated = 0
        self._clashes = 0
        self._trace: list[tuple[int, int | None, list[str]]] = []
        self._is_ordered = True
        self._is_sorted = True
        self._is_end_shown = False
        self._is_cut_off = False

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
        return self._trace == before._trace and self._holds_the_same(before)

    def read(self, search: Search, limit: int, progress: Progress) -> None:
        """Read to the end."""
        back = 0
        while self.pages < MOST_PAGES:
            overlap = 1 if self._largest > 1 else 0
            offset = max(0, self._position - overlap - back)
            page = search(limit, offset)
            self.pages += 1
            self._trace.append((offset, page.total, page.ids[:1] + page.ids[-1:]))
            self._note_total(page.total)
            if not page.ids:
                self._is_end_shown = not offset or not overlap
                self._is_cut_off = not self._is_end_shown
                return
            if self._is_ordered and offset and page.ids[0] > self._last and overlap:
                # Records before it were removed. In an order by id the gap can be closed from behind.
                self.is_moved = True
                back = 2 * back + 1
                continue
            if overlap and page.ids[0] != self._last:
                self.is_moved = True
            news = self._add(page, offset)
            progress(len(self._rows), self._total)
            if news or (back and offset):
                back = 0
            else:
                self._is_cut_off = back > 0
                self._is_end_shown = page.ids[-1] == self._last and len(page.ids) < self._largest
                return
            if self._is_end_by_total(len(page.ids), limit):
                self._is_end_shown = True
                return
        raise broken(f"more than {MOST_PAGES} pages came.", self._where)

    def result(self) -> Table:
        """The records, each once, in ascending order of their ids."""
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
        elif is_habit:
            text = f"{self._repeated} records came twice and are kept once."
            warnings.warn(IncompleteWarning(f"{self._where}: {text}"), stacklevel=3)
        elif self._is_in_order_of(search):
            text = "the list changed while it was read; what came or went meanwhile may be here or not."
            warnings.warn(IncompleteWarning(f"{self._where}: {text}"), stacklevel=3)
        else:
            raise self._broken("the list changes faster than it can be read.", "changing")
        return self.result()

    def _holds_the_same(self, other: "Reading") -> bool:
        if self._rows.keys() != other._rows.keys():
            return False
        mine, others = self.result(), other.result()
        names = mine.column_names
        return set(names) == set(others.column_names) and mine.equals(others.select(names))

    def _note_total(self, total: int | None) -> None:
        if total is not None:
            self.is_moved |= self._total is not None and self._total != total
            self._total = total

    def _add(self, page: Page, offset: int) -> int:
        """Keep what is new on a page; how many records that is."""
        ids = page.ids
        self._is_ordered &= all(first < second for first, second in pairwise(ids))
        news: list[int] = []
        for place, identity in enumerate(ids):
            row = self._rows.get(identity)
            if row is None or self._is_newer(page.table.slice(place, 1), row):
                self._rows[identity] = self._count + len(news)
                news.append(place)
            if row is not None and not (place == 0 and identity == self._last):
                self._repeated += 1
        if news:
            self._is_sorted &= ids[news[0]] > self._last
            is_tail = len(ids) - news[0] == len(news)
            self._tables.append(page.table.slice(news[0]) if is_tail else page.table.take(news))
            self._starts.append(self._count)
            self._count += len(news)
        self._last = ids[-1]
        self._position = offset + len(ids)
        self._largest = max(self._largest, len(ids))
        return len(news)

    def _is_newer(self, record: Table, row: int) -> bool:
        """Whether a record that came again replaces the one in the row; a clash if neither is the newer."""
        place = bisect_right(self._starts, row) - 1
        known = _members(self._tables[place].slice(row - self._starts[place], 1)) if place >= 0 else {}
        again = _members(record)
        if again == known:
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


def _members(record: Table) -> dict[str, Any]:
    (members,) = record.to_pylist()
    return {name: value for name, value in members.items() if value is not None}
