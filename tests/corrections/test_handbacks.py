"""A checked file comes back marked; mended where it is marked, only what is left is found."""

import csv
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font
from openpyxl.workbook import Workbook

from arkit.corrections import checks
from arkit.corrections.annotations import SUMMARY_SHEET
from arkit.corrections.checks import Check
from arkit.errors import InputRefused

HEADER = ["customerId", "legalName", "panOrGstin", "pinCode", "contactNumber"]
GOOD = ["KC00000000000001", "Sai Traders", "27AAPFU0939F1ZV", "411001", "9822012345"]
BAD = {
    2: ["KC00000000000002", "Sai Foods ", "27AAPFU0939F1ZO", "4110", "09822012345"],
    3: ["KC00000000000003", "=1+1", "", "411001", "98220"],
}
MENDED = {
    (2, 2): "Sai Foods",
    (2, 3): "27AAPFU0939F1ZV",
    (2, 4): "411002",
    (2, 5): "9822012346",
    (3, 2): "Sai Steels",
}


@pytest.fixture
def book() -> Workbook:
    """A workbook as somebody made it: a title-free table, a sheet of notes, formats and a formula."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Corrections"
    for row in (HEADER, *BAD.values(), GOOD):
        sheet.append(row)
    sheet["B3"].data_type = "s"
    sheet["A4"].font = Font(bold=True)
    sheet.column_dimensions["B"].width = 42
    notes = book.create_sheet("arkit notes")
    notes["A1"] = "=SUM(B1:B2)"
    return book


def places(checked: Check) -> set[tuple[int, str, str]]:
    found = checked.problems
    return set(zip(found["source_row"], found["column"], found["rule"], strict=True))


def test_what_was_mended_where_it_is_marked_is_found_no_more(book: Workbook, tmp_path: Path) -> None:
    book.save(tmp_path / "mine.xlsx")
    first = checks.check(tmp_path / "mine.xlsx")
    first.to_workbook(tmp_path / "marked.xlsx")
    marked = openpyxl.load_workbook(tmp_path / "marked.xlsx")
    sheet = marked["Corrections"]
    for (row, column), value in MENDED.items():
        cell = sheet.cell(row, column)
        assert cell.fill.patternType == "solid"
        assert cell.comment is not None
        cell.value = value
    marked.save(tmp_path / "mended.xlsx")
    again = checks.check(tmp_path / "mended.xlsx")
    assert places(again) == {(3, "contactNumber", "contact_number")}
    again.to_workbook(tmp_path / "again.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "again.xlsx")["Corrections"]
    colours = {(cell.row, cell.column) for row in sheet.iter_rows() for cell in row if cell.fill.patternType}
    assert colours == {(3, 5)}


def test_nothing_but_the_marks_is_changed(book: Workbook, tmp_path: Path) -> None:
    book.save(tmp_path / "mine.xlsx")
    content = (tmp_path / "mine.xlsx").read_bytes()
    checks.check(tmp_path / "mine.xlsx").to_workbook(tmp_path / "marked.xlsx")
    before, after = (openpyxl.load_workbook(tmp_path / name) for name in ("mine.xlsx", "marked.xlsx"))
    assert after.sheetnames == [*before.sheetnames, SUMMARY_SHEET]
    for name in before.sheetnames:
        for row in before[name].iter_rows():
            for cell in row:
                other = after[name][cell.coordinate]
                assert (other.value, other.number_format) == (cell.value, cell.number_format)
                assert repr(other.font) == repr(cell.font)
    assert after["Corrections"].column_dimensions["B"].width == 42
    assert (tmp_path / "mine.xlsx").read_bytes() == content


def test_the_comment_is_the_sentence_with_its_proposal(book: Workbook, tmp_path: Path) -> None:
    book.save(tmp_path / "mine.xlsx")
    checked = checks.check(tmp_path / "mine.xlsx")
    checked.to_workbook(tmp_path / "marked.xlsx")
    marked = openpyxl.load_workbook(tmp_path / "marked.xlsx")
    comment = marked["Corrections"]["E2"].comment
    assert comment is not None
    (problem,) = checked.problems[checked.problems["rule"] == "phone_prefix"].to_dict("records")
    assert str(problem["message"]) in comment.text
    assert "Proposed: 9822012345" in comment.text
    listed = list(marked[SUMMARY_SHEET].iter_rows(values_only=True))
    assert len([row for row in listed if str(problem["message"]) in row]) == 1


def test_a_csv_comes_back_as_a_workbook_of_texts_with_every_row(tmp_path: Path) -> None:
    rows = [HEADER, *BAD.values(), [*GOOD, "one too many"], [], ["KC00000000000009", "0012", "", "", "+91"]]
    with (tmp_path / "mine.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    checks.check(tmp_path / "mine.csv").to_workbook(tmp_path / "marked.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "marked.xlsx").worksheets[0]
    for number, row in enumerate(rows, 1):
        cells = [sheet.cell(number, column) for column in range(1, len(row) + 1)]
        assert [cell.value or "" for cell in cells] == row
        assert all(cell.data_type == "s" for cell in cells if cell.value)
    again = checks.check(tmp_path / "marked.xlsx")
    assert (2, "pinCode", "pin_code") in places(again)


def test_a_file_that_changed_since_is_not_marked(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("customerId,pinCode\nKC00000000000001,4110\n")
    checked = checks.check(path)
    path.write_text("customerId,pinCode\nKC00000000000001,4111\n")
    with pytest.raises(InputRefused) as caught:
        checked.to_workbook(tmp_path / "marked.xlsx")
    assert caught.value.code == "changed"
    assert not (tmp_path / "marked.xlsx").exists()


def test_a_file_that_is_no_table_has_nothing_to_mark(tmp_path: Path) -> None:
    (tmp_path / "page.csv").write_text("<html>")
    with pytest.raises(InputRefused) as caught:
        checks.check(tmp_path / "page.csv").to_workbook(tmp_path / "marked.xlsx")
    assert caught.value.code == "no_table"
