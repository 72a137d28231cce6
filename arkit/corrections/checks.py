"""Every problem of a bulk file in one pass, by row and column."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pandas as pd
from pandera.typing import DataFrame

from arkit.columns import snake
from arkit.corrections import files, problems
from arkit.corrections.files import Sheet
from arkit.corrections.problems import Problem
from arkit.corrections.schemas import FIELDS, KEY, CustomerUpdates
from arkit.errors import InputRefused, UsageError

KINDS = ("customer-update",)


@dataclass(frozen=True)
class Check:
    """What `check` found.

    Attributes:
        rows: rows of the file below the header, blank ones left out.
        accepted: rows without an error, ready for a plan; none if the file as a whole is broken.
        problems: one row per problem, by row and column of the file: source_row, column, value, rule,
            severity, message, repair.
    """

    path: Path
    sha256: str
    kind: str
    rows: int
    accepted: DataFrame[CustomerUpdates] = field(repr=False)
    problems: pd.DataFrame = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the file may go into a plan: no problem is an error."""
        return not self.errors

    @property
    def errors(self) -> int:
        """How many problems are errors."""
        return int((self.problems["severity"] == "error").sum())

    @property
    def repairs(self) -> pd.DataFrame:
        """The problems for which there is a proposal; one row each, in the order of `problems`."""
        return self.problems[self.problems["repair"] != ""].reset_index(drop=True)

    @property
    def counts(self) -> dict[str, int]:
        """Problems by rule, the most frequent first."""
        return {str(rule): int(count) for rule, count in self.problems["rule"].value_counts().items()}

    def __repr__(self) -> str:
        step = "plan it" if self.ok else "mend the rows in .problems and check again"
        return (
            f"<arkit check · {self.path.name} · {self.rows} rows · {len(self.accepted)} accepted"
            f" · {self.errors} errors · {len(self.problems) - self.errors} warnings · {step}>"
        )


def check(path: Path | str, *, kind: str = "customer-update", known: pd.DataFrame | None = None) -> Check:
    """Check a bulk file before anything is sent; a problem is a row of the result, never an exception.

    Example:
        >>> checked = arkit.check("corrections.xlsx", kind="customer-update", known=customers)
        >>> checked.ok, checked.problems

    Args:
        path: a CSV or XLSX file with the headers of its kind.
        kind: ``customer-update``.
        known: customers with a column ``customer_id``; without it the ids are only checked for their shape.

    Raises:
        UsageError: there is no such kind, or `known` has no such column.
        InputRefused: the file cannot be read at all.
    """
    if kind not in KINDS:
        raise UsageError(
            f"there is no kind {kind!r}.", code="kind", next_step=f"Known kinds: {', '.join(KINDS)}."
        )
    path = Path(path)
    known_ids = None if known is None else _known_ids(known)
    content = files.content_of(path)
    try:
        sheet = files.parse(content, name=path.name)
    except InputRefused as refusal:
        return _no_table(path, content, kind, refusal)
    columns = [name.strip() for name in sheet.header]
    broken = [*problems.of_header(sheet, columns), *problems.of_widths(sheet)]
    texts = _texts(sheet, columns)
    key = sheet.header[columns.index(KEY)] if KEY in columns else ""
    found = [*broken, *problems.of_cells(sheet, columns), *problems.of_hidden_rows(sheet)]
    if key:
        found += [*problems.of_blank_keys(texts, key), *problems.of_duplicates(texts, key)]
    found += problems.of_values(sheet, columns, texts, {(p.source_row, p.column) for p in found})
    if key and known_ids is not None:
        found += problems.of_unknown(texts, key, known_ids)
    found = problems.in_order(found, sheet.header)
    accepted = texts.iloc[:0] if broken else _accepted(texts, found)
    return Check(
        path=path,
        sha256=sheet.sha256,
        kind=kind,
        rows=len(sheet.rows),
        accepted=cast("DataFrame[CustomerUpdates]", accepted),
        problems=pd.DataFrame(found, columns=problems.COLUMNS).astype({"source_row": "int64"}),
    )


def _no_table(path: Path, content: bytes, kind: str, refusal: InputRefused) -> Check:
    """The check of a file that is no table, or one that can only be read by guessing: its one problem."""
    message = f"{refusal.message[:1].upper()}{refusal.message[1:]} {refusal.next_step}"
    problem = Problem(refusal.source_row or 1, refusal.column, "", refusal.code, "error", message)
    columns = {"source_row": pd.Series(dtype="int64"), "customer_id": pd.Series(dtype="str")}
    return Check(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        kind=kind,
        rows=0,
        accepted=cast("DataFrame[CustomerUpdates]", pd.DataFrame(columns)),
        problems=pd.DataFrame([problem], columns=problems.COLUMNS),
    )


def _known_ids(known: pd.DataFrame) -> set[str]:
    for column in ("customer_id", KEY):
        if column in known:
            return set(known[column].dropna().astype(str))
    raise UsageError(
        "the known customers have no column customer_id.",
        code="known",
        next_step="Give the frame or the file that a fetch of customers made.",
    )


def _texts(sheet: Sheet, columns: list[str]) -> DataFrame[CustomerUpdates]:
    """The text of the declared columns of rows of the right width; unchecked, whatever its type says."""
    width = len(columns)
    rows = {row: cells for row, cells in sheet.rows.items() if len(cells) <= width}
    frame = pd.DataFrame({"source_row": pd.Series(list(rows), dtype="int64")})
    for name in (KEY, *FIELDS):
        if name in columns:
            position = columns.index(name)
            values = [cells[position] if len(cells) > position else "" for cells in rows.values()]
            frame[snake(name)] = pd.Series(
                [value if value.strip() else None for value in values], dtype="str"
            )
    if KEY not in columns:
        frame["customer_id"] = pd.Series([None] * len(rows), dtype="str")
    return cast("DataFrame[CustomerUpdates]", frame)


def _accepted(texts: pd.DataFrame, found: list[Problem]) -> pd.DataFrame:
    refused = {problem.source_row for problem in found if problem.severity == "error"}
    passed_over = {p.source_row for p in found if p.rule in ("duplicate", "nothing_asked")}
    rows = texts[~texts["source_row"].isin(refused | passed_over)].reset_index(drop=True)
    return CustomerUpdates.validate(rows)


def require_ok(checked: Check) -> DataFrame[CustomerUpdates]:
    """The accepted rows of a check without errors.

    Raises:
        UsageError: it is no check, but a frame that nobody checked.
        InputRefused: there are errors; the message names the first of them.
    """
    if not isinstance(checked, Check):
        raise UsageError(
            "only what was checked can be planned.",
            code="unchecked",
            next_step="Give what arkit.check returns.",
        )
    if checked.ok:
        return checked.accepted
    first = checked.problems[checked.problems["severity"] == "error"].iloc[0]
    place = f"row {first['source_row']}" + (f", {first['column']}" if first["column"] else "")
    count = "1 error" if checked.errors == 1 else f"{checked.errors} errors; the first"
    raise InputRefused(
        f"{count}: {place}: {first['message']}",
        code="problems",
        where=checked.path.name,
        source_row=int(first["source_row"]),
        column=str(first["column"]),
        next_step="Nothing was sent. Mend the rows and check again.",
    )
