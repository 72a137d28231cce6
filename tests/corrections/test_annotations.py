"""The user's own workbook comes back marked, and in nothing else changed."""

import base64
import datetime as dt
import io
import random
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.styles import Font, GradientFill, PatternFill
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.datavalidation import DataValidation

from arkit.corrections.annotations import SUMMARY_SHEET, Mark, annotate, of_table
from arkit.errors import InputRefused

from .soundness import LibreOffice, libreoffice, parts, repacked, require_sound

__all__ = ["libreoffice"]

DATA = "Customers"
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ERROR, WARNING = "FFF2A59D", "FFFFF1B3"
SUMMARY = [["row", "column", "problem"], ["5", "pinCode", "is not a PIN code"], ["7", "ifsc", "=1+1"]]
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def office_workbook() -> bytes:
    """What people put into workbooks, as xlsxwriter writes it."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    title, data, hidden = (book.add_worksheet(name) for name in ("Title page", DATA, "Old list"))
    money = book.add_format({"num_format": "#,##0.00", "bg_color": "#C6E0B4", "border": 2})
    text = book.add_format({"num_format": "@", "italic": True})
    title.merge_range("B2:F3", "Customers of the north", book.add_format({"bold": True, "align": "center"}))
    title.insert_image("H2", "dot.png", {"image_data": io.BytesIO(DOT)})
    data.set_column("A:A", 31.5)
    data.set_column("C:C", 12, text)
    data.set_row(11, 30, book.add_format({"num_format": "0.000", "bg_color": "#FFC000"}))
    data.write_row("A1", ["customerId", "address", "pinCode", "amount", "twice"])
    for row in range(1, 11):
        data.write_string(row, 0, f"KC{row:014}")
        data.write_string(row, 1, f"{row} <Old> & New Road")
        data.write_string(row, 2, f"0{row:05}", text)
        data.write_number(row, 3, row * 1000.25, money)
        data.write_formula(row, 4, f"=D{row + 1}*2", None, row * 2000.5)
    data.write_datetime("F2", dt.datetime(2026, 4, 30), book.add_format({"num_format": "dd-mmm-yyyy"}))  # noqa: DTZ001
    data.write_boolean("F3", True)
    data.write_rich_string("F4", "half ", book.add_format({"bold": True}), "bold")
    data.data_validation("C2:C11", {"validate": "length", "criteria": "==", "value": 6})
    data.conditional_format("D2:D11", {"type": "data_bar", "data_bar_2010": True})
    data.write_comment("B4", "Asha: ask them", {"author": "Asha"})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": f"={DATA}!$D$2:$D$11"})
    data.insert_chart("H2", chart)
    data.autofilter("A1:E11")
    data.freeze_panes(1, 0)
    data.set_header("&CCustomers")
    data.activate()
    hidden.write_string("A1", "old")
    hidden.write_comment("A1", "of last year", {"author": "Ravi"})
    hidden.hide()
    book.define_name("Amounts", f"={DATA}!$D$2:$D$11")
    book.close()
    return file.getvalue()


def plain_workbook() -> bytes:
    """A table without anything around it, as openpyxl writes it, with fills of several kinds."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = DATA
    sheet.append(["customerId", "address", "pinCode", "amount", "twice"])
    for row in range(2, 12):
        sheet.append([f"KC{row:014}", f"{row} Road", f"0{row:05}", row * 10, f"=D{row}*2"])
    sheet["B5"].fill = PatternFill("solid", fgColor="FF00B050")
    sheet["C5"].fill = GradientFill(stop=("FFFF0000", "FF0000FF"))
    sheet["D5"].fill = PatternFill("lightGrid", fgColor="FF112233", bgColor="FFEEEEEE")
    sheet["A5"].font = Font(bold=True, color="FF7030A0")
    sheet["A6"].comment = Comment("mine", "Ravi")
    sheet["C4"].number_format = "@"
    sheet.add_data_validation(DataValidation("list", "'yes,no'", sqref="F2:F11"))
    return saved(book)


def inline_workbook() -> bytes:
    """Texts that stand in their cells, and no table of them."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet(DATA)
    for row in range(11):
        sheet.write_row(row, 0, [f"  r{row} ", "=1+1" if row else "head", "é \u0939 🙂", row])
    book.close()
    return file.getvalue()


def with_sheet(change: Callable[[bytes], bytes], content: bytes = b"") -> bytes:
    """A workbook of one sheet, whose part was put through `change`."""
    found = parts(content or plain_workbook())
    found["xl/worksheets/sheet1.xml"] = change(found["xl/worksheets/sheet1.xml"])
    return repacked(found)


def prefixed(sheet: bytes) -> bytes:
    """The same sheet with a prefix for every element, as some programs write it."""
    named = re.sub(rb"<(/?)(?=[A-Za-z])(?![a-z]+:)", rb"<\1x:", sheet)
    return named.replace(b" xmlns=", b" xmlns:x=", 1)


def wide(sheet: bytes) -> bytes:
    text = re.sub(r"<\?xml[^>]*\?>", "", sheet.decode())
    return f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16")


def without_places(sheet: bytes) -> bytes:
    """Rows and cells that follow each other without saying where they are, which the format allows."""
    return re.sub(rb'<(row|c) r="[A-Z0-9]+"', rb"<\1", sheet)


WORKBOOKS = {
    "as in offices": office_workbook,
    "plain": plain_workbook,
    "inline texts": inline_workbook,
    "prefixes": lambda: with_sheet(prefixed),
    "UTF-16": lambda: with_sheet(wide),
    "no places": lambda: with_sheet(without_places),
}
MARKS = [
    Mark(3, 3, "error", "is not a PIN code: <six> & more"),
    Mark(4, 2, "warning", "begins like a formula"),
    Mark(5, 1, "warning", "looks odd"),
    Mark(5, 1, "error", "is not a customer id"),
    Mark(5, 2, "error", "too long"),
    Mark(5, 3, "warning", "a blend"),
    Mark(5, 4, "warning", "a grid"),
    Mark(6, 1, "error", "unknown customer"),
    Mark(8, 7, "error", "one field too many"),
    Mark(12, 3, "warning", "a row of its own"),
    Mark(30, 2, "error", "below all others"),
]
every_workbook = pytest.mark.parametrize("make", WORKBOOKS.values(), ids=WORKBOOKS)


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def opened(content: bytes, **options: Any) -> openpyxl.Workbook:
    with warnings.catch_warnings(action="ignore"):  # it tells what it would not save
        return openpyxl.load_workbook(io.BytesIO(content), **options)


def cells(content: bytes, sheet: str = DATA, **options: Any) -> Iterator[Any]:
    return (cell for row in opened(content, **options)[sheet].iter_rows() for cell in row)


def values(content: bytes, **options: Any) -> dict[tuple[str, str], Any]:
    """Every value of every sheet but ours."""
    return {
        (name, cell.coordinate): str(cell.value)
        for name in opened(content).sheetnames
        if name != SUMMARY_SHEET
        for cell in cells(content, name, **options)
        if cell.value is not None
    }


def looks(content: bytes) -> dict[str, tuple[str, ...]]:
    """How every cell looks but for its fill."""
    return {
        cell.coordinate: tuple(map(repr, (cell.number_format, cell.font, cell.border, cell.alignment)))
        for cell in cells(content)
    }


def fills(content: bytes) -> dict[str, str]:
    """The fills of the cells that have one."""
    return {cell.coordinate: repr(cell.fill) for cell in cells(content) if cell.fill.fill_type}


def colours(content: bytes) -> dict[str, str]:
    """The cells in one of our colours."""
    solid = [cell for cell in cells(content) if cell.fill.fill_type == "solid"]
    ours = [cell for cell in solid if cell.fill.fgColor.rgb in (ERROR, WARNING)]
    return {cell.coordinate: cell.fill.fgColor.rgb for cell in ours}


def comments(content: bytes) -> dict[str, str]:
    return {cell.coordinate: cell.comment.text for cell in cells(content) if cell.comment}


def test_a_bad_cell_is_coloured_and_says_what_is_wrong() -> None:
    found = annotate(plain_workbook(), DATA, MARKS, SUMMARY)
    assert colours(found) == {
        "C3": ERROR,
        "B4": WARNING,
        "A5": ERROR,
        "B5": ERROR,
        "C5": WARNING,
        "D5": WARNING,
        "A6": ERROR,
        "G8": ERROR,
        "C12": WARNING,
        "B30": ERROR,
    }
    said = comments(found)
    assert set(said) == set(colours(found))
    assert said["C3"] == "arkit error: is not a PIN code: <six> & more"
    assert said["B4"] == "arkit warning: begins like a formula"
    assert said["A5"] == "arkit error: is not a customer id\narkit warning: looks odd"
    assert opened(found)[DATA]["C3"].comment.author == "arkit"


def test_what_somebody_wrote_about_a_cell_stays_above_what_arkit_says() -> None:
    found = annotate(plain_workbook(), DATA, MARKS, SUMMARY)
    assert comments(found)["A6"] == "mine\narkit error: unknown customer"
    assert opened(found)[DATA]["A6"].comment.author == "Ravi"
    found = annotate(office_workbook(), DATA, MARKS, SUMMARY)
    assert comments(found)["B4"] == "Asha: ask them\narkit warning: begins like a formula"


@every_workbook
def test_every_mark_is_there_whatever_program_wrote_the_workbook(make: Callable[[], bytes]) -> None:
    found = annotate(make(), DATA, MARKS, SUMMARY)
    assert list(colours(found).values()).count(ERROR) == 6
    assert list(colours(found).values()).count(WARNING) == 4
    assert sum("arkit" in text for text in comments(found).values()) == 10


@every_workbook
def test_excel_finds_nothing_to_repair(make: Callable[[], bytes]) -> None:
    found = annotate(make(), DATA, MARKS, SUMMARY)
    require_sound(found)
    require_sound(annotate(found, DATA, MARKS[:3], SUMMARY))


@every_workbook
def test_values_formulas_and_what_they_came_to_are_unchanged(make: Callable[[], bytes]) -> None:
    before = make()
    found = annotate(before, DATA, MARKS, SUMMARY)
    assert values(found) == values(before)
    assert values(found, data_only=True) == values(before, data_only=True)


@every_workbook
def test_a_marked_cell_keeps_all_of_its_look_but_the_fill(make: Callable[[], bytes]) -> None:
    before = make()
    found = looks(annotate(before, DATA, MARKS, SUMMARY))
    assert {place: look for place, look in found.items() if place in looks(before)} == looks(before)


@every_workbook
def test_parts_that_no_mark_touches_are_the_same_byte_for_byte(make: Callable[[], bytes]) -> None:
    content = make()
    before, after = parts(content), parts(annotate(content, DATA, MARKS, SUMMARY))
    changed = {name for name, part in before.items() if after[name] != part}
    sheet = "sheet2" if make is office_workbook else "sheet1"
    assert changed <= {
        "[Content_Types].xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        f"xl/worksheets/{sheet}.xml",
        f"xl/worksheets/_rels/{sheet}.xml.rels",
        "xl/comments1.xml",
        "xl/comments/comment1.xml",
        "xl/drawings/vmlDrawing1.vml",
        "xl/drawings/commentsDrawing1.vml",
        "xl/drawings/legacyDrawing1.vml",
    }
    assert len(after) - len(before) <= 4


def test_charts_pictures_names_and_rules_are_still_there() -> None:
    found = annotate(office_workbook(), DATA, MARKS, SUMMARY)
    book = opened(found)
    assert len(book[DATA]._charts) == 1
    assert "xl/media/image1.png" in parts(found)
    assert book[DATA].column_dimensions["A"].width == pytest.approx(31.5, abs=1)
    assert book[DATA].row_dimensions[12].height == 30
    assert [str(each.sqref) for each in book[DATA].data_validations.dataValidation] == ["C2:C11"]
    assert [str(each.sqref) for each in book[DATA].conditional_formatting] == ["D2:D11"]
    assert b"x14:dataBar" in parts(found)["xl/worksheets/sheet2.xml"]
    assert set(book.defined_names) == {"Amounts"}
    assert book["Old list"].sheet_state == "hidden"
    assert book["Old list"]["A1"].comment.text == "of last year"
    assert [str(each) for each in book["Title page"].merged_cells.ranges] == ["B2:F3"]


def test_a_cell_that_was_not_there_has_the_look_of_its_row_or_column() -> None:
    found = opened(annotate(office_workbook(), DATA, MARKS, SUMMARY))[DATA]
    assert found["C12"].number_format == "0.000"
    found = opened(annotate(office_workbook(), DATA, [Mark(30, 3, "error", "new")], SUMMARY))[DATA]
    assert found["C30"].number_format == "@"
    assert found["C30"].font.i


def test_the_summary_is_the_last_sheet_and_holds_texts_alone() -> None:
    before = office_workbook()
    book = opened(annotate(before, DATA, MARKS, SUMMARY))
    assert book.sheetnames == [*opened(before).sheetnames, SUMMARY_SHEET]
    assert book.active is not None
    assert book.active.title == DATA
    sheet = book[SUMMARY_SHEET]
    assert [[cell.value for cell in row[:3]] for row in sheet.iter_rows(max_row=3)] == SUMMARY
    assert sheet["C3"].data_type == "s"
    assert sheet["A1"].font.b
    assert sheet["C2"].alignment.wrap_text
    assert not sheet["C2"].font.b
    assert sheet.column_dimensions["C"].width > sheet.column_dimensions["A"].width
    assert sheet.column_dimensions["AY"].hidden


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "a\0b\x1bc", "_x0041_", " ü <&>\"' ", "x" * 40_000]
)
def test_any_text_goes_into_comment_and_summary(text: str) -> None:
    found = annotate(plain_workbook(), DATA, [Mark(3, 3, "error", text)], [["problem"], [text]])
    require_sound(found)
    shown = str(opened(found)[SUMMARY_SHEET]["A2"].value)
    shown = re.sub("_x([0-9A-F]{4})_", lambda code: chr(int(code[1], 16)), shown)
    assert shown == text[:32_767]
    assert comments(found)["C3"].startswith("arkit error: ")


def test_a_line_break_in_a_text_cannot_make_a_second_line() -> None:
    found = annotate(plain_workbook(), DATA, [Mark(3, 3, "error", "one\r\ntwo\u2028three")], SUMMARY)
    assert comments(found)["C3"] == "arkit error: one two three"


@every_workbook
def test_marks_are_taken_away_when_the_cells_are_mended(make: Callable[[], bytes]) -> None:
    before = make()
    found = annotate(annotate(before, DATA, MARKS, SUMMARY), DATA, [], [["row"], ["nothing"]])
    assert fills(found).items() >= fills(before).items()
    assert colours(found) == {}
    assert looks(found).items() >= looks(before).items()
    assert comments(found) == comments(before)
    assert values(found) == values(before)
    book = opened(found)
    assert book.sheetnames == [*opened(before).sheetnames, SUMMARY_SHEET]
    assert book[SUMMARY_SHEET]["A2"].value == "nothing"
    require_sound(found)


def test_a_second_check_marks_what_is_still_wrong() -> None:
    first = annotate(plain_workbook(), DATA, MARKS, SUMMARY)
    again = annotate(first, DATA, [Mark(5, 2, "warning", "still"), Mark(9, 1, "error", "new")], SUMMARY)
    assert colours(again) == {"B5": WARNING, "A9": ERROR}
    assert comments(again) == {"B5": "arkit warning: still", "A9": "arkit error: new", "A6": "mine"}
    last = annotate(again, DATA, [], SUMMARY)
    assert fills(last) == fills(plain_workbook())


def test_checks_without_end_do_not_let_the_workbook_grow() -> None:
    content = annotate(plain_workbook(), DATA, MARKS, SUMMARY)
    again = content
    for _ in range(3):
        again = annotate(annotate(again, DATA, [], SUMMARY), DATA, MARKS, SUMMARY)
    sizes = {name: len(part) for name, part in parts(again).items()}
    assert sizes == {name: len(part) for name, part in parts(content).items()}


def test_a_fill_that_somebody_gave_a_marked_cell_stays() -> None:
    book = opened(annotate(plain_workbook(), DATA, MARKS, SUMMARY))
    book[DATA]["B5"].fill = PatternFill("solid", fgColor="FFFFFF00")
    found = annotate(saved(book), DATA, [], SUMMARY)
    assert "FFFFFF00" in fills(found)["B5"]
    assert colours(found) == {}


def test_what_somebody_wrote_below_a_remark_of_arkit_stays() -> None:
    book = opened(annotate(plain_workbook(), DATA, MARKS, SUMMARY))
    book[DATA]["C3"].comment.text += "\nthey will send it on Monday"
    found = annotate(saved(book), DATA, [], SUMMARY)
    assert comments(found) == {"A6": "mine", "C3": "\nthey will send it on Monday"}


def test_marks_are_found_again_after_another_program_saved_the_workbook() -> None:
    first = annotate(plain_workbook(), DATA, MARKS, SUMMARY)
    found = annotate(saved(opened(first)), DATA, [], SUMMARY)
    assert fills(found) == fills(plain_workbook())
    assert comments(found) == {"A6": "mine"}
    require_sound(found)


def test_marks_go_where_somebody_removed_the_summary_or_made_nonsense_of_it() -> None:
    book = opened(annotate(plain_workbook(), DATA, MARKS, SUMMARY))
    del book[SUMMARY_SHEET]
    assert colours(annotate(saved(book), DATA, [], SUMMARY)) == {}
    book = opened(annotate(plain_workbook(), DATA, MARKS, SUMMARY))
    for row in range(2, 6):
        book[SUMMARY_SHEET].cell(row, 52).value = "<fill><script/></fill>" if row % 2 else "<fill"
    found = annotate(saved(book), DATA, [], SUMMARY)
    assert colours(found) == {}
    assert b"script" not in parts(found)["xl/styles.xml"]
    require_sound(found)


def test_only_fills_that_were_there_are_kept_beside_the_summary() -> None:
    sheet = opened(annotate(plain_workbook(), DATA, MARKS, SUMMARY))[SUMMARY_SHEET]
    assert [cell.value for cell in sheet["AY"] if cell.value] == ["cell before", "B5", "C5", "D5"]


def test_rows_that_moved_lose_their_marks_too() -> None:
    book = opened(annotate(plain_workbook(), DATA, [Mark(3, 3, "error", "bad")], SUMMARY))
    sheet = book[DATA]
    sheet["C9"]._style, sheet["C3"]._style = sheet["C3"]._style, sheet["C9"]._style
    assert colours(saved(book)) == {"C9": ERROR}
    assert colours(annotate(saved(book), DATA, [], SUMMARY)) == {}


def test_only_so_many_cells_get_a_comment_as_excel_bears() -> None:
    marks = [Mark(row, column, "error", "x") for row in range(2, 1_103) for column in range(1, 11)]
    found = annotate(plain_workbook(), DATA, marks, SUMMARY)
    assert len(comments(found)) == 10_000
    assert len(colours(found)) == 11_010
    require_sound(found)


def test_marks_outside_of_a_sheet_are_left_out() -> None:
    places = [(0, 1), (1, 0), (2**20 + 1, 1), (1, 2**14 + 1), (2**20, 2**14)]
    found = annotate(plain_workbook(), DATA, [Mark(*place, "error", "x") for place in places], SUMMARY)
    assert re.findall(rb'ref="([A-Z0-9]+)"', parts(found)["xl/comments/comment1.xml"]) == [
        b"A6",
        b"XFD1048576",
    ]


def test_a_workbook_without_styles_gets_some() -> None:
    found = parts(inline_workbook())
    del found["xl/styles.xml"]
    found["[Content_Types].xml"] = re.sub(
        rb'<Override PartName="/xl/styles.xml"[^>]*>', b"", found["[Content_Types].xml"]
    )
    links = "xl/_rels/workbook.xml.rels"
    found[links] = re.sub(rb'<Relationship [^>]*/styles"[^>]*>', b"", found[links])
    content = annotate(repacked(found), DATA, [Mark(3, 3, "error", "bad")], SUMMARY)
    assert set(colours(content)) == {"C3"}


@pytest.mark.parametrize("written", [b"<sheetData/>", b"<sheetData />", b"<sheetData></sheetData>"])
def test_an_empty_sheet_takes_marks(written: bytes) -> None:
    content = with_sheet(lambda sheet: re.sub(rb"(?s)<sheetData>.*</sheetData>", written, sheet))
    found = annotate(content, DATA, [Mark(1, 1, "error", "the file is empty")], SUMMARY)
    assert set(colours(found)) == {"A1"}
    require_sound(found)


def test_an_empty_row_takes_marks() -> None:
    content = with_sheet(lambda sheet: sheet.replace(b"</sheetData>", b'<row r="20" ht="40"/></sheetData>'))
    found = annotate(content, DATA, [Mark(20, 2, "error", "bad"), Mark(20, 1, "error", "bad")], SUMMARY)
    assert set(colours(found)) == {"A20", "B20"}
    assert opened(found)[DATA].row_dimensions[20].height == 40
    require_sound(found)


def test_boxes_that_are_no_xml_are_left_as_they_are() -> None:
    found = parts(office_workbook())
    broken = b"<v:shape id='a'/><v:shape id='b'><v:textbox><div>OK<br></div></v:textbox></v:shape></xml>"
    drawing = found["xl/drawings/vmlDrawing1.vml"]
    found["xl/drawings/vmlDrawing1.vml"] = drawing.replace(b"</xml>", broken)
    content = annotate(repacked(found), DATA, MARKS, SUMMARY)
    assert broken[: -len(b"</xml>")] in parts(content)["xl/drawings/vmlDrawing1.vml"]
    assert "C3" in comments(content)
    cleaned = parts(annotate(content, DATA, [], SUMMARY))["xl/drawings/vmlDrawing1.vml"]
    assert broken[: -len(b"</xml>")] in cleaned
    assert cleaned.count(b"<v:shape ") == 3


def test_one_workbook_gives_one_result_on_any_day() -> None:
    content = plain_workbook()
    found = annotate(content, DATA, MARKS, SUMMARY)
    assert found == annotate(content, DATA, MARKS, SUMMARY)
    with zipfile.ZipFile(io.BytesIO(found)) as package:
        assert package.getinfo("xl/worksheets/sheet2.xml").date_time[0] == 1980


def test_the_workbook_opens_on_the_summary_where_it_did_so_before() -> None:
    book = opened(annotate(plain_workbook(), DATA, MARKS, SUMMARY))
    book.active = 1
    for sheet in book.worksheets:
        sheet.sheet_view.tabSelected = sheet.title == SUMMARY_SHEET
    found = opened(annotate(saved(book), DATA, [], SUMMARY))
    assert found.active is found[SUMMARY_SHEET]
    assert [sheet.sheet_view.tabSelected for sheet in found.worksheets] == [False, True]


def test_a_second_summary_leaves_nothing_that_hung_on_the_first() -> None:
    book = opened(annotate(plain_workbook(), DATA, MARKS, SUMMARY))
    book[SUMMARY_SHEET]["A2"].comment = Comment("done", "Ravi")
    found = annotate(saved(book), DATA, [], SUMMARY)
    require_sound(found)
    assert opened(found)[SUMMARY_SHEET]["A2"].comment is None
    assert not any(b"done" in part for part in parts(found).values())


def test_an_order_of_formulas_goes_that_names_some_of_the_former_summary() -> None:
    found = parts(annotate(plain_workbook(), DATA, MARKS, SUMMARY))
    found["xl/calcChain.xml"] = b'<calcChain xmlns="%b"><c r="J9" i="2"/></calcChain>' % SPACE.encode()
    links, types, summary = "xl/_rels/workbook.xml.rels", "[Content_Types].xml", "xl/worksheets/sheet2.xml"
    link = f'<Relationship Id="rId99" Type="{LINK}/calcChain" Target="calcChain.xml"/></Relationships>'
    found[links] = found[links].replace(b"</Relationships>", link.encode())
    declared = b'<Override PartName="/xl/calcChain.xml" ContentType="a/b"/></Types>'
    found[types] = found[types].replace(b"</Types>", declared)
    require_sound(repacked(found))
    assert "xl/calcChain.xml" in parts(annotate(repacked(found), DATA, [], SUMMARY))
    formula = b'<row r="99"><c r="J99"><f>1+1</f></c></row></sheetData>'
    found[summary] = found[summary].replace(b"</sheetData>", formula)
    again = annotate(repacked(found), DATA, [], SUMMARY)
    assert "xl/calcChain.xml" not in parts(again)
    require_sound(again)


def damaged(change: Callable[[dict[str, bytes]], Any]) -> bytes:
    found = parts(plain_workbook())
    change(found)
    return repacked(found)


SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
DAMAGES: dict[str, Callable[[dict[str, bytes]], Any]] = {
    "no styles where they should be": lambda found: found.pop(STYLES),
    "no sheet": lambda found: found.pop(SHEET),
    "no types": lambda found: found.pop("[Content_Types].xml"),
    "no relations": lambda found: found.pop("_rels/.rels"),
    "not XML": lambda found: found.update({SHEET: b"<worksheet"}),
    "empty": lambda found: found.update({SHEET: b""}),
    "no formats": lambda found: found.update({STYLES: re.sub(rb"<cellXfs.*</cellXfs>", b"", found[STYLES])}),
    "an unknown format": lambda found: found.update(
        {SHEET: found[SHEET].replace(b'r="C3"', b'r="C3" s="999"')}
    ),
    "entities": lambda found: found.update({SHEET: b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + found[SHEET]}),
    "rows out of order": lambda found: found.update(
        {SHEET: found[SHEET].replace(b'row r="4"', b'row r="2"')}
    ),
    "a cell twice": lambda found: found.update({SHEET: found[SHEET].replace(b'r="B3"', b'r="A3"')}),
    "an unknown encoding": lambda found: found.update(
        {SHEET: b'<?xml version="1.0" encoding="klingon"?><a/>'}
    ),
}


@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
def test_a_package_that_is_not_put_together_as_it_should_be_is_refused(change: Any) -> None:
    with pytest.raises(InputRefused) as caught:
        annotate(damaged(change), DATA, MARKS, SUMMARY)
    assert caught.value.code == "workbook"
    assert caught.value.next_step


def test_a_sheet_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputRefused):
        annotate(plain_workbook(), "Suppliers", MARKS, SUMMARY)


def test_damage_anywhere_ends_in_a_result_or_a_refusal() -> None:
    chance = random.Random(20261124)
    whole = parts(annotate(office_workbook(), DATA, MARKS, SUMMARY))
    names = [name for name in whole if name.endswith((".xml", ".rels", ".vml"))]
    refused = 0
    for _ in range(150):
        found = dict(whole)
        name = chance.choice(names)
        part = bytearray(found[name])
        at = chance.randrange(len(part))
        part[at : at + chance.choice([0, 1, 30])] = chance.choice([b"", b"<", b'"', b"\xff", b">", b"9"])
        found[name] = bytes(part)
        try:
            annotate(repacked(found), DATA, MARKS[:4], SUMMARY)
        except InputRefused:
            refused += 1
    assert refused


marks = st.builds(
    Mark,
    row=st.integers(1, 40),
    column=st.integers(1, 30),
    severity=st.sampled_from(["error", "warning"]),
    text=st.text(max_size=30),
)
OFFICE_WORKBOOK = office_workbook()


@settings(max_examples=20)
@given(first=st.lists(marks, max_size=25), second=st.lists(marks, max_size=25))
def test_whatever_is_marked_the_values_stay_and_the_marks_go(first: list[Mark], second: list[Mark]) -> None:
    once = annotate(OFFICE_WORKBOOK, DATA, first, SUMMARY)
    twice = annotate(once, DATA, second, SUMMARY)
    require_sound(twice)
    assert values(twice) == values(OFFICE_WORKBOOK)
    marked = {(mark.row, mark.column) for mark in second}
    assert set(map(coordinate_to_tuple, colours(twice))) == marked
    last = annotate(twice, DATA, [], SUMMARY)
    assert fills(last).items() >= fills(OFFICE_WORKBOOK).items()
    assert colours(last) == {}
    assert comments(last) == comments(OFFICE_WORKBOOK)


ROWS = [(3, ["KC00000000000001", "=1+1", "007"]), (5, ["KC00000000000002", "Old\nRoad", "1", "too", "many"])]


def test_a_table_that_was_csv_becomes_a_workbook_of_texts() -> None:
    found = of_table(["customerId", "address", "pinCode"], ROWS, [Mark(5, 4, "error", "too many")], SUMMARY)
    require_sound(found)
    book = opened(found)
    sheet = book.worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["customerId", "address", "pinCode", None, None],
        [None] * 5,
        ["KC00000000000001", "=1+1", "007", None, None],
        [None] * 5,
        ["KC00000000000002", "Old\nRoad", "1", "too", "many"],
    ]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}
    assert {cell.number_format for row in sheet.iter_rows() for cell in row if cell.value} == {"@"}
    assert sheet.freeze_panes == "A2"
    assert sheet["D5"].fill.fgColor.rgb == ERROR
    assert sheet["D5"].comment.text == "arkit error: too many"
    assert book.sheetnames[1:] == [SUMMARY_SHEET]


def test_the_header_of_a_table_stands_in_its_own_row() -> None:
    sheet = opened(of_table(["a"], [(4, ["b"])], [], SUMMARY, header_row=2)).worksheets[0]
    assert [sheet["A2"].value, sheet["A4"].value, sheet.freeze_panes] == ["a", "b", "A3"]


@pytest.mark.parametrize("rows", [[(2**20 + 1, ["x"])], [(2, ["x" * 32_768])], [(2, ["x"] * (2**14 + 1))]])
def test_a_table_that_no_sheet_can_hold_is_refused(rows: list[tuple[int, list[str]]]) -> None:
    with pytest.raises(InputRefused) as caught:
        of_table(["a"], rows, [], SUMMARY)
    assert caught.value.source_row == rows[0][0]


@pytest.mark.parametrize("make", [office_workbook, plain_workbook, inline_workbook, WORKBOOKS["no places"]])
def test_calamine_reads_the_same_values(make: Callable[[], bytes]) -> None:
    calamine = pytest.importorskip("python_calamine", reason="python-calamine is not installed.")

    def tables(content: bytes) -> dict[str, Any]:
        book = calamine.load_workbook(io.BytesIO(content))
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}

    before, after = tables(make()), tables(annotate(make(), DATA, MARKS[:7], SUMMARY))
    assert after.pop(SUMMARY_SHEET)[2][2] == "=1+1"
    assert after == before


@pytest.mark.parametrize("make", [office_workbook, plain_workbook, lambda: with_sheet(prefixed)])
def test_libreoffice_shows_the_marks_and_keeps_them_so_that_they_can_go(
    make: Callable[[], bytes], libreoffice: LibreOffice
) -> None:
    before = libreoffice.save_again(make())
    seen = libreoffice.save_again(annotate(make(), DATA, MARKS, SUMMARY))
    assert values(seen, data_only=True) == values(before, data_only=True)
    assert len(colours(seen)) == 10
    assert comments(seen)["A5"] == "arkit error: is not a customer id\narkit warning: looks odd"
    assert opened(seen)[SUMMARY_SHEET]["C3"].value == "=1+1"
    assert opened(seen).active.title == DATA
    mended = annotate(seen, DATA, [Mark(9, 1, "error", "new")], SUMMARY)
    require_sound(mended)
    shown = libreoffice.save_again(mended)
    assert colours(shown) == {"A9": ERROR}
    assert comments(shown) == comments(before) | {"A9": "arkit error: new"}
    without = {place: fill for place, fill in fills(shown).items() if place != "A9"}
    assert without.keys() >= fills(before).keys()
    assert values(shown, data_only=True) == values(before, data_only=True)
