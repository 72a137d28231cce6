"""Workbooks made for tests: plain ones, ones with a part put in their place, and ones written by hand."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from xml.sax.saxutils import escape

import openpyxl

SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
SHEET = "xl/worksheets/sheet1.xml"
KEY = "KC00002P0VOYQIRX"
HEAD = '<row r="1"><c r="A1" t="str"><v>customerId</v></c><c r="B1" t="str"><v>address</v></c></row>'


def workbook(*rows: Sequence[object]) -> bytes:
    """A workbook of openpyxl with these rows, or with one correction."""
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows or [["customerId", "address"], [KEY, "12 New Road"]]:
        book.active.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(members: Mapping[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, member in members.items():
            package.writestr(name, member)
    return file.getvalue()


def changed(change: Callable[[str, bytes], bytes], content: bytes = b"") -> bytes:
    """The workbook with every part of its package put through `change`."""
    return packed({name: change(name, old) for name, old in parts(content or workbook()).items()})


def with_part(name: str, part: bytes | str, content: bytes = b"") -> bytes:
    """The workbook with one part put in the place of the old one, or added."""
    return packed({**parts(content or workbook()), name: part})


def with_sheet(xml: bytes | str) -> bytes:
    """A workbook whose only sheet is this."""
    return with_part(SHEET, xml)


def with_rows(xml: str) -> bytes:
    """A workbook whose only sheet holds these rows, as the format writes them."""
    return with_sheet(f'<worksheet xmlns="{SPACE}"><sheetData>{xml}</sheetData></worksheet>')


def with_strings(*strings: str) -> bytes:
    """A workbook with a column of texts from the table of shared strings, given as XML, below a header."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    link = (
        f'<Relationship Id="rId99" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    items = "".join(f"<si>{text}</si>" for text in ("<t>legalName</t>", *strings))
    rows = "".join(
        f'<row r="{n + 1}"><c r="A{n + 1}" t="s"><v>{n}</v></c></row>' for n in range(len(strings) + 1)
    )
    members = parts(with_rows(rows))
    members["[Content_Types].xml"] = members["[Content_Types].xml"].replace(b"</Types>", override.encode())
    books = "xl/_rels/workbook.xml.rels"
    members[books] = members[books].replace(b"</Relationships>", link.encode())
    return packed({**members, "xl/sharedStrings.xml": f'<sst xmlns="{SPACE}">{items}</sst>'})


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
