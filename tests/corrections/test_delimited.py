"""CSV: the same rows with the same numbers as a parser of one character at a time, and the same refusals."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arkit.corrections import delimited
from arkit.corrections.sheets import Reading, Sheet
from arkit.errors import InputRefused

Rows = list[tuple[int, list[str]]]


class NoCsvError(Exception):
    """A quotation mark that opens or closes no field; its argument is the row."""


def rows_of(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:  # noqa: PLR0912
    """The rows and their numbers, as a strict reading of RFC 4180 gives them."""
    number, cells, cell = 1, [], ""
    state = "start"
    for place, letter in enumerate(text):
        if state == "quoted":
            if letter == '"':
                state = "after"
            else:
                cell += letter
        elif letter == '"':
            if state == "start":
                state = "quoted"
            elif state == "after":
                cell, state = f'{cell}"', "quoted"
            else:
                raise NoCsvError(number)
        elif letter == separator:
            cells, cell, state = [*cells, cell], "", "start"
        elif letter in "\r\n":
            if letter == "\n" and place and text[place - 1] == "\r":
                continue
            yield number, [*cells, cell] if cells or cell or state == "after" else []
            number, cells, cell, state = number + 1, [], "", "start"
        elif state == "after":
            raise NoCsvError(number)
        else:
            cell, state = cell + letter, "bare"
    if state == "quoted":
        raise NoCsvError(number)
    if cells or cell or state == "after":
        yield number, [*cells, cell]


def expected_of(text: str, separator: str) -> tuple[list[str], Rows, list[int]]:
    """The header, the rows as wide as it, and the numbers of the others; blank ones are left out."""
    filled = [row for row in rows_of(text, separator) if any(cell.strip() for cell in row[1])]
    (_, header), *others = filled
    whole = [
        (number, [cell if cell.strip() else "" for cell in cells])
        for number, cells in others
        if len(cells) == len(header)
    ]
    return header, whole, [number for number, cells in others if len(cells) != len(header)]


def parsed(text: str, separator: str = ",") -> Sheet:
    return delimited.parse(text.encode(), name="file", reading=Reading(separator=separator), names=())


PIECES = st.sampled_from(['"', '"', ",", ";", "\t", "\r", "\n", "\r\n", " ", "a", "é", "தமி", "\xa0", '""'])
FIELDS = st.text("ab é த\xa0,;\t\r\n\"'", max_size=5)


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Rows that are mostly as wide as the first, some blank, written as different programs write them."""
    separator, end = draw(st.sampled_from(",;\t")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    width = draw(st.integers(1, 4))
    table = draw(st.lists(st.lists(FIELDS, min_size=width, max_size=width), min_size=1, max_size=8))
    lines = []
    for row in table:
        cells = row
        if draw(st.integers(0, 7)) == 0:
            cells = row[:-1] if draw(st.booleans()) else [*row, "x"]
        if draw(st.integers(0, 7)) == 0:
            lines.append("")
        line = io.StringIO(newline="")
        quoting = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
        csv.writer(line, delimiter=separator, lineterminator="", quoting=quoting).writerow(cells)
        lines.append(line.getvalue())
    return separator + end.join(lines) + draw(st.sampled_from(["", end, end * 3]))


def require_refused(text: str, separator: str, code: str, row: int | None) -> None:
    with pytest.raises(InputRefused) as caught:
        parsed(text, separator)
    assert (caught.value.code, caught.value.source_row) == (code, row)


def require_same(text: str, separator: str) -> None:
    """What is read is what the strict reading gives, refusals and their rows included."""
    try:
        header, whole, ragged = expected_of(text, separator)
    except NoCsvError as error:
        require_refused(text, separator, "csv", error.args[0])
        return
    except ValueError:
        require_refused(text, separator, "empty", None)
        return
    sheet = parsed(text, separator)
    assert sheet.header == header
    assert list(sheet.rows()) == whole
    assert [remark.source_row for remark in sheet.remarks] == ragged


@settings(max_examples=500)
@given(tables())
def test_a_table_is_read_as_it_was_written(table: str) -> None:
    require_same(table[1:], table[0])


@settings(max_examples=1_000)
@given(st.lists(PIECES, max_size=20).map("".join), st.sampled_from(",;\t"))
@example('a,b\r\n"x\r\ny",1\r\n\r\n"z', ",")
@example('a\r\n"x" ,', ",")
@example('a,b\n1,"2\n3",4\n5,6\n', ",")
def test_whatever_marks_a_text_has_it_is_read_strictly_or_refused_with_the_row(
    text: str, separator: str
) -> None:
    require_same(text, separator)


@given(st.lists(PIECES, max_size=20).map("".join), st.sampled_from(",;\t"))
def test_what_the_csv_module_refuses_is_refused_and_what_it_reads_is_read_alike(
    text: str, separator: str
) -> None:
    """The strict reading above is no invention: the module in strict mode agrees where it says anything."""
    try:
        read = list(enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1))
    except csv.Error:
        with pytest.raises(NoCsvError):
            list(rows_of(text, separator))
        return
    if (row := row_of_fault(text, separator)) is None:
        assert list(rows_of(text, separator)) == read
    else:
        assert any('"' in cell for cell in read[row - 1][1])


def row_of_fault(text: str, separator: str) -> int | None:
    try:
        list(rows_of(text, separator))
    except NoCsvError as error:
        return int(error.args[0])
    return None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_rows_far_below_have_the_numbers_of_the_spreadsheet(separator: str, end: str) -> None:
    """Quoted line breaks, blank and ragged lines over several blocks of the parser."""
    lines = [separator.join(["customerId", "legalName"])]
    for number in range(40_000):
        lines.append(separator.join([f"KC{number:014}", f'"a{end}b{separator}""{number}"""']))
        if number % 1_000 == 7:
            lines += ["", f" {separator} ", "x"]
    require_same(end.join(lines), separator)


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    content = b"\xef\xbb\xbf" + b'customerId,legalName\r\nK,"Sai"\r\n'
    sheet = delimited.parse(content, name="file", reading=Reading(), names=())
    assert sheet.header == ["customerId", "legalName"]


@pytest.mark.parametrize("size", [131_073, 200_000, 3_000_000])
@pytest.mark.parametrize("row", [2, 4])
def test_a_field_longer_than_any_is_refused_with_its_row(size: int, row: int) -> None:
    lines = ["a,b"] + ["1,2"] * (row - 2)
    with pytest.raises(InputRefused) as caught:
        parsed("\r\n".join([*lines, f'3,"{"x" * size}"', "4,5"]))
    assert (caught.value.code, caught.value.source_row) == ("csv", row)


def test_a_field_that_is_long_since_a_mark_is_missing_is_refused_where_the_mark_is() -> None:
    rows = [f"{number},x" for number in range(60_000)]
    rows[100] = '100,"x'
    with pytest.raises(InputRefused) as caught:
        parsed("\r\n".join(["a,b", *rows]))
    assert (caught.value.code, caught.value.source_row) == ("csv", 102)


def test_a_field_of_the_greatest_length_is_read() -> None:
    sheet = parsed(f"a,b\r\n1,{'x' * 131_072}\r\n")
    assert list(sheet.rows()) == [(2, ["1", "x" * 131_072])]


@pytest.mark.parametrize("text", ["\N{NO-BREAK SPACE}", " ", '""', '" "', "\N{IDEOGRAPHIC SPACE}"])
def test_spaces_of_any_kind_are_a_blank_cell(text: str) -> None:
    assert list(parsed(f"a,b\r\n1,{text}\r\n").rows()) == [(2, ["1", ""])]
