"""Empty bulk files to fill in: a workbook for a kind, in which Excel changes nothing that is typed."""

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from arkit import outputs
from arkit.corrections.guidance import EXPLANATIONS
from arkit.corrections.kinds import Kind
from arkit.corrections.schemas import CLEAR
from arkit.corrections.sheets import OWN_SHEETS
from arkit.errors import UsageError

INSTRUCTIONS, LISTS = "arkit instructions", "arkit lists"
LAST_ROW = 2**20 - 1
NEEDED, ONE_OF = "#F4B183", "#FBE5D6"
YES_OR_NO = ("TRUE", "FALSE")
SEPARATOR = ";"

WIDE = {"legalName": 34, "address": 44, "description": 34, "email": 30, "emailAddress": 30}
USUAL_WIDTH = 20


def write(
    kind: Kind, target: Path | BinaryIO, rows: pd.DataFrame | None = None, *, states: Sequence[str] = ()
) -> None:
    """Write a workbook with the headers of a kind, instructions, and lists to choose from.

    Every column has the format Text and every cell is a text cell, so that zeros in front stay and nothing
    becomes a formula, a number or a day.

    Args:
        kind: an entry of `kinds.KINDS`.
        target: a path, which is written whole or not at all, or an open binary file.
        rows: records to begin with, their columns named by the headers; other columns are left out, lists
            are joined by semicolons, what is missing stays blank.
        states: the names to choose from below `state`.

    Raises:
        UsageError: there are more rows than a sheet holds, or a longer text than a cell holds.
        DiskError: the file cannot be written.
    """
    content = _workbook(kind, rows, states)
    if isinstance(target, Path):
        with outputs.whole(target) as part:
            part.write_bytes(content)
    else:
        target.write(content)


def _workbook(kind: Kind, rows: pd.DataFrame | None, states: Sequence[str]) -> bytes:
    import xlsxwriter  # noqa: PLC0415 - slow to load, wanted by this function alone

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    data, instructions, lists = (book.add_worksheet(name) for name in (kind.name, INSTRUCTIONS, LISTS))
    text = book.add_format({"num_format": "@"})
    _write_headers(book, data, kind, text)
    if rows is not None:
        _write_rows(data, kind, rows, text)
    _write_instructions(book, instructions, kind)
    _offer(data, lists, kind, states)
    data.freeze_panes(1, 0)
    # Otherwise Excel marks every number in a cell of text.
    data.ignore_errors({"number_stored_as_text": f"A1:XFD{LAST_ROW + 1}"})
    lists.hide()
    book.close()
    return file.getvalue()


def _needed(kind: Kind) -> frozenset[str]:
    return kind.required | (frozenset(kind.keys) if len(kind.keys) == 1 else frozenset())


def _write_headers(book: Any, sheet: Any, kind: Kind, text: Any) -> None:
    looks = {
        "needed": book.add_format({"num_format": "@", "bold": True, "bg_color": NEEDED, "border": 1}),
        "one of": book.add_format({"num_format": "@", "bold": True, "bg_color": ONE_OF, "border": 1}),
        "": book.add_format({"num_format": "@", "border": 1}),
    }
    for place, header in enumerate(kind.headers):
        need = _need(kind, header)
        sheet.set_column(place, place, WIDE.get(header, USUAL_WIDTH), text)
        sheet.write_string(0, place, header, looks[need])
        sheet.write_comment(0, place, _explanation(kind, header), {"author": "arkit", "x_scale": 2})


def _need(kind: Kind, header: str) -> str:
    if header in _needed(kind):
        return "needed"
    return "one of" if header in kind.keys else ""


def _explanation(kind: Kind, header: str) -> str:
    """What belongs below a header, and whether it must be filled in."""
    needs = {"needed": " Required.", "one of": f" Required: {' or '.join(kind.keys)}."}
    return EXPLANATIONS.get(header, "") + needs.get(_need(kind, header), "")


def _write_rows(sheet: Any, kind: Kind, rows: pd.DataFrame, text: Any) -> None:
    if len(rows) > LAST_ROW:
        raise _too_much(f"a sheet holds {LAST_ROW:,} rows, and there are {len(rows):,}.")
    for place, header in enumerate(kind.headers):
        for number, value in enumerate(rows.get(header, ()), 1):
            written = _as_text(value)
            if written and sheet.write_string(number, place, written, text):
                raise _too_much(f"a cell holds 32,767 characters, and row {number + 1} has one with more.")


def _as_text(value: Any) -> str:
    """A value as it is typed into a bulk file."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Iterable):
        return SEPARATOR.join(_as_text(each) for each in value)
    if pd.isna(value):
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    # A bool of numpy is none of Python.
    return str(value).upper() if str(value) in ("True", "False") else str(value)


def _write_instructions(book: Any, sheet: Any, kind: Kind) -> None:
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    for number, sentence in enumerate(_sentences(kind)):
        sheet.write_string(number, 0, "How to fill it" if number == 0 else "", bold)
        sheet.write_string(number, 1, sentence, wrapped)
    first = len(_sentences(kind)) + 1
    for number, header in enumerate(kind.headers, first):
        sheet.write_string(number, 0, header, bold if _need(kind, header) else wrapped)
        sheet.write_string(number, 1, _explanation(kind, header), wrapped)


def _sentences(kind: Kind) -> list[str]:
    needed = [header for header in kind.headers if header in _needed(kind)]
    blank = (
        f"A blank cell leaves the field as it is; {CLEAR} clears it. Columns that you do not need may go."
        if kind.is_update
        else "A blank cell is not sent. Columns that you do not need may go."
    )
    choice = [f"Each row needs one of {', '.join(kind.keys)}."] if len(kind.keys) > 1 else []
    return [
        f"Fill the sheet {kind.name} from row 2 on, one record to a row; leave the headers as they are.",
        blank,
        f"Required in each row: {', '.join(needed)}.",
        *choice,
        "All cells have the format Text, so that zeros in front stay. Paste values only.",
        "Dates are written yyyy-MM-dd: 2026-04-30. Amounts have a point and no commas: 125000.50.",
        f"The sheets whose names begin with {OWN_SHEETS.strip()} are not read.",
        f"Then check it: arkit check FILE --kind {kind.name}",
    ]


def _offer(sheet: Any, lists: Any, kind: Kind, states: Sequence[str]) -> None:
    """Let each column say what belongs there, and offer its values where they are few."""
    clear = (CLEAR,) if kind.is_update else ()
    choices = {"state": (*clear, *states) if states else (), "yes or no": YES_OR_NO}
    for column, values in enumerate(choices.values()):
        lists.set_column(column, column, 40)
        for row, value in enumerate(values):
            lists.write_string(row, column, value)
    for place, header in enumerate(kind.headers):
        name = "yes or no" if EXPLANATIONS.get(header, "").endswith("TRUE or FALSE.") else header
        options: dict[str, Any] = {
            "validate": "any",
            "input_title": header[:32],
            "input_message": _explanation(kind, header)[:255],
        }
        if choices.get(name):
            letter = "AB"[list(choices).index(name)]
            options |= {
                "validate": "list",
                "source": f"='{LISTS}'!${letter}$1:${letter}${len(choices[name])}",
                "error_type": "warning",
                "error_title": header[:32],
                "error_message": "This is none of the values offered; arkit check tells whether it is known.",
            }
        sheet.data_validation(1, place, LAST_ROW, place, options)


def _too_much(message: str) -> UsageError:
    return UsageError(message, code="sheet", next_step="Make several files of fewer records.")
