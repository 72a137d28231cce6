"""Reading files: attacks and accidents end in a refusal, and what is read is what stands there."""

import csv
import io
import os
import random
import re
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arkit.corrections import checks, files, packages
from arkit.errors import InputRefused

ROOT = Path(__file__).parents[2]
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
SECRET = "the words of another file"


def workbook(*rows: list[str]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows or [["customerId", "address"], ["KC00000000000001", "12 New Road"]]:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def changed(change: Callable[[str, bytes], bytes], content: bytes = b"") -> bytes:
    """The workbook with every part of its package put through `change`."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content or workbook())) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return file.getvalue()


def with_part(name: str, part: bytes) -> bytes:
    return changed(lambda found, old: part if found == name else old)


def with_rows(xml: str) -> bytes:
    """A workbook whose only sheet holds these rows, as the format writes them."""
    return with_part(SHEET, f'<worksheet xmlns="{SPACE}"><sheetData>{xml}</sheetData></worksheet>'.encode())


def refusal(content: bytes) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        files.parse(content, name="file")
    return caught.value


PARTS = [
    name
    for name in zipfile.ZipFile(io.BytesIO(workbook())).namelist()
    if name not in ("_rels/.rels", "docProps/app.xml", "xl/theme/theme1.xml")  # which are never parsed
]
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
SQUARE = f'<!ENTITY a0 "{"x" * 50_000}">'
ATTACKS = {
    "billion laughs": f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]>',
    "quadratic": f"<!DOCTYPE x [{SQUARE}]>",
    "external": '<!DOCTYPE x [<!ENTITY a0 SYSTEM "file://{secret}">]>',
    "parameter": '<!DOCTYPE x [<!ENTITY % a0 SYSTEM "file://{secret}"> %a0;]>',
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("part", PARTS)
def test_entities_are_refused_in_every_part(part: str, attack: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    declared = attack.replace("{secret}", str(secret)).encode()

    def attacked(name: str, old: bytes) -> bytes:
        if name != part:
            return old
        body = re.sub(rb"^<\?xml[^>]*\?>\s*", b"", old)
        return declared + re.sub(rb">([^<>]+)<", b">&a0;<", body)

    assert refusal(changed(attacked)).code == "workbook"


def test_a_wide_row_far_below_costs_no_memory() -> None:
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 2_000))
    content = with_rows(rows)
    tracemalloc.start()
    assert refusal(content).code == "too_large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20


@pytest.mark.parametrize("number", ["1048577", "99999999999"])
def test_a_row_below_the_last_of_a_spreadsheet_is_refused(number: str) -> None:
    content = with_rows(f'<row r="{number}"><c r="A{number}" t="str"><v>customerId</v></c></row>')
    assert refusal(content).code == "too_large"


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>',
        '<row r="2"><c r="A3"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
        '<row r="-1"><c r="A1"><v>1</v></c></row>',
        '<row r="x"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
        '<row r="1"><c r="A1"><v>1.2.3</v></c></row>',
        f'<row r="1"><c r="A1"><v>{"9" * 5_000}</v></c></row>',
    ],
    ids=["twice", "elsewhere", "cell twice", "negative", "no number", "no string", "dots", "long"],
)
def test_a_sheet_that_contradicts_itself_is_refused(rows: str) -> None:
    assert refusal(with_rows(rows)).code == "workbook"


def test_a_workbook_that_unpacks_to_far_too_much_is_refused() -> None:
    content = with_part("xl/styles.xml", bytes(201 * 2**20))
    assert len(content) < 2**20
    assert refusal(content).code == "too_large"


def test_a_workbook_that_lies_about_its_size_is_refused() -> None:
    """The directory claims 100 bytes; the memory must not pay for what comes out instead."""
    part = b"<!--" + bytes(100 * 2**20)
    content = bytearray(with_part("xl/styles.xml", part))
    size = len(part).to_bytes(4, "little")
    places = [found.start() for found in re.finditer(re.escape(size), bytes(content))]
    assert places
    for place in places:
        content[place : place + 4] = (100).to_bytes(4, "little")
    tracemalloc.start()
    assert refusal(bytes(content)).code == "workbook"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_a_part_that_stands_twice_is_refused() -> None:
    content = io.BytesIO(workbook())
    with zipfile.ZipFile(content, "a") as package, pytest.warns(UserWarning, match="Duplicate name"):
        package.writestr(SHEET, b"<worksheet/>")
    assert refusal(content.getvalue()).code == "workbook"


def test_a_part_with_a_password_is_refused() -> None:
    content = workbook()
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content = re.sub(
            re.escape(mark) + b"." * (place - 4) + b".",
            lambda found: found[0][:-1] + b"\x01",
            content,
            flags=re.S,
        )
    assert refusal(content).code == "workbook"


def test_a_name_that_leads_out_of_the_folder_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = io.BytesIO(workbook())
    with zipfile.ZipFile(content, "a") as package:
        package.writestr("../outside.txt", b"x")
        package.writestr("/tmp/arkit-outside.txt", b"x")
    files.parse(content.getvalue(), name="file")
    assert not list(tmp_path.parent.glob("outside.txt"))
    assert not Path("/tmp/arkit-outside.txt").exists()


def test_what_openpyxl_would_not_save_is_nobodys_concern() -> None:
    extension = '<extLst><ext uri="{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'
    content = changed(
        lambda name, old: old.replace(b"</worksheet>", extension.encode()) if name == SHEET else old
    )
    assert files.parse(content, name="file").rows == {2: ["KC00000000000001", "12 New Road"]}


def test_texts_of_excel_are_read_from_the_table_that_it_keeps_them_in() -> None:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    strings = (
        f'<sst xmlns="{SPACE}"><si><t>customerId</t></si>'
        "<si><r><t>12 </t></r><r><rPr><b/></rPr><t>New Road</t></r>"
        "<rPh sb='0' eb='1'><t>x</t></rPh></si></sst>"
    )
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{n - 1}</v></c></row>' for n in (1, 2))
    content = io.BytesIO(
        changed(
            lambda name, old: old.replace(b"</Types>", override.encode()) if "Types" in name else old,
            with_rows(rows),
        )
    )
    with zipfile.ZipFile(content, "a") as package:
        package.writestr("xl/sharedStrings.xml", strings)
    sheet = files.parse(content.getvalue(), name="file")
    assert (sheet.header, sheet.rows, sheet.faults) == (["customerId"], {2: ["12 New Road"]}, [])


@pytest.mark.parametrize(("piece", "times"), [(b",", 4_000_000), (b"x,", 4_000_000), (b"x\n", 1_050_000)])
def test_a_file_of_little_more_than_separators_is_refused(piece: bytes, times: int) -> None:
    assert refusal(b"customerId\n" + piece * times).code == "too_large"


def test_a_field_longer_than_any_is_refused_with_its_row() -> None:
    error = refusal(b'customerId,address\nKC00000000000001,"' + b"x" * 200_000 + b'"\n')
    assert (error.code, error.source_row) == ("csv", 2)


def test_an_encoding_at_fault_is_shown_in_the_row_of_the_spreadsheet() -> None:
    text = 'customerId,address\nKC00000000000001,"1\n2\n3"\n\nKC00000000000002,Caf\xe9\n'
    assert refusal(text.encode("latin-1")).source_row == 4
    assert refusal(b"\xff\xfe" + text.encode("utf-16-le") + b"\x00\xd8").source_row == 5


@pytest.mark.parametrize("name", ["folder", "fifo", "absent", "zero", "nul\0"])
def test_what_is_no_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(InputRefused) as caught:
        files.read(tmp_path / name)
    assert caught.value.code in ("no_file", "unreadable")


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(5 * 2**30)
    with pytest.raises(InputRefused) as caught:
        files.read(path)
    assert caught.value.code == "too_large"


def test_a_number_that_lost_digits_is_never_taken_for_its_text() -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{value}</v></c></row>'
        for n, value in enumerate(["0", "50100012345678901", "9.19812E+11", "1E400", "0.1"], 1)
    )
    sheet = files.parse(with_rows(rows), name="file")
    assert [fault.value for fault in sheet.faults] == ["50100012345678901", "919812000000", "inf", "0.1"]
    assert {fault.rule for fault in sheet.faults} == {"excel_number"}


FORMULAS = {
    "plain": "<f>1+1</f>",
    "array": '<f t="array" ref="A2">SUM(1)</f>',
    "table": '<f t="dataTable" ref="A2"/>',
    "shared": '<f t="shared" si="0">1+1</f>',
    "empty": "<f/>",
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_a_formula_of_any_kind_is_shown_as_such(formula: str) -> None:
    header = '<row r="1"><c r="A1" t="str"><v>customerId</v></c></row>'
    content = with_rows(f'{header}<row r="2"><c r="A2">{formula}<v>2</v></c></row>')
    (fault,) = files.parse(content, name="file").faults
    assert (fault.source_row, fault.rule) == (2, "excel_formula")
    assert fault.value.startswith("=")


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(
    st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_csv_gives_back_what_was_written_in_its_rows(rows: list[list[str]], end: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    sheet = files.parse(text.getvalue().encode(), name="file")
    assert sheet.rows == {
        number: row for number, row in enumerate(rows, 2) if any(text.strip() for text in row)
    }


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)


@settings(max_examples=40)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8))
def test_a_workbook_gives_back_the_texts_of_its_rows(rows: list[list[str]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate([["a", "b", "c"], *rows], 1):
        for place, text in enumerate(row, 1):
            if text:
                sheet.cell(number, place).value = text
                sheet.cell(number, place).data_type = "s"
    file = io.BytesIO()
    book.save(file)
    found = files.parse(file.getvalue(), name="file").rows
    for number, row in enumerate(rows, 2):
        if any(text.strip() for text in row):
            assert found[number] == row[: len(found[number])]
            assert not any(row[len(found[number]) :])
        else:
            assert number not in found


SAMPLES = [
    *(ROOT / "data").glob("corrections-*.[cx][sl][vs]*"),
    *(ROOT / "tests" / "files").glob("*.csv"),
    *(ROOT / "tests" / "files").glob("*.xlsx"),
]
SAMPLES = sorted(path for path in SAMPLES if not path.name.endswith(".json"))


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The bytes with some of them changed, cut out, doubled or moved."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        place = chance.randrange(len(changed) + 1)
        length = chance.choice([1, 2, 8, 64])
        piece = bytes(changed[place : place + length])
        changed[place : place + length] = chance.choice(
            [
                chance.randbytes(length),
                b"",
                piece * 2,
                b'"',
                b",",
                b"\xff",
                b"&#xD800;",
                b"_x0000_",
                piece[::-1],
            ]
        )
        if not changed:
            break
    return bytes(changed)


def mutated_workbook(content: bytes, chance: random.Random) -> bytes:
    """The workbook with one of its parts changed and packed anew, so that the change reaches the parser."""
    try:
        part = chance.choice(zipfile.ZipFile(io.BytesIO(content)).namelist())
        return changed(lambda name, old: mutated(old, chance) if name == part else old, content)
    except (zipfile.BadZipFile, zlib.error):
        return content


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_file_gives_a_result_whatever_is_wrong_with_it(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    path = tmp_path / "damaged"
    endings: list[str] = []
    for _ in range(100):
        content = chance.choice(SAMPLES).read_bytes()
        is_workbook = content.startswith(b"PK") and chance.random() < 0.8
        path.write_bytes(mutated_workbook(content, chance) if is_workbook else mutated(content, chance))
        endings.append(ending(path))
    assert {"checked", "workbook", "encoding"} <= set(endings)


def ending(path: Path) -> str:
    """How the check of a file ends; whatever else than a result arises fails the test."""
    checked = checks.check(path)
    return "checked" if checked.rows or checked.ok else checked.problems["rule"].iloc[0]


def test_limits_leave_room_for_a_hundred_thousand_rows() -> None:
    packages.require_limits(100_001, 100_001 * 13, name="file")
