"""What a workbook must keep so that Excel opens it without an offer to repair it."""

import io
import posixpath
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
# The children of a worksheet in the order that the format wants.
CHILDREN = [
    "sheetPr",
    "dimension",
    "sheetViews",
    "sheetFormatPr",
    "cols",
    "sheetData",
    "sheetProtection",
    "autoFilter",
    "mergeCells",
    "conditionalFormatting",
    "dataValidations",
    "hyperlinks",
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "ignoredErrors",
    "drawing",
    "legacyDrawing",
    "tableParts",
    "extLst",
]
CELL = re.compile(r"([A-Z]+)([0-9]+)")


def parts(content: bytes) -> dict[str, bytes]:
    """The parts of a package by name, each there once."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = package.namelist()
        assert len(set(names)) == len(names)
        return {name: package.read(name) for name in names}


def repacked(found: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in found.items():
            package.writestr(name, part)
    return file.getvalue()


def require_sound(content: bytes) -> None:
    """Every part is well formed and declared, every relation leads somewhere, every sheet is in order."""
    found = parts(content)
    trees = {
        name: ElementTree.fromstring(part)
        for name, part in found.items()
        if name.endswith((".xml", ".rels", ".vml"))
    }
    require_declared(found, trees["[Content_Types].xml"])
    for name, tree in trees.items():
        if name.endswith(".rels"):
            require_targets(name, tree, found)
        if name.startswith("xl/worksheets/sheet"):
            require_order(tree, formats=len(trees["xl/styles.xml"].findall(f"{SPACE}cellXfs/{SPACE}xf")))
            require_known(tree, trees.get(f"xl/worksheets/_rels/{posixpath.basename(name)}.rels"))
        if tree.tag == f"{SPACE}comments":
            refs = [comment.get("ref") for comment in tree.iter(f"{SPACE}comment")]
            assert len(set(refs)) == len(refs)
    for each in trees["xl/styles.xml"]:
        assert each.get("count") in (None, str(len(each)))


def require_declared(found: dict[str, bytes], types: ElementTree.Element) -> None:
    overrides = [each.get("PartName", "").lstrip("/") for each in types if each.tag.endswith("Override")]
    defaults = [each.get("Extension", "").lower() for each in types if each.tag.endswith("Default")]
    assert len(set(overrides)) == len(overrides)
    assert len(set(defaults)) == len(defaults)
    assert set(overrides) <= set(found)
    undeclared = [name for name in found if name not in overrides and name.rpartition(".")[2] not in defaults]
    assert undeclared in ([], ["[Content_Types].xml"])


def require_targets(name: str, links: ElementTree.Element, found: dict[str, bytes]) -> None:
    folder = posixpath.dirname(posixpath.dirname(name))
    ids = [link.get("Id") for link in links]
    assert len(set(ids)) == len(ids)
    for link in links:
        if link.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, link.get("Target", ""))).lstrip("/")
            assert target in found


def require_order(sheet: ElementTree.Element, *, formats: int) -> None:
    places = [CHILDREN.index(child.tag.removeprefix(SPACE)) for child in sheet]
    assert places == sorted(places)
    last_row = 0
    for row in sheet.iter(f"{SPACE}row"):
        number = int(row.get("r", last_row + 1))
        assert number > last_row
        last_row, last_column = number, 0
        for cell in row:
            place = CELL.fullmatch(cell.get("r", f"{letters(last_column + 1)}{number}"))
            assert place is not None
            assert int(place[2]) == number
            assert column(place[1]) > last_column
            last_column = column(place[1])
            assert int(cell.get("s", "0")) < formats
        limits = [int(limit) for limit in row.get("spans", f"1:{2**14}").split(":")]
        assert limits[0] <= last_column <= limits[1] or not last_column


def require_known(sheet: ElementTree.Element, links: ElementTree.Element | None) -> None:
    """What a sheet names by an id stands among its relations."""
    ids = {link.get("Id") for link in links} if links is not None else set()
    assert {value for each in sheet.iter() for key, value in each.items() if key == f"{OFFICE}id"} <= ids


def column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def letters(number: int) -> str:
    return (letters((number - 1) // 26) if number > 26 else "") + chr(65 + (number - 1) % 26)


class LibreOffice:
    """Opens a workbook and saves it again, as somebody does who looks at it."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder

    def save_again(self, content: bytes) -> bytes:
        opened, saved = self._folder / "book.xlsx", self._folder / "saved"
        opened.write_bytes(content)
        profile = f"-env:UserInstallation={(self._folder / 'profile').as_uri()}"
        command = [self._program, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(saved)]
        subprocess.run([*command, str(opened)], check=True, capture_output=True, timeout=180)
        return (saved / opened.name).read_bytes()


@pytest.fixture
def libreoffice(tmp_path: Path) -> LibreOffice:
    """LibreOffice with a profile of the test's own; without it the test is skipped."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed (Debian: apt-get install libreoffice-calc-nogui).")
    return LibreOffice(program, tmp_path)
