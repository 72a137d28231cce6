"""A checked file handed back to the person who wrote it: a workbook with its bad cells marked."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from arkit import outputs
from arkit.corrections import annotations, delimited, files
from arkit.corrections.annotations import Mark
from arkit.corrections.findings import Finding, Messages
from arkit.corrections.rules import RULES
from arkit.corrections.sheets import Sheet, refused

if TYPE_CHECKING:
    from arkit.corrections.checks import Check

MOST_LISTED = 10_000
SUMMARY_HEADER = ("row", "column", "found", "problem", "proposed")


def write(checked: "Check", path: Path) -> None:
    """Write the file that was checked with a colour and a comment on every cell that has a problem.

    A workbook stays as it is but for the marks; of a CSV a workbook is made, in which every cell is text.

    Raises:
        InputRefused: the file was no table, is no longer the one that was checked, or cannot be read again.
        DiskError: the workbook cannot be written.
    """
    sheet = checked.sheet
    if sheet is None:
        message, step = "the file could not be read as a table.", "Do what the check says, and check again."
        raise refused(checked.path.name, "no_table", message, step)
    content = bytes(files.content_of(checked.path))
    if files.sha256_of(content) != checked.sha256:
        message = "the file is not the one that was checked: it has changed since."
        raise refused(checked.path.name, "changed", message, "Check it again.")
    marks = list(_marks(checked.found, sheet))
    if sheet.title is not None:
        marked = annotations.annotate(content, sheet.title, marks, _summary(checked))
    else:
        rows = delimited.rows(content, reading=checked.reading, name=checked.path.name)
        others = [(number, cells) for number, cells in rows if number != sheet.header_row]
        marked = annotations.of_table(
            sheet.header, others, marks, _summary(checked), header_row=sheet.header_row
        )
    with outputs.whole(path) as part:
        part.write_bytes(marked)


def _marks(found: Sequence[Finding], sheet: Sheet) -> Iterator[Mark]:
    """A mark for each cell; what is said of a whole row stands at the first cell of the row."""
    for finding in found:
        column = sheet.positions[max(finding.column, 0)]
        severity = finding.severity or RULES[finding.rule].severity
        told = finding.messages
        repairs = (
            finding.repairs.to_pylist() if finding.repairs is not None else [""] * len(finding.source_rows)
        )
        for place, (row, repair) in enumerate(zip(finding.source_rows.tolist(), repairs, strict=True)):
            text = told.sentences[told.codes[place]] if isinstance(told, Messages) else told
            yield Mark(row, column, severity, f"{text} Proposed: {repair}" if repair else text)


def _summary(checked: "Check") -> list[list[str]]:
    listed = checked.problems.head(MOST_LISTED)
    columns = ["source_row", "column", "value", "message", "repair"]
    warnings = len(checked.problems) - checked.errors
    counted = (
        f"{checked.rows:,} rows, {checked.accepted_rows:,} of them good; {checked.errors:,} errors,"
        f" {warnings:,} warnings."
    )
    more = f"{len(checked.problems) - len(listed):,} more are listed by arkit check --json."
    return [
        list(SUMMARY_HEADER),
        ["", "", "", counted, ""],
        *listed[columns].astype(str).to_numpy().tolist(),
        *([["", "", "", more, ""]] if len(checked.problems) > len(listed) else []),
    ]
