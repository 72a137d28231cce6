"""The pages of the correction screen from the sending on: apply, outcome."""

from collections.abc import Mapping
from pathlib import Path

import ipywidgets as ipw

from arkit.corrections.journal import Row
from arkit.corrections.outcomes import Outcome
from arkit.corrections.states import TERMINAL, UNSETTLED, State
from arkit.widgets import downloads, markup, masks
from arkit.widgets.correction_pages import Guarded
from arkit.widgets.tables import Table, button

STATES = {
    State.VERIFIED: ("verified", "good"),
    State.SKIPPED_NOOP: ("unchanged", "plain"),
    State.FAILED: ("failed", "bad"),
    State.CONFLICT: ("conflict", "bad"),
    State.STALE: ("changed by others", "odd"),
    State.IN_DOUBT: ("in doubt", "odd"),
    State.SENT: ("sent", "odd"),
    State.ACKNOWLEDGED: ("not yet proved", "odd"),
    State.PLANNED: ("not sent", "plain"),
}
"""What people call each state, in the order of the cards."""
DONE = frozenset({State.VERIFIED, State.SKIPPED_NOOP})


class ApplyPage:
    """How far the upload is."""

    def __init__(self) -> None:
        self.bar = ipw.IntProgress(layout=ipw.Layout(width="100%", max_width="640px"))
        self.stop = button("Stop")
        note = "The journal in the workspace holds the state of every row: closing this page loses nothing."
        self.view = ipw.VBox([self.bar, ipw.HBox([self.stop]), ipw.HTML(markup.block(markup.quiet(note)))])

    def begin(self, rows: int) -> None:
        """No row is settled yet."""
        self.stop.description = "Stop"
        self.bar.max, self.bar.value = max(1, rows), 0

    def tell(self, counts: Mapping[str, int]) -> str:
        """Move the bar to the number of settled rows; the counts in words."""
        self.bar.value = sum(number for state, number in counts.items() if state in TERMINAL)
        return " · ".join(
            f"{counts[state]:,} {name}" for state, (name, _) in STATES.items() if state in counts
        )


class OutcomePage:
    """What became of each row, and what is left to do."""

    def __init__(self, guarded: Guarded) -> None:
        self._summary = ipw.HTML()
        self._files = ipw.HTML()
        self.table: Table[Row] = Table(
            "Outcome of each row",
            ["Row#", "Customer", "State", "Fields", "Reason"],
            cells=self._cells,
            group=lambda row: row.state.value,
            group_words=lambda state: STATES[State(state)][0],
            filter_label="Rows",
            guarded=guarded,
        )
        self.go_on = button("Go on", style="primary")
        self.again = button("Correct with another file")
        self.view = ipw.VBox(
            [self._summary, self._files, self.table.view, ipw.HBox([self.go_on, self.again])]
        )

    def show(self, outcome: Outcome, folder: Path) -> None:
        """Show the outcome, rows that were not done first, and write what was not done into the folder.

        Raises:
            DiskError: the file of failed rows cannot be written.
        """
        counts = outcome.counts
        figures = markup.cards(
            (f"{counts[state]:,}", name, tone) for state, (name, tone) in STATES.items() if state in counts
        )
        trouble = markup.paragraph(outcome.trouble) if outcome.trouble else ""
        self._summary.value = markup.block(figures, f"<p>{_verdict(outcome)}</p>", trouble)
        left = sum(number for state, number in counts.items() if state not in TERMINAL)
        self.go_on.description = f"Go on with {left:,} open rows"
        self.go_on.layout.display = "" if left else "none"
        self.table.show(sorted(outcome.records, key=lambda row: row.state in DONE))
        self._files.value = ""
        self._files.value = _failed_rows(outcome, folder)

    def _cells(self, row: Row) -> list[str]:
        name, tone = STATES[row.state]
        return [
            str(row.source_row),
            markup.escaped(row.key),
            markup.sign("●", name, tone),
            markup.escaped(", ".join(row.target)),
            markup.escaped(masks.of_text(row.reason)),
        ]


def _verdict(outcome: Outcome) -> str:
    counts = outcome.counts
    doubtful = sum(counts.get(state, 0) for state in UNSETTLED)
    if doubtful:
        text = f"Not finished: of {doubtful:,} rows nobody knows yet whether the server did them."
        return markup.sign("⚠", text, "odd")
    if planned := counts.get(State.PLANNED, 0):
        return markup.sign("⚠", f"Not finished: {planned:,} rows were not sent.", "odd")
    if outcome.exit_code:
        text = "Finished, but not every row was done. The reasons stand in the table."
        return markup.sign("⚠", text, "bad")
    return markup.sign(
        "✓", "Done: every row was read back from the server and holds what was asked for.", "good"
    )


def _failed_rows(outcome: Outcome, folder: Path) -> str:
    path = folder / f"failed-rows-{outcome.plan_id[-6:]}.csv"
    folder.mkdir(mode=0o700, exist_ok=True)
    number = outcome.failed_rows_file(path)
    if not number:
        return ""
    return downloads.offered(f"Download failed rows ({number:,})", path)
