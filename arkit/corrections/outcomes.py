"""What became of each row of a plan, proved by reading back."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from arkit.corrections import files
from arkit.corrections.headers import REASON_COLUMN
from arkit.corrections.journal import Row
from arkit.corrections.kinds import FIELDS, KEY
from arkit.corrections.schemas import CLEAR
from arkit.corrections.states import UNSETTLED, State

ROW_COLUMNS = ["source_row", "key", "state", "reason", "before", "target"]
UNDONE = frozenset({State.FAILED, State.CONFLICT, State.STALE})


@dataclass(frozen=True)
class Outcome:
    """The rows of a plan after an upload.

    Attributes:
        was_active: whether there was anything left to do when it began.
        trouble: why the upload could not go on, as one sentence; empty if it could.
    """

    plan_id: str
    records: list[Row] = field(repr=False)
    was_active: bool = True
    trouble: str = ""

    @property
    def rows(self) -> pd.DataFrame:
        """One row per row of the plan, in the order of the file.

        Columns: source_row, key, state, reason, and before and target as dicts of the fields touched.
        """
        return pd.DataFrame(
            [
                (row.source_row, row.key, row.state.value, row.reason, dict(row.before), dict(row.target))
                for row in self.records
            ],
            columns=ROW_COLUMNS,
        ).astype({"source_row": "int64"})

    @property
    def counts(self) -> dict[str, int]:
        """Rows by state; the sum is the number of rows of the plan."""
        return count(self.records)

    @property
    def exit_code(self) -> int:
        """0 all proved, 5 some in doubt or not sent, 6 some need a person, 4 some failed."""
        states = {row.state for row in self.records}
        if states & UNSETTLED:
            return 5
        if states & {State.CONFLICT, State.STALE}:
            return 6
        if State.FAILED in states:
            return 4
        return 5 if State.PLANNED in states else 0

    def failed_rows_file(self, path: Path | str) -> int:
        """Write the rows that were not done, with their reasons, as a CSV to be mended and checked again.

        Returns:
            How many rows it holds; without any no file is written.

        Raises:
            DiskError: the file cannot be written.
        """
        undone = [row for row in self.records if row.state in UNDONE]
        fields = [name for name in FIELDS if any(name in row.target for row in undone)]
        lines = [[row.key, *(_cell(row, name) for name in fields), row.reason] for row in undone]
        if lines:
            files.write_csv(Path(path), [[KEY, *fields, REASON_COLUMN], *lines])
        return len(lines)

    def __repr__(self) -> str:
        states = " · ".join(f"{number} {state}" for state, number in self.counts.items())
        return f"<arkit outcome of plan …{self.plan_id[-6:]} · {states}>"


def _cell(row: Row, name: str) -> str:
    value = row.target.get(name, "")
    return CLEAR if value is None else value


def count(rows: list[Row]) -> dict[str, int]:
    """Rows by state, in the order in which a row passes the states; states without rows are absent."""
    numbers = Counter(row.state for row in rows)
    return {state.value: numbers[state] for state in State if numbers[state]}
