"""A template asks for what a bulk file needs, and Excel changes nothing that is typed into it."""

import io
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from arkit.corrections import templates
from arkit.corrections.guidance import EXPLANATIONS
from arkit.errors import DiskError, UsageError

from .soundness import LibreOffice, libreoffice, require_sound

__all__ = ["libreoffice"]

STATES = ["Andhra Pradesh", "Goa", "Jammu and Kashmir"]


@dataclass(frozen=True)
class Kind:
    """A kind of bulk file, as the table of kinds holds them."""

    name: str
    headers: tuple[str, ...]
    keys: tuple[str, ...]
    required: frozenset[str]
    is_update: bool = False


UPDATE = Kind(
    "customer-update",
    ("customerId", "legalName", "ifsc", "state", "pinCode", "branchCodes"),
    ("customerId",),
    frozenset({"customerId"}),
    is_update=True,
)
CREATE = Kind(
    "customer-create",
    ("uniqueRefNo", "legalName", "name", "mobile", "mail_enabled", "state"),
    ("uniqueRefNo",),
    frozenset({"legalName", "name", "mobile"}),
)
INVOICES = Kind(
    "invoice-create",
    ("customerId", "baseAmount", "dueDate", "invoiceNumber", "externalId", "gstExclusive"),
    ("externalId", "invoiceNumber"),
    frozenset({"customerId", "baseAmount", "dueDate"}),
)
every_kind = pytest.mark.parametrize("kind", [UPDATE, CREATE, INVOICES], ids=lambda kind: kind.name)


def written(kind: Kind, rows: pd.DataFrame | None = None) -> bytes:
    file = io.BytesIO()
    templates.write(kind, file, rows, states=STATES)
    return file.getvalue()


def opened(kind: Kind, rows: pd.DataFrame | None = None) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(written(kind, rows)))


def rules(kind: Kind) -> dict[str, Any]:
    """What each column of the data lets its cells hold, by header."""
    sheet = opened(kind).worksheets[0]
    found = {str(each.sqref).partition(":")[0]: each for each in sheet.data_validations.dataValidation}
    return {str(cell.value): found.get(f"{cell.column_letter}2") for cell in sheet[1]}


def body(rows: pd.DataFrame, kind: Kind = UPDATE) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in opened(kind, rows).worksheets[0].iter_rows(min_row=2)]


def column_formats(sheet: Any) -> list[str]:
    """The format of each column of the header, which empty cells have too."""
    spans = [(each.min, each.max, each.number_format) for each in sheet.column_dimensions.values()]
    return [
        next(look for first, last, look in spans if first <= place <= last)
        for place in range(1, sheet.max_column + 1)
    ]


@every_kind
def test_the_first_sheet_has_the_name_and_the_headers_of_the_kind(kind: Kind) -> None:
    book = opened(kind)
    assert [cell.value for cell in book.worksheets[0][1]] == list(kind.headers)
    assert book.sheetnames[0] == kind.name
    assert book.active is book.worksheets[0]
    assert book.worksheets[0].freeze_panes == "A2"
    assert book.worksheets[0].max_row == 1


@every_kind
def test_every_other_sheet_is_named_as_arkits_own(kind: Kind) -> None:
    _, *others = opened(kind).worksheets
    assert all(sheet.title.startswith(templates.OWN_SHEETS) for sheet in others)
    assert [sheet.sheet_state for sheet in others] == ["visible", "hidden"]


@every_kind
def test_every_column_has_the_format_text(kind: Kind) -> None:
    sheet = opened(kind).worksheets[0]
    assert column_formats(sheet) == ["@"] * len(kind.headers)
    assert {cell.number_format for cell in sheet[1]} == {"@"}
    assert all(each.width >= 15 for each in sheet.column_dimensions.values())


@every_kind
def test_required_headers_are_bold_and_coloured_and_the_others_plain(kind: Kind) -> None:
    looks = {str(cell.value): cell for cell in opened(kind).worksheets[0][1]}
    colours = {name: cell.fill.fgColor.rgb for name, cell in looks.items() if cell.fill.fill_type}
    assert set(colours) == kind.required | set(kind.keys)
    assert {name for name, cell in looks.items() if cell.font.b} == set(colours)
    needed = {colours[name] for name in kind.required}
    assert len(needed) == 1
    if len(kind.keys) > 1:
        assert needed.isdisjoint(colours[name] for name in kind.keys)


@every_kind
def test_every_header_and_every_cell_below_say_what_belongs_there(kind: Kind) -> None:
    sheet = opened(kind).worksheets[0]
    for cell in sheet[1]:
        rule = rules(kind)[str(cell.value)]
        assert cell.comment is not None
        assert cell.comment.text.startswith(EXPLANATIONS[str(cell.value)])
        assert rule.prompt == cell.comment.text
        assert rule.showInputMessage
        assert str(rule.sqref).endswith("1048576")


def test_one_of_several_keys_is_asked_for() -> None:
    sheet = opened(INVOICES).worksheets[0]
    said = {str(cell.value): cell.comment.text for cell in sheet[1] if cell.comment}
    assert said["invoiceNumber"].endswith("Required: externalId or invoiceNumber.")
    assert said["dueDate"].endswith("Required.")
    assert "Required" not in said["gstExclusive"]


def test_states_and_yes_or_no_are_chosen_from_lists() -> None:
    book, found = opened(CREATE), rules(CREATE)
    assert found["state"].type == "list"
    assert found["state"].formula1 == "'arkit lists'!$A$1:$A$3"
    assert [cell.value for cell in book["arkit lists"]["A"]] == STATES
    assert found["mail_enabled"].formula1 == "'arkit lists'!$B$1:$B$2"
    assert [cell.value for cell in book["arkit lists"]["B"]][:2] == ["TRUE", "FALSE"]
    assert {cell.data_type for cell in book["arkit lists"]["B"][:2]} == {"s"}
    assert found["legalName"].type in (None, "none")
    assert found["state"].errorStyle == "warning"


def test_an_update_offers_the_word_that_clears_a_state() -> None:
    book = opened(UPDATE)
    assert [cell.value for cell in book["arkit lists"]["A"]] == ["<clear>", *STATES]


def test_without_states_nothing_is_offered_there() -> None:
    file = io.BytesIO()
    templates.write(UPDATE, file)
    sheet = openpyxl.load_workbook(file).worksheets[0]
    assert {each.type for each in sheet.data_validations.dataValidation} <= {None, "none"}


@every_kind
def test_the_instructions_say_how_to_fill_and_check_it(kind: Kind) -> None:
    said = "\n".join(
        str(cell.value)
        for row in opened(kind)["arkit instructions"].iter_rows()
        for cell in row
        if cell.value
    )
    assert f"arkit check FILE --kind {kind.name}" in said
    assert "yyyy-MM-dd" in said
    assert ("<clear>" in said) == kind.is_update
    assert all(header in said for header in kind.headers)
    needed = kind.required | (set(kind.keys) if len(kind.keys) == 1 else set())
    listed = said.partition("Required in each row: ")[2].partition(".")[0].split(", ")
    assert listed == [header for header in kind.headers if header in needed]


def test_rows_are_written_as_texts_whatever_they_look_like() -> None:
    rows = pd.DataFrame(
        {
            "pinCode": ["012345", None],
            "customerId": ["KC00000000000001", "KC00000000000002"],
            "legalName": ["=1+1", "https://example.com"],
            "branchCodes": [["A", "B"], []],
            "balance": ["1", "2"],
        }
    )
    assert body(rows) == [
        ["KC00000000000001", "=1+1", None, None, "012345", "A;B"],
        ["KC00000000000002", "https://example.com", None, None, None, None],
    ]
    cells = [
        cell for row in opened(UPDATE, rows).worksheets[0].iter_rows(min_row=2) for cell in row if cell.value
    ]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert not any(cell.hyperlink for cell in cells)


def test_values_are_written_as_they_are_typed() -> None:
    rows = pd.DataFrame(
        {
            "customerId": pd.Series(["KC1", None], dtype="string"),
            "baseAmount": [Decimal("1000.50"), None],
            "dueDate": [pd.Timestamp("2026-04-30"), pd.NaT],
            "invoiceNumber": [7, 8],
            "gstExclusive": pd.Series([True, pd.NA], dtype="boolean"),
        }
    )
    assert body(rows, INVOICES) == [
        ["KC1", "1000.50", "2026-04-30", "7", None, "TRUE"],
        [None, None, None, "8", None, None],
    ]


def test_more_than_a_sheet_holds_is_refused() -> None:
    with pytest.raises(UsageError):
        written(UPDATE, pd.DataFrame({"legalName": ["x" * 32_768]}))
    with pytest.raises(UsageError):
        written(UPDATE, pd.DataFrame(index=range(2**20)))


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    templates.write(UPDATE, path, states=STATES)
    assert openpyxl.load_workbook(path).sheetnames[0] == "customer-update"
    before = path.read_bytes()
    with pytest.raises(UsageError):
        templates.write(UPDATE, path, pd.DataFrame({"legalName": ["x" * 32_768]}))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(DiskError):
        templates.write(UPDATE, tmp_path / "none" / "template.xlsx")


@every_kind
def test_excel_finds_nothing_to_repair(kind: Kind) -> None:
    require_sound(written(kind, pd.DataFrame({"state": ["a\0b", "\ud800", " x "]}, dtype=object)))


def test_libreoffice_keeps_formats_lists_and_zeros(libreoffice: LibreOffice) -> None:
    rows = pd.DataFrame({"customerId": ["KC00000000000001"], "pinCode": ["012345"]})
    sheet = openpyxl.load_workbook(io.BytesIO(libreoffice.save_again(written(UPDATE, rows)))).worksheets[0]
    assert sheet["E2"].value == "012345"
    assert column_formats(sheet) == ["@"] * len(UPDATE.headers)
    lists = [each for each in sheet.data_validations.dataValidation if each.type == "list"]
    assert [each.formula1 for each in lists] == ["'arkit lists'!$A$1:$A$4"]
