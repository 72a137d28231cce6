"""Results as text for a terminal; nothing here prints."""

import shutil
import textwrap
from collections.abc import Mapping
from pathlib import Path

from arkit.corrections.checks import Check
from arkit.corrections.kinds import FIELDS, KEY
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import Plan
from arkit.corrections.schemas import CLEAR
from arkit.doctor import Finding

MOST_LISTED = 25
REFUSED_LISTED = 12
NARROWEST = 24
NAME_WIDTH = 14
# Plans are made of corrections; new records are sent from Python.
SENDING = {
    "customer-create": "client.customers.bulk_create(...) in Python",
    "invoice-create": "client.invoices.bulk_create(...) in Python",
}
NOTHING_LEFT = "Nothing was left to do, and nothing was sent."


def of_check(checked: Check, *, has_known: bool, annotated: Path | None = None) -> str:
    """The problems of a file as a table, and what to do next."""
    warnings = len(checked.problems) - checked.errors
    title = f" · {checked.sheet.title}" if checked.sheet and checked.sheet.title else ""
    lines = [
        f"{checked.path.name}{title} · {checked.rows:,} rows · SHA-256 {checked.sha256[:8]}…",
        f"  {checked.accepted_rows:,} rows good   {checked.repairable_rows:,} repairable"
        f"   {checked.errors:,} errors   {warnings:,} warnings",
    ]
    renamed = [
        f"{written.strip()} as {name}" for name, written in checked.fields.items() if name != written.strip()
    ]
    if renamed:
        lines.append(f"  Read: {', '.join(renamed)}.")
    if checked.blanks:
        blank = ", ".join(f"{name} in {count:,}" for name, count in checked.blanks.items())
        lines.append(f"  Left as it is where blank: {blank}. To clear a field, write {CLEAR}.")
    if checked.blank_rows:
        lines.append(f"  Blank rows, left out: {checked.blank_rows:,}.")
    if not has_known and KEY in checked.fields:
        lines.append("  Whether the customers exist was not checked: give --known or --profile.")
    shown = checked.problems.head(MOST_LISTED)
    cells = shown[["source_row", "column", "value", "message", "repair"]].astype(str).to_numpy().tolist()
    lines += _listed(["row", "column", "found", "problem", "proposed"], cells, len(checked.problems))
    if len(checked.problems) > MOST_LISTED:
        lines.append("By rule: " + ", ".join(f"{rule} {count:,}" for rule, count in checked.counts.items()))
    if checked.proposals:
        named = ", ".join(f"--accept {rule} ({count:,})" for rule, count in checked.proposals.items())
        lines += ["", f"Proposals can be taken by rule: {named}"]
    if annotated and checked.sheet is not None:
        lines += ["", f"{annotated} is the file with these cells marked."]
    return "\n".join([*lines, "", f"Nothing was sent. Next: {_next_step(checked, annotated)}"])


def _next_step(checked: Check, annotated: Path | None) -> str:
    if checked.ok:
        return SENDING.get(checked.kind, f"arkit plan {checked.path} --kind {checked.kind}")
    if annotated or checked.sheet is None:
        return "mend the rows and check again"
    marked = f"{checked.path.stem}-checked.xlsx"
    return f"mend the rows and check again, or have them marked: --annotated {marked}"


def of_refused(checked: Check) -> str:
    """The errors of a file that goes no further, as many as fit on a screen."""
    errors = checked.problems[checked.problems["severity"] == "error"]
    lines = [f"{checked.path.name} is refused: {len(errors)} errors. Nothing was sent."]
    for row, column, message in errors[["source_row", "column", "message"]].head(REFUSED_LISTED).to_numpy():
        # In a file that lacks a header its names are somebody's data.
        place = f", {column.strip()}" if column.strip() in (KEY, *FIELDS) else ""
        lines.append(f"  row {row}{place}: {message}")
    return "\n".join([*lines, f"All of them: arkit check {checked.path} --kind {checked.kind}"])


def of_plan(plan: Plan) -> str:
    """The changes of a plan as a table, and how to apply them."""
    totals = plan.totals
    lines = [
        f"{plan.file_name} against {plan.origin}",
        f"  {totals['customers']} customers, {totals['fields']} changes, {plan.skipped_noop} already so",
    ]
    cells = plan.changes.head(MOST_LISTED).fillna("").astype(str).to_numpy().tolist()
    lines += _listed(["row", "customer", "field", "before", "after"], cells, len(plan.changes))
    command = f"arkit apply {plan.id} --confirm {plan.id[-6:]}"
    return "\n".join([*lines, "", f"plan {plan.id}", f"Nothing was sent. Next: {command}"])


def of_outcome(outcome: Outcome) -> str:
    """The rows by state, and the reasons of those that have one; none of the customers' own values."""
    lines = [f"plan …{outcome.plan_id[-6:]}: {states(outcome.counts)}"]
    reasons = [row for row in outcome.records if row.reason]
    lines += [f"  row {row.source_row}  {row.state}  {row.reason}" for row in reasons[:MOST_LISTED]]
    lines += _more(len(reasons))
    if not outcome.was_active:
        lines.append(NOTHING_LEFT)
    return "\n".join(lines)


def of_finding(found: Finding) -> str:
    """One thing that was looked at, with a mark in front of what is doubtful or stands in the way."""
    mark = "✗" if found.exit_code else "!" if found.is_doubtful else "✓"
    detail = found.detail if found.detail.isprintable() else ascii(found.detail)
    return textwrap.fill(
        detail,
        width=max(_width(), NARROWEST + NAME_WIDTH),
        initial_indent=f"  {mark} {found.name:<{NAME_WIDTH}}",
        subsequent_indent=" " * (4 + NAME_WIDTH),
        break_long_words=False,
        break_on_hyphens=False,
    )


def states(counts: Mapping[str, int]) -> str:
    """Rows by state in one line."""
    return ", ".join(f"{number} {state}" for state, number in counts.items()) or "no rows"


def _listed(header: list[str], rows: list[list[str]], number: int) -> list[str]:
    return ["", *_table(header, rows), *_more(number)] if rows else []


def _more(number: int) -> list[str]:
    return [f"… {number - MOST_LISTED} more; --json lists all."] if number > MOST_LISTED else []


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Aligned columns; the last but one is wrapped to what the terminal leaves it."""
    rows = [header, *([cell if cell.isprintable() else ascii(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    wide = len(header) - 2
    gap = "   "
    others = sum(widths) - widths[wide] + len(gap) * (len(header) - 1)
    room = _width() - 2 - others
    widths[wide] = min(widths[wide], max(room, NARROWEST))
    indent = " " * (2 + sum(widths[:wide]) + len(gap) * wide)
    lines: list[str] = []
    for row in rows:
        first, *rest = textwrap.wrap(row[wide], widths[wide]) or [""]
        cells = [*row[:wide], first, row[-1]]
        line = gap.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        lines += [f"  {line}".rstrip(), *(indent + piece for piece in rest)]
    return lines


def _width() -> int:
    return shutil.get_terminal_size((120, 24)).columns
