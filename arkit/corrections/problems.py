"""What can be wrong with a bulk file, each kind of problem found by one function."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from arkit import identifiers
from arkit.columns import camel
from arkit.corrections import schemas
from arkit.corrections.files import Sheet
from arkit.corrections.schemas import FIELDS, KEY, CustomerUpdates

Severity = Literal["error", "warning"]

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


def of_header(sheet: Sheet, columns: list[str]) -> Iterator[Problem]:
    """Columns that are missing, unknown, nameless or there twice."""

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


def of_widths(sheet: Sheet) -> Iterator[Problem]:
    """Rows with another number of fields than the header."""
    width = len(sheet.header)
    for row, cells in sheet.rows.items():
        if len(cells) > width or (len(cells) < width and not sheet.is_workbook):
            message = f"row {row} has {len(cells)} fields, the header {width}"
            yield Problem(row, "", "", "field_count", "error", message)


def of_cells(sheet: Sheet, columns: list[str]) -> Iterator[Problem]:
    """Cells of a workbook that hold no text."""
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


def of_hidden_rows(sheet: Sheet) -> Iterator[Problem]:
    """Rows that the author of a workbook does not see."""
    for row in sheet.hidden_rows:
        yield Problem(row, "", "", "row_hidden", "warning", "The row is hidden in the sheet, and counts.")


def of_blank_keys(texts: pd.DataFrame, key: str) -> Iterator[Problem]:
    """Rows without a key, and rows without a field to correct."""
    fields = [column for column in texts if column not in ("source_row", "customer_id")]
    for row in texts.loc[texts["customer_id"].isna(), "source_row"]:
        yield Problem(int(row), key, "", "key_blank", "error", f"{KEY} is blank.")
    for row in texts.loc[texts[fields].isna().all(axis=1) & texts["customer_id"].notna(), "source_row"]:
        yield Problem(int(row), "", "", "nothing_asked", "warning", "The row asks for no change.")


def of_duplicates(texts: pd.DataFrame, key: str) -> Iterator[Problem]:
    """Customers that stand in more than one row."""
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


def of_values(
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
        name = camel(case.column)
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


def of_unknown(texts: pd.DataFrame, column: str, known_ids: Collection[str]) -> Iterator[Problem]:
    """Customers that are not among the known ones."""
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


def in_order(problems: Iterable[Problem], header: list[str]) -> list[Problem]:
    """By row and column of the file."""
    places = {name: position for position, name in reversed(list(enumerate(header)))}
    return sorted(
        problems, key=lambda found: (found.source_row, places[found.column] if found.column else -1)
    )
