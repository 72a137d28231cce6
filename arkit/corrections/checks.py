"""Every problem of a bulk file in one pass, by row and column."""

import difflib
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, cast

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray
from pandera.typing import DataFrame

from arkit import frames, identifiers
from arkit.corrections import files, schemas
from arkit.corrections.files import Sheet
from arkit.corrections.schemas import FIELDS, KEY, CustomerUpdates
from arkit.errors import InputRefused, UsageError

Severity = Literal["error", "warning"]

KINDS = ("customer-update",)
# The column that arkit adds when it gives failed rows back; it is passed over when they come in again.
REASON_COLUMN = "arkit_reason"
COLUMNS = ["source_row", "column", "value", "rule", "severity", "message", "repair"]
# So many unknown customers are no slips of the pen.
MOST_COMPARED = 100
MOST_LISTED = 10
# What these rules find makes the shape of the same cell not worth a second complaint.
ECLIPSING = frozenset({"stray_space", "hidden_character", "clear_word"})

EXCEL_RULES = {
    "excel_number": (
        "is kept by Excel as a number, which loses leading zeros and long digits:"
        " format the column as Text and type it again"
    ),
    "excel_date": "is kept by Excel as a date: format the column as Text and type it again",
    "excel_boolean": "is kept by Excel as true or false: format the column as Text and type it again",
    "excel_formula": "is a formula: paste its value in its place",
    "excel_error": "is an error of Excel",
}
# Fields whose first character is never 0, so that a number of the right length is the whole value.
LOSSLESS_AS_NUMBER = {"pinCode": identifiers.PIN_CODE, "contactNumber": "[1-9][0-9]{9}"}
# Rules whose values are often right but for spaces, dots, hyphens and small letters.
MENDED_BY_TIDYING = {
    "customer_id": identifiers.CUSTOMER_ID,
    "pan_or_gstin": f"{identifiers.PAN}|{identifiers.GSTIN}",
    "pin_code": identifiers.PIN_CODE,
}


class Problem(NamedTuple):
    """One thing wrong, or remarkable, in one place."""

    source_row: int
    column: str
    value: str
    rule: str
    severity: Severity
    message: str
    repair: str = ""


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
    broken = [*_header_problems(sheet, columns), *_width_problems(sheet)]
    texts = _texts(sheet, columns)
    key = sheet.header[columns.index(KEY)] if KEY in columns else ""
    problems = [*broken, *_cell_problems(sheet, columns), *_hidden_row_problems(sheet)]
    if key:
        problems += [*_blank_key_problems(texts, key), *_duplicate_problems(texts, key)]
    problems += _value_problems(sheet, columns, texts, {(p.source_row, p.column) for p in problems})
    if key and known_ids is not None:
        problems += _unknown_problems(texts, key, known_ids)
    problems = _in_order(problems, sheet.header)
    accepted = texts.iloc[:0] if broken else _accepted(texts, problems)
    return Check(
        path=path,
        sha256=sheet.sha256,
        kind=kind,
        rows=len(sheet.rows),
        accepted=cast("DataFrame[CustomerUpdates]", accepted),
        problems=pd.DataFrame(problems, columns=COLUMNS).astype({"source_row": "int64"}),
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
        problems=pd.DataFrame([problem], columns=COLUMNS),
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


def _header_problems(sheet: Sheet, columns: list[str]) -> Iterator[Problem]:
    def problem(column: str, rule: str, message: str, repair: str = "") -> Problem:
        return Problem(sheet.header_row, column, column, rule, "error", message, repair)

    if KEY not in columns:
        yield problem("", "key_missing", f"There is no column {KEY}.")
    if not set(columns) & set(FIELDS):
        yield problem("", "no_field", f"No column names a field to correct: {', '.join(FIELDS)}.")
    for position, (written, name) in enumerate(zip(sheet.header, columns, strict=True)):
        if not name:
            used = any(len(cells) > position and cells[position].strip() for cells in sheet.rows.values())
            if used:
                yield problem(written, "header_blank", f"Column {position + 1} has values and no name.")
        elif name in columns[:position]:
            yield problem(written, "header_twice", "The column stands twice.")
        elif name not in (KEY, *FIELDS, REASON_COLUMN):
            near = difflib.get_close_matches(_folded(name), [_folded(field) for field in (KEY, *FIELDS)], n=1)
            meant = next((field for field in (KEY, *FIELDS) if near and _folded(field) == near[0]), "")
            hint = f"; did you mean {meant}?" if meant else "."
            # Without its name: in a file that lacks a header the names are somebody's data.
            yield problem(written, "column_unknown", f"There is no such field{hint}", meant)


def _folded(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def _width_problems(sheet: Sheet) -> Iterator[Problem]:
    width = len(sheet.header)
    for row, cells in sheet.rows.items():
        if len(cells) > width or (len(cells) < width and not sheet.is_workbook):
            message = f"row {row} has {len(cells)} fields, the header {width}"
            yield Problem(row, "", "", "field_count", "error", message)


def _texts(sheet: Sheet, columns: list[str]) -> DataFrame[CustomerUpdates]:
    """The text of the declared columns of rows of the right width; unchecked, whatever its type says."""
    width = len(columns)
    rows = {row: cells for row, cells in sheet.rows.items() if len(cells) <= width}
    frame = pd.DataFrame({"source_row": pd.Series(list(rows), dtype="int64")})
    for name in (KEY, *FIELDS):
        if name in columns:
            position = columns.index(name)
            values = [cells[position] if len(cells) > position else "" for cells in rows.values()]
            frame[frames.snake(name)] = pd.Series(
                [value if value.strip() else None for value in values], dtype="str"
            )
    if KEY not in columns:
        frame["customer_id"] = pd.Series([None] * len(rows), dtype="str")
    return cast("DataFrame[CustomerUpdates]", frame)


def _cell_problems(sheet: Sheet, columns: list[str]) -> Iterator[Problem]:
    for fault in sheet.faults:
        name = columns[fault.position] if fault.position < len(columns) else ""
        if fault.source_row not in sheet.rows or name not in (KEY, *FIELDS):
            continue
        shape = LOSSLESS_AS_NUMBER.get(name) if fault.rule == "excel_number" else None
        repair = fault.value if shape and re.fullmatch(shape, fault.value) else ""
        message = f"{name} {EXCEL_RULES[fault.rule]}."
        yield Problem(
            fault.source_row, sheet.header[fault.position], fault.value, fault.rule, "error", message, repair
        )


def _hidden_row_problems(sheet: Sheet) -> Iterator[Problem]:
    for row in sheet.hidden_rows:
        yield Problem(row, "", "", "row_hidden", "warning", "The row is hidden in the sheet, and counts.")


def _blank_key_problems(texts: pd.DataFrame, key: str) -> Iterator[Problem]:
    fields = [column for column in texts if column not in ("source_row", "customer_id")]
    for row in texts.loc[texts["customer_id"].isna(), "source_row"]:
        yield Problem(int(row), key, "", "key_blank", "error", f"{KEY} is blank.")
    for row in texts.loc[texts[fields].isna().all(axis=1) & texts["customer_id"].notna(), "source_row"]:
        yield Problem(int(row), "", "", "nothing_asked", "warning", "The row asks for no change.")


def _duplicate_problems(texts: pd.DataFrame, key: str) -> Iterator[Problem]:
    twice = texts[texts["customer_id"].notna() & texts["customer_id"].duplicated(keep=False)]
    wanted = twice.drop(columns="source_row").drop_duplicates()["customer_id"]
    contradicted = set(wanted[wanted.duplicated()])
    for value, rows in twice.groupby("customer_id", sort=False)["source_row"].agg(list).items():
        listed = ", ".join(map(str, rows[:MOST_LISTED])) + (", …" if len(rows) > MOST_LISTED else "")
        if value in contradicted:
            message = f"Rows {listed} ask for different values for one customer: keep one of them."
            yield from (Problem(row, key, str(value), "duplicate_conflict", "error", message) for row in rows)
        else:
            message = f"The same correction stands in rows {listed}; it is made once."
            yield from (Problem(row, key, str(value), "duplicate", "warning", message) for row in rows[1:])


def _value_problems(
    sheet: Sheet, columns: list[str], texts: pd.DataFrame, seen: set[tuple[int, str]]
) -> Iterator[Problem]:
    """What the pandera model finds; its own texts, which print identifiers, are not used."""
    try:
        CustomerUpdates.validate(texts, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases[["column", "check", "failure_case", "index"]]
    else:
        return
    cases = cases[cases["check"].isin(schemas.RULES)].assign(
        is_first=lambda found: found["check"].isin(ECLIPSING)
    )
    source_rows = texts["source_row"].to_numpy()
    found = list(cases.sort_values("is_first", ascending=False, kind="stable").itertuples(index=False))
    eclipsed = {(case.index, case.column) for case in found if case.is_first}
    for case in found:
        if not case.is_first and (case.index, case.column) in eclipsed:
            continue
        name = frames.camel(case.column)
        written = sheet.header[columns.index(name)]
        row = int(source_rows[case.index])
        if (row, written) not in seen or case.check == "customer_id":
            message = f"{name} {schemas.RULES[case.check]}."
            repair = _repair(case.check, case.failure_case)
            yield Problem(row, written, case.failure_case, case.check, "error", message, repair)


def _repair(rule: str, value: str) -> str:
    """A proposal for the cell, if a rule leads to a value that passes; else empty."""
    tidy = re.sub(r"[\s.-]", "", value).upper()
    proposal = ""
    if rule == "stray_space":
        proposal = value.strip()
    elif rule == "clear_word":
        proposal = schemas.CLEAR
    elif rule in MENDED_BY_TIDYING and re.fullmatch(MENDED_BY_TIDYING[rule], tidy):
        proposal = tidy
    elif rule == "contact_number" and re.fullmatch("0?[6-9][0-9]{9}", tidy):
        proposal = tidy[-10:]
    elif rule == "ifsc" and tidy[4:5] == "O" and re.fullmatch(identifiers.IFSC, f"{tidy[:4]}0{tidy[5:]}"):
        proposal = f"{tidy[:4]}0{tidy[5:]}"
    return proposal


def _unknown_problems(texts: pd.DataFrame, column: str, known_ids: Collection[str]) -> Iterator[Problem]:
    keys = texts["customer_id"].dropna()
    unknown = keys[~keys.isin(list(known_ids)) & identifiers.matches(keys, identifiers.CUSTOMER_ID)]
    near = _nearest(list(unknown), known_ids) if len(unknown) <= MOST_COMPARED else {}
    source_rows = texts["source_row"].to_numpy()
    for place, key in zip(unknown.index, unknown, strict=True):
        meant = near.get(key, "")
        message = "There is no such customer" + (f"; did you mean {meant}?" if meant else ".")
        yield Problem(int(source_rows[place]), column, key, "customer_unknown", "error", message, meant)


def _nearest(keys: Collection[str], known_ids: Collection[str]) -> dict[str, str]:
    """Customer id to the known one that differs from it in one or two places."""
    ids = sorted(known for known in known_ids if re.fullmatch(identifiers.CUSTOMER_ID, known))
    if not ids:
        return {}
    table = _characters(ids)
    distances = {key: (table != _characters([key])).sum(axis=1) for key in keys}
    return {key: ids[found.argmin()] for key, found in distances.items() if found.min() <= 2}


def _characters(ids: list[str]) -> NDArray[np.uint8]:
    """One row of bytes for each of the ids, which are equally long."""
    return np.frombuffer("".join(ids).encode("ascii"), dtype=np.uint8).reshape(len(ids), -1)


def _in_order(problems: Iterable[Problem], header: list[str]) -> list[Problem]:
    places = {name: position for position, name in reversed(list(enumerate(header)))}
    return sorted(
        problems, key=lambda found: (found.source_row, places[found.column] if found.column else -1)
    )


def _accepted(texts: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    refused = {problem.source_row for problem in problems if problem.severity == "error"}
    passed_over = {p.source_row for p in problems if p.rule in ("duplicate", "nothing_asked")}
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
