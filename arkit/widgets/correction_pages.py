"""The pages of the correction screen up to the sending: file, check, review."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as ipw
import pandas as pd

from arkit.corrections.checks import Check
from arkit.corrections.plans import CONFIRMED_CHARACTERS, Plan
from arkit.widgets import downloads, markup, masks, uploads
from arkit.widgets.tables import Table, button

Guarded = Callable[[Callable[..., Any]], Callable[..., Any]]
Values = Mapping[Any, Any]

WIDE = {"description_width": "initial"}
ABBREVIATIONS = re.compile(r"\b(pan|gstin|ifsc|pin|id)\b")


def words(name: str) -> str:
    """The short name of a rule or a state as people write it."""
    return ABBREVIATIONS.sub(lambda found: found[0].upper(), name.replace("_", " "))


class FilePage:
    """Which file: one that the browser hands over, or a path on the machine where the kernel runs."""

    def __init__(self, guarded: Guarded) -> None:
        self.upload = ipw.FileUpload(
            accept=".csv,.xlsx", multiple=False, description="Choose file", layout=ipw.Layout(width="auto")
        )
        self.path = ipw.Text(
            description="or a path on this machine",
            placeholder="corrections.xlsx",
            style=WIDE,
            layout=ipw.Layout(width="520px", max_width="100%"),
        )
        self.go = button("Check file", style="primary")
        self._chosen = ipw.HTML()
        limit = f"CSV or XLSX, up to {uploads.LIMIT_BYTES // 1_000_000} MB; give the path of anything larger."
        self.view = ipw.VBox(
            [
                ipw.HTML(
                    markup.block(markup.paragraph("A file of customer corrections."), markup.quiet(limit))
                ),
                ipw.HBox([self.upload, self._chosen], layout=ipw.Layout(align_items="center")),
                self.path,
                ipw.HBox([self.go]),
            ]
        )
        self.upload.observe(guarded(lambda _: self._uploaded()), "value")
        self.path.observe(guarded(lambda _: self._typed()), "value")

    def file(self, workspace: Path) -> Path:
        """The file that was named last; an upload is written into the workspace and leaves the widget.

        Raises:
            InputRefused: an upload is too large, or cannot be written.
        """
        for name, content in uploads.received(self.upload):
            # Given back: else the same file chosen again would be no news, and this one stay in the page.
            self.upload.value = ()
            return uploads.keep(workspace, name, content)
        return Path(self.path.value.strip().strip("\"'")).expanduser()

    @property
    def is_chosen(self) -> bool:
        """Whether there is a file to check."""
        return bool(self.upload.value or self.path.value.strip())

    def forget(self) -> None:
        """No file is chosen any more."""
        self.upload.value, self.path.value = (), ""

    def _uploaded(self) -> None:
        self._chosen.value = ""
        for name, content in uploads.received(self.upload):
            self.path.value = ""
            size = f"{uploads.label_of(name)}, {max(1, len(content) // 1_000):,} kB"
            self._chosen.value = markup.block(markup.sign("✓", size, "good"))

    def _typed(self) -> None:
        if self.path.value:
            self.upload.value = ()


class CheckPage:
    """What is wrong with the file; the way on is open only if nothing is."""

    def __init__(self, guarded: Guarded, show_values: ipw.Checkbox) -> None:
        self._show_values = show_values
        self._guarded = guarded
        self._summary = ipw.HTML()
        self._marked = ipw.HTML()
        self.proposals = ipw.Box(layout=ipw.Layout(flex_flow="row wrap"))
        self.on_accept: Callable[[list[str]], None] = lambda rules: None
        self.table: Table[Values] = Table(
            "Problems of the file",
            ["Row#", "Column", "Found", "Problem", "Proposed"],
            cells=self._cells,
            group=lambda problem: str(problem["rule"]),
            group_words=words,
            filter_label="Problems",
            guarded=guarded,
            beside=[show_values],
        )
        self.back = button("Back: another file")
        self.go = button("Next: review the changes", style="primary")
        self._boxes: dict[str, ipw.Checkbox] = {}
        self.view = ipw.VBox(
            [self._summary, self.proposals, self.table.view, self._marked, ipw.HBox([self.back, self.go])]
        )

    @property
    def accepted(self) -> list[str]:
        """The rules whose proposals are to be taken."""
        return [rule for rule, box in self._boxes.items() if box.value]

    def offer(self, checked: Check, marked: Path | None) -> None:
        """Offer the proposals of a check by rule, and the file with its bad cells marked."""
        self._boxes = {
            rule: ipw.Checkbox(
                description=f"Use the proposals: {words(rule)} ({count:,})",
                indent=False,
                layout=ipw.Layout(width="auto", margin="2px 24px 2px 0"),
            )
            for rule, count in checked.proposals.items()
        }
        for box in self._boxes.values():
            box.observe(self._guarded(lambda _: self.on_accept(self.accepted)), "value")
        self.proposals.children = tuple(self._boxes.values())
        self._marked.value = downloads.offered("Download your workbook with these cells marked", marked)

    def show(self, checked: Check) -> None:
        """Show what the check found."""
        warnings = len(checked.problems) - checked.errors
        figures = markup.cards(
            [
                (f"{checked.rows:,}", "rows", "plain"),
                (f"{checked.accepted_rows:,}", "accepted", "good"),
                (f"{checked.errors:,}", "errors", "bad" if checked.errors else "plain"),
                (f"{warnings:,}", "remarks", "odd" if warnings else "plain"),
            ]
        )
        verdict = (
            markup.sign("✓", "Every row can go into a plan. Nothing was sent.", "good")
            if checked.ok
            else markup.sign(
                "⚠", "Nothing was sent. Mend these rows in your file and choose it again.", "bad"
            )
        )
        by_rule = markup.facts({words(rule): number for rule, number in checked.counts.items()})
        name = markup.quiet(f"SHA-256 {checked.sha256[:8]}…")
        self._summary.value = markup.block(
            f"<p><b>{markup.escaped(checked.path.name)}</b> {name}</p>",
            figures,
            f"<p>{verdict}</p><p>{by_rule}</p>",
        )
        self.table.show(checked.problems.to_dict("records"))
        self.table.view.layout.display = "" if len(checked.problems) else "none"

    def _cells(self, problem: Values) -> list[str]:
        is_error = problem["severity"] == "error"
        column, value, repair = (str(problem[name]) for name in ("column", "value", "repair"))
        tone = "bad" if is_error else "odd"
        return [
            str(problem["source_row"]),
            markup.escaped(self._text(column)),
            markup.found(self._value(value, column.strip()), tone) if value else "",
            markup.sign("⚠" if is_error else "⚠ remark:", self._text(str(problem["message"])), tone),
            markup.escaped(self._value(repair, column.strip())),
        ]

    def _value(self, value: str, field: str) -> str:
        return value if self._show_values.value else masks.of_field(value, field)

    def _text(self, text: str) -> str:
        return text if self._show_values.value else masks.of_text(text)


class ReviewPage:
    """Every field before and after; what it takes to apply them."""

    def __init__(self, guarded: Guarded, show_values: ipw.Checkbox) -> None:
        self._show_values = show_values
        self._names: Mapping[str, str] = {}
        self._changes = 0
        self._needed = ""
        self._summary = ipw.HTML()
        self.table: Table[Values] = Table(
            "Changes before and after",
            ["Row#", "Customer", "Name", "Field", "Before", "After"],
            cells=self._cells,
            group=lambda change: str(change["field"]),
            group_words=str,
            filter_label="Fields",
            guarded=guarded,
            beside=[show_values],
        )
        self.reviewed = ipw.Checkbox(
            description="I have reviewed the changes", indent=False, layout=ipw.Layout(width="auto")
        )
        self.confirmed = ipw.Text(style=WIDE, layout=ipw.Layout(width="320px"))
        self.back = button("Back: another file")
        self.go = button("Apply")
        self.view = ipw.VBox(
            [
                self._summary,
                self.table.view,
                self.reviewed,
                self.confirmed,
                ipw.HBox([self.back, self.go]),
            ]
        )

    @property
    def is_agreed(self) -> bool:
        """Whether the changes may be applied: ticked, and typed where that is wanted."""
        return not self._changes or (
            self.reviewed.value and self.confirmed.value.strip().lower() == self._needed
        )

    def show(self, plan: Plan, names: Mapping[str, str], *, is_sandbox: bool) -> None:
        """Show a plan; `names` are the customers' names by id."""
        totals, short_id = plan.totals, plan.id[-CONFIRMED_CHARACTERS:]
        self._names, self._changes = names, totals["fields"]
        self._needed = "" if is_sandbox else short_id
        self.reviewed.value, self.confirmed.value = False, ""
        self.confirmed.description = f"Type {short_id} to confirm"
        self.confirmed.layout.display = "" if self._needed and self._changes else "none"
        self.reviewed.layout.display = self.table.view.layout.display = "" if self._changes else "none"
        self.go.description = (
            f"Apply {self._changes:,} changes" if self._changes else "Finish: nothing is to change"
        )
        self.go.button_style = "primary" if is_sandbox else "warning"
        figures = markup.cards(
            [
                (f"{totals['customers']:,}", "customers", "plain"),
                (f"{totals['fields']:,}", "fields", "plain"),
                (f"{plan.skipped_noop:,}", "already so", "plain"),
                (short_id, "plan", "plain"),
            ]
        )
        sent = markup.paragraph(
            "Nothing was sent yet. A customer that somebody else changes meanwhile is left alone."
        )
        by_field = markup.facts(totals["by_field"])
        control = f"<p>Control totals: {by_field}</p>" if by_field else ""
        self._summary.value = markup.block(figures, sent, control)
        self.table.show(plan.changes.to_dict("records"))

    def _cells(self, change: Values) -> list[str]:
        key, field = str(change["key"]), str(change["field"])
        return [
            str(change["source_row"]),
            markup.escaped(key),
            markup.escaped(self._names.get(key, "")),
            markup.escaped(field),
            f"<del>{self._value(change['before'], field)}</del>",
            f"<ins>{self._value(change['after'], field)}</ins>",
        ]

    def _value(self, value: Any, field: str) -> str:
        if pd.isna(value):
            return markup.quiet("(empty)")
        return markup.escaped(value if self._show_values.value else masks.of_field(str(value), field))
