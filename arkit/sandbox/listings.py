"""Which rows of a table a search means: how many there are, and where those of one page lie."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from .contract import Page


@dataclass(frozen=True)
class Listing:
    """The living rows of one table that meet every condition, in an order without ties.

    The conditions and the order are SQL of this package, the values come from the request.
    """

    table: str
    key: str
    conditions: list[str]
    values: list[object]
    order: str
    direction: str
    # Otherwise records that are equal in the order stand in that of their keys.
    has_ties_reversed: bool = False

    def total(self, connection: sqlite3.Connection) -> int:
        """How many rows there are; counting a million would cost more than a page does."""
        if self.conditions:
            query = f"SELECT COUNT(*) FROM {self.table} WHERE {self._where}"  # noqa: S608
        else:
            query = f"SELECT number FROM living WHERE name = '{self.table}'"  # noqa: S608
        total: int = connection.execute(query, self.values).fetchone()[0]
        return total

    def places(self, connection: sqlite3.Connection, page: Page, total: int) -> list[int]:
        """The rowids of a page.

        They are found apart from the rows, in an index if possible, so that what is skipped is never read;
        and from whichever end is nearer, since skipping takes time too.
        """
        count = max(min(page.limit, total - page.offset), 0)
        after = total - page.offset - count
        if page.offset <= after:
            return self._slice(connection, page.offset, count, from_end=False)
        return self._slice(connection, after, count, from_end=True)[::-1]

    @property
    def _where(self) -> str:
        return " AND ".join([f"{self.table}.deleted = 0", *self.conditions])

    def _slice(
        self, connection: sqlite3.Connection, skipped: int, count: int, *, from_end: bool
    ) -> list[int]:
        is_descending = (self.direction == "DESC") != from_end
        order = f"{self.order} {_direction(is_descending)}"
        ties = f"{self.table}.{self.key} {_direction(is_descending != self.has_ties_reversed)}"
        rows = connection.execute(
            f"SELECT {self.table}.rowid FROM {self.table} WHERE {self._where}"  # noqa: S608
            f" ORDER BY {order}, {ties} LIMIT ? OFFSET ?",
            (*self.values, count, skipped),
        )
        return [place for (place,) in rows]


def _direction(is_descending: bool) -> str:
    return "DESC" if is_descending else "ASC"


def rows_at(
    connection: sqlite3.Connection, table: str, selected: str, places: Sequence[int]
) -> sqlite3.Cursor:
    """Rows in the order of their places: a CROSS JOIN of SQLite keeps the loops as they are written."""
    return connection.execute(
        f"SELECT {selected} FROM json_each(?) AS place CROSS JOIN {table} ON {table}.rowid = place.value",  # noqa: S608
        (json.dumps(list(places)),),
    )
