"""Workbooks: texts and faults are what openpyxl says cell by cell, however and by whom they are written."""

import datetime as dt
import io
import random
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from arkit.corrections import checks, files
from arkit.corrections.sheets import Sheet
from arkit.errors import InputRefused

from .packing import (
    HEAD,
    KEY,
    SHEET,
    SPACE,
    changed,
    parts,
    text_cell,
    with_part,
    with_rows,
    with_sheet,
    with_strings,
    workbook,
)

Cells = dict[tuple[int, int], Any]
"""Row and column, from 1, to a value."""


def parsed(content: bytes) -> Sheet:
    return files.parse(content, name="file")


def refusal(content: bytes) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        files.parse(content, name="file")
    return caught.value


def shown(sheet: Sheet) -> dict[tuple[int, int], tuple[str, str]]:
    """The text and the fault of each cell that holds something, by its place in the spreadsheet."""
    faults = {(place, fault.column): fault.rule for fault in sheet.faults for place in fault.places.tolist()}
    found = {}
    for place, (number, cells) in enumerate(sheet.rows()):
        for column, text in enumerate(cells):
            if text or (place, column) in faults:
                found[number, sheet.positions[column]] = (text, faults.get((place, column), ""))
    return found


def said(content: bytes, header_row: int) -> dict[tuple[int, int], tuple[str, str]]:
    """The same as openpyxl has it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=False)
    found = {}
    for row in book.worksheets[0].iter_rows(min_row=header_row + 1):
        for cell in row:
            told = _said(cell)
            if told:
                found[cell.row, cell.column] = told
    return found


def _said(cell: Any) -> tuple[str, str] | None:
    value, kind = cell.value, cell.data_type
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if kind in "feb":
        told = f"={value.text}" if not isinstance(value, str | bool) else str(value)
        rules = {"f": "excel_formula", "e": "excel_error", "b": "excel_boolean"}
        return told.lower() if kind == "b" else told, rules[kind]
    if isinstance(value, dt.datetime):
        text = f"{value:%Y-%m-%d %H:%M:%S}"
        return text.removesuffix(" 00:00:00"), "excel_date"
    if isinstance(value, int | float):
        text = str(int(value)) if value == int(value) else repr(round(value, 9))
        return text, "excel_number"
    return str(value), ""


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
PLAIN = st.one_of(
    TEXTS,
    st.sampled_from(["007", "TRUE", "1E5", "=1+1", "@x", "'x", "a\nb", "a & b <c>", "हिमालय", " x "]),
)
FIRST_DAY, LAST_DAY = (dt.datetime.fromisoformat(day) for day in ("1900-03-01", "2099-12-31"))
NUMBERS = st.one_of(
    st.integers(-(10**15), 10**15),
    st.decimals(-(10**9), 10**9, places=2, allow_nan=False).map(float),
)
DAYS = st.datetimes(FIRST_DAY, LAST_DAY).map(lambda moment: moment.replace(microsecond=0))
VALUES = st.one_of(PLAIN, NUMBERS, st.booleans(), DAYS, st.none())
FORMULAS = st.sampled_from(["=1+1", '="Sai"&" Co"', "=SUM(A1:A2)", "=A1<B1"])
ERRORS = st.sampled_from(["#N/A", "#REF!", "#DIV/0!"])


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, Cells, set[tuple[int, int]], set[tuple[int, int]]]:
    """Where a table begins, its cells, and which of them are formulas and errors."""
    top, left = draw(st.sampled_from([(1, 1), (1, 2), (3, 1), (4, 27)]))
    width, height = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    cells: Cells = {(top, left + place): f"column {place}" for place in range(width)}
    formulas, errors = set(), set()
    for row in range(top + 1, top + 1 + height):
        for column in range(left, left + width):
            kind = draw(st.integers(0, 9))
            value = draw(FORMULAS if kind == 0 else ERRORS if kind == 1 else VALUES)
            if kind == 0:
                formulas.add((row, column))
            elif kind == 1:
                errors.add((row, column))
            if value is not None:
                cells[row, column] = value
    cells[top + 1, left] = "x"
    formulas.discard((top + 1, left))
    errors.discard((top + 1, left))
    return top, left, cells, formulas, errors


Table = tuple[int, int, Cells, set[tuple[int, int]], set[tuple[int, int]]]


def by_openpyxl(table: Table) -> bytes:
    _, _, cells, formulas, errors = table
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for (row, column), value in cells.items():
        cell = sheet.cell(row, column)
        cell.value = value
        if isinstance(value, str) and (row, column) not in formulas:
            cell.data_type = "e" if (row, column) in errors else "s"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def by_xlsxwriter(table: Table, **options: Any) -> bytes:
    _, _, cells, formulas, errors = table
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, **options})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    for (row, column), value in cells.items():
        place = row - 1, column - 1
        if (row, column) in formulas:
            sheet.write_formula(*place, value, None, "cached")
        elif (row, column) in errors:
            sheet.write_formula(*place, "=NA()", None, value)
        elif isinstance(value, bool):
            sheet.write_boolean(*place, value)
        elif isinstance(value, dt.datetime):
            sheet.write_datetime(*place, value, day)
        elif isinstance(value, int | float):
            sheet.write_number(*place, value)
        else:
            sheet.write_string(*place, value)
    book.close()
    return file.getvalue()


def otherwise(content: bytes, rewrite: Callable[[str], str], encoding: str = "utf-8") -> bytes:
    """The workbook with the XML of its sheet written in another way."""

    def change(name: str, old: bytes) -> bytes:
        if name != SHEET:
            return old
        text = rewrite(re.sub(r"^<\?xml[^>]*\?>\s*", "", old.decode()))
        return f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'.encode(encoding)

    return changed(change, content)


def prefixed(xml: str) -> str:
    xml = re.sub(r"<(/?)([a-zA-Z])", r"<\1x:\2", xml)
    return xml.replace(f'xmlns="{SPACE}"', f'xmlns:x="{SPACE}"')


def single_quoted(xml: str) -> str:
    return re.sub(r'([a-zA-Z:]+)="([^"\']*)"', r"\1='\2'", xml)


def spread_out(xml: str) -> str:
    return re.sub(r"<(row|c) ", r"<\1\n  ", xml).replace("</c>", "</c >")


WAYS: dict[str, Callable[[Table], bytes]] = {
    "openpyxl": by_openpyxl,
    "xlsxwriter": by_xlsxwriter,
    "xlsxwriter in constant memory": lambda table: by_xlsxwriter(
        (*table[:2], dict(sorted(table[2].items())), *table[3:]), constant_memory=True
    ),
    "xlsxwriter from 1904": lambda table: by_xlsxwriter(_after_1904(table), date_1904=True),
    "with a prefix": lambda table: otherwise(by_openpyxl(table), prefixed),
    "with single quotation marks": lambda table: otherwise(by_openpyxl(table), single_quoted),
    "with line breaks in tags": lambda table: otherwise(by_openpyxl(table), spread_out),
}


def _after_1904(table: Table) -> Table:
    top, left, cells, formulas, errors = table
    old = dt.datetime.fromisoformat("1904-01-02")
    later = {
        place: max(value, old) if isinstance(value, dt.datetime) else value for place, value in cells.items()
    }
    return top, left, later, formulas, errors


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=15)
@given(table=tables())
def test_a_workbook_says_what_openpyxl_reads_in_it(way: str, table: Table) -> None:
    content = WAYS[way](table)
    sheet = parsed(content)
    top, left, *_ = table
    assert sheet.header_row == top
    assert sheet.positions[0] == left
    assert sheet.header[0] == "column 0"
    assert shown(sheet) == said(content, top)


TRUTH = [(2, [KEY, "12 New Road"])]

HIDING = (
    f'<worksheet xmlns="{SPACE}"><cols><col min="2" max="2" width="9" hidden="1"/></cols><sheetData>'
    '<row r="1"><c r="A1" t="str"><v>customerId</v></c><c r="B1" t="str"><v>address</v></c></row>'
    f'<row r="2" hidden="1"><c r="A2" t="str"><v>{KEY}</v></c><c r="B2"><v>7</v></c></row>'
    '<row r="3"><c r="A3" t="str"><v>x</v></c><c r="B3"><f>1+1</f><v>2</v></c></row>'
    '</sheetData><autoFilter ref="A1:B3"/>{merged}</worksheet>'
)
MERGED = '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
WRITTEN: dict[str, Callable[[str], str]] = {
    "as usual": str,
    "with a prefix": prefixed,
    "with single quotation marks": single_quoted,
    "with line breaks": spread_out,
    "with spaces about the equals signs": lambda xml: re.sub(
        r'(hidden|min|max|ref)="([^"]*)"', r'\1 = "\2"', xml
    ),
    "with hidden first": lambda xml: xml.replace('r="2" hidden="1"', 'hidden="1" r="2"'),
    "with true": lambda xml: xml.replace('hidden="1"', 'hidden="true"'),
    "with a comment": lambda xml: xml.replace("<sheetData>", "<sheetData><!-- x -->"),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_what_is_hidden_numeric_or_computed_is_seen_however_it_is_written(way: str) -> None:
    sheet = parsed(otherwise(with_sheet(HIDING.replace("{merged}", "")), WRITTEN[way]))
    assert shown(sheet) == {
        (2, 1): (KEY, ""),
        (2, 2): ("7", "excel_number"),
        (3, 1): ("x", ""),
        (3, 2): ("=1+1", "excel_formula"),
    }
    assert {(remark.rule, remark.source_row) for remark in sheet.remarks} == {
        ("row_hidden", 2),
        ("column_hidden", 1),
        ("rows_filtered", 1),
    }


@pytest.mark.parametrize("way", WRITTEN)
def test_merged_cells_are_refused_however_they_are_written(way: str) -> None:
    error = refusal(otherwise(with_sheet(HIDING.replace("{merged}", MERGED)), WRITTEN[way]))
    assert (error.code, error.source_row) == ("merged", 2)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_sheet_in_another_encoding_is_read_or_refused(encoding: str) -> None:
    content = otherwise(workbook(), str, encoding)
    if encoding == "utf-8":
        assert list(parsed(content).rows()) == TRUTH
    else:
        assert refusal(content).code == "workbook"


def test_rows_and_cells_without_references_stand_where_their_order_says() -> None:
    xml = otherwise(workbook(), lambda text: re.sub(r' r="[A-Z]*[0-9]+"', "", text))
    assert list(parsed(xml).rows()) == TRUTH


@pytest.mark.parametrize("kept", ["row", "c"])
def test_either_references_may_be_missing(kept: str) -> None:
    pattern = r'(<c) r="[A-Z]+[0-9]+"' if kept == "row" else r'(<row) r="[0-9]+"'
    xml = otherwise(workbook(), lambda text: re.sub(pattern, r"\1", text))
    assert list(parsed(xml).rows()) == TRUTH


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>',
        '<row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
        '<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>2</v></c><c r="B2"><v>3</v></c></row>',
        '<row r="-1"><c r="A1"><v>1</v></c></row>',
        '<row r="x"><c r="A2"><v>1</v></c></row>',
        '<row r="2"><c r="A2" t="s"><v>99</v></c></row>',
        '<row r="2"><c r="AAAA2"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></row>',
    ],
    ids=["twice", "disorder", "cell-twice", "cell-between", "negative", "name", "string", "far", "open"],
)
def test_a_sheet_that_contradicts_itself_is_refused(rows: str) -> None:
    assert refusal(with_rows(HEAD + rows)).code in ("workbook", "too_large")


@pytest.mark.parametrize("number", ["1048577", "9999999", "99999999999"])
def test_a_row_below_the_last_of_a_spreadsheet_is_refused(number: str) -> None:
    content = with_rows(f'{HEAD}<row r="{number}"><c r="A{number}" t="str"><v>x</v></c></row>')
    assert refusal(content).code in ("too_large", "workbook")


def test_columns_keep_their_places_beside_cells_that_hold_nothing() -> None:
    """Cells with a format alone, before and between the others, move nothing."""
    empty = '<c r="A{n}" s="0"/><c r="B{n}" s="0"></c>'
    rows = "".join(
        f'<row r="{n}">{empty.replace("{n}", str(n))}{text_cell(f"C{n}", a)}'
        f'<c r="D{n}"/>{text_cell(f"E{n}", b)}</row>'
        for n, (a, b) in enumerate([("customerId", "address"), (KEY, "12 New Road")], 3)
    )
    rows = f'<row r="1"><c r="A1" s="0"/></row>{rows}<row r="9"><c r="H9" s="0"/></row>'
    sheet = parsed(with_rows(rows))
    assert [(sheet.header[n], sheet.positions[n]) for n in (0, -1)] == [("customerId", 3), ("address", 5)]
    assert [number for number, _ in sheet.rows()] == [4]


def test_numbers_keep_all_their_digits_or_are_shown_as_what_they_are() -> None:
    values = ["0", "50100012345678901", "9.19812E+11", "0.1", "123456789.12", "4567890.07", "1E-7"]
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{value}</v></c></row>' for n, value in enumerate(values, 2))
    sheet = parsed(with_rows(HEAD + rows))
    texts = [cells[0] for _, cells in sheet.rows()]
    assert texts[0] == "0"
    assert texts[2:6] == ["919812000000", "0.1", "123456789.12", "4567890.07"]
    assert {fault.rule for fault in sheet.faults} == {"excel_number"}
    assert sum(len(fault.places) for fault in sheet.faults) == len(texts)


FORMULA_TAGS = {
    "plain": "<f>1+1</f>",
    "array": '<f t="array" ref="A2">SUM(1)</f>',
    "table": '<f t="dataTable" ref="A2"/>',
    "shared": '<f t="shared" si="0">1+1</f>',
    "empty": "<f/>",
}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("", "<v>2</v>"),
        ("", ""),
        ("", "<v></v>"),
        (' t="str"', "<v>2</v>"),
        (' t="str"', "<v/>"),
        (' t="e"', "<v>#N/A</v>"),
        (' t="b"', "<v>1</v>"),
    ],
)
@pytest.mark.parametrize("formula", FORMULA_TAGS.values(), ids=FORMULA_TAGS)
def test_a_formula_of_any_kind_is_shown_as_such(formula: str, kind: str, value: str) -> None:
    cell = f'<c r="B2"{kind}>{formula}{value}</c>'
    content = with_rows(f'{HEAD}<row r="2">{text_cell("A2", KEY)}{cell}</row>')
    found = shown(parsed(content))
    assert found[2, 2][1] == "excel_formula"
    assert found[2, 2][0].startswith("=")
    assert set(found) == {(2, 1), (2, 2)}


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<r><t xml:space='preserve'>12 </t></r><r><rPr><b/></rPr><t>New Road</t></r>", "12 New Road"),
        ("<t>12 New Road</t><rPh sb='0' eb='1'><t>x</t></rPh><phoneticPr fontId='0'/>", "12 New Road"),
        ("<r><t>12</t></r><rPh sb='0' eb='1'><t>x</t></rPh>", "12"),
        ("<t>a_x0042_c</t>", "aBc"),
        ("<t>a_x005F_x0042_c</t>", "a_x0042_c"),
        ("<t>a_x000D_c</t>", "a\rc"),
        ("<t>a&#x0A85;&amp;&lt;</t>", "aઅ&<"),
        ("<t xml:space='preserve'> a </t>", " a "),
        ("<t><![CDATA[a]]></t>", "a"),
    ],
)
def test_shared_texts_are_what_excel_shows(xml: str, text: str) -> None:
    content = with_strings(xml, "<t>the last</t>")
    assert list(parsed(content).rows()) == [(2, [text]), (3, ["the last"])]


def test_what_openpyxl_would_not_save_is_nobodys_concern() -> None:
    extension = '<extLst><ext uri="{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'
    content = otherwise(workbook(), lambda text: text.replace("</worksheet>", extension))
    assert list(parsed(content).rows()) == TRUTH


def test_a_comment_in_the_xml_hides_no_cell() -> None:
    xml = parts(workbook())[SHEET].decode().replace("<sheetData>", "<sheetData><!-- <row r='1'> -->")
    assert list(parsed(with_part(SHEET, xml)).rows()) == TRUTH


@pytest.mark.parametrize(("column", "row"), [(1, 5), (1, 2), (5, 3), (2**14, 3), (2, 7)])
def test_a_formula_that_was_never_computed_is_no_blank_cell(column: int, row: int) -> None:
    """Some programs write none of the values; no reader of values sees such a cell."""
    rows: dict[int, list[tuple[int, str]]] = {2: [(3, "customerId")], 4: [(3, KEY)]}
    rows.setdefault(row, []).append((column, ""))
    xml = ""
    for number, cells in sorted(rows.items()):
        xml += f'<row r="{number}">'
        for place, text in sorted(cells):
            reference = f"{openpyxl.utils.get_column_letter(place)}{number}"
            xml += text_cell(reference, text) if text else f'<c r="{reference}"><f>1+1</f></c>'
        xml += "</row>"
    found = shown(parsed(with_rows(xml)))
    assert found[4, 3] == (KEY, "")
    assert row == 2 or found[row, column] == ("=1+1", "excel_formula")


def test_what_is_no_number_is_shown_where_it_stands() -> None:
    sheet = parsed(with_rows(f'{HEAD}<row r="2"><c r="A2"><v>1.2.3</v></c></row>'))
    assert shown(sheet) == {(2, 1): ("1.2.3", "excel_number")}


@pytest.mark.parametrize("xml", ["", "<worksheet/>", "<html/>", "x", f'<worksheet xmlns="{SPACE}">'])
def test_a_sheet_that_is_none_is_refused(xml: str) -> None:
    assert refusal(with_sheet(xml)).code in ("workbook", "empty")


def test_a_wide_row_far_below_is_refused() -> None:
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(2, 2_100))
    assert refusal(with_rows(HEAD + rows)).code in ("too_large", "workbook")


def test_an_identifier_that_excel_keeps_as_a_number_is_never_accepted(tmp_path: Path) -> None:
    """Up to 18 digits, with and without tails: zeros at the beginning and digits at the end may be gone."""
    chance = random.Random(20261124)
    numbers = [str(chance.randrange(10 ** (size - 1), 10**size)) for size in range(1, 19) for _ in range(20)]
    numbers += [f"{number}.0" for number in numbers[:40]] + ["9.19812E+11", "5.01E+16", "1E400", "-0"]
    rows = "".join(
        f'<row r="{n}">{text_cell(f"A{n}", f"KC{n:014}")}<c r="B{n}"><v>{number}</v></c></row>'
        for n, number in enumerate(numbers, 2)
    )
    path = tmp_path / "numbers.xlsx"
    for field in ("accountNumber", "panOrGstin", "uniqueRefNo", "pinCode", "contactNumber", "legalName"):
        path.write_bytes(with_rows(HEAD.replace("address", field) + rows))
        checked = checks.check(path)
        assert checked.accepted_rows == 0
        assert set(checked.problems["rule"]) == {"excel_number"}
        assert checked.problems["source_row"].tolist() == list(range(2, len(numbers) + 2))


def test_numbers_that_are_accepted_as_identifiers_are_whole(tmp_path: Path) -> None:
    """These never begin with 0, so that a whole number of the right length is all of the value."""
    texts = ["560001", "56001", "5600012", "560001.5", "9824012345", "919824012345", "982401234"]
    rows = "".join(
        f'<row r="{n}">{text_cell(f"A{n}", f"KC{n:014}")}<c r="B{n}"><v>{number}</v></c></row>'
        for n, number in enumerate(texts, 2)
    )
    path = tmp_path / "numbers.xlsx"
    for field, column, whole in (
        ("pinCode", "pin_code", ["560001"]),
        ("contactNumber", "contact_number", ["9824012345"]),
        ("accountNumber", "account_number", []),
    ):
        path.write_bytes(with_rows(HEAD.replace("address", field) + rows))
        assert checks.check(path, accept=["excel_number"]).accepted[column].tolist() == whole
