"""The ZIP package of a workbook, unpacked in memory within limits before any parser sees it."""

import io
import posixpath
import re
import zipfile
from collections.abc import Collection
from dataclasses import dataclass

from defusedxml import ElementTree

from arkit.corrections.sheets import OWN_SHEETS, SAVE_AS, refused, too_large
from arkit.errors import InputRefused

MAX_UNPACKED_BYTES = 200 * 2**20
MAX_RATIO = 200
MAX_MEMBERS = 1_000

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
# Declarations may define entities that grow or read other files; no program of spreadsheets writes them.
DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
BOOK = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
LINKS = ("xl/externalLinks/", "xl/connections.xml")
GLANCED_BYTES = 2**20
END_MARK, END_BYTES = b"PK\x05\x06", 22
LOCAL_BYTES = 30
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Page:
    """A sheet of cells as the workbook names it."""

    title: str
    part: str


def parts_of(content: bytes, *, name: str) -> dict[str, bytes]:
    """The XML parts of a workbook by name, everything unpacked once, so that no size is only claimed.

    Raises:
        InputRefused: it is no workbook, would fill the memory, or holds what no workbook needs.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = package.infolist()
            _require_small(members, len(content), name)
            if not _is_plain(members, content):
                raise unsound(name)
            parts = {member.filename: _unpacked(package, member) for member in members}
    except InputRefused:
        raise
    except Exception as error:  # whatever zipfile and zlib meet in bytes that are no archive
        raise unsound(name) from error
    if "xl/workbook.xml" not in parts:
        kind = next((kind for part, kind in KINDS.items() if part in parts), "a ZIP file")
        raise refused(name, "format", f"this is {kind}, not a workbook that Excel saved as XLSX.", SAVE_AS)
    if "xl/vbaProject.bin" in parts:
        raise refused(name, "macros", "this workbook holds macros.", SAVE_AS)
    texts = {part: xml for part, xml in parts.items() if part.endswith((".xml", ".rels", ".vml"))}
    if any(b"!" in xml and DECLARED.search(xml.replace(b"\0", b"")) for xml in texts.values()):
        raise unsound(name)
    return texts


# What else is a ZIP file, by a part that it has.
KINDS = {
    "xl/workbook.bin": "a binary workbook (XLSB)",
    "content.xml": "an OpenDocument file (ODS)",
    "Index/Document.iwa": "a Numbers document",
}


def pages(parts: dict[str, bytes], *, name: str) -> list[Page]:
    """The sheets of a workbook that hold cells and are not arkit's own, in the order of their tabs.

    Raises:
        InputRefused: the workbook does not say which they are.
    """
    try:
        book, links = (ElementTree.fromstring(parts[part]) for part in BOOK)
        targets = {link.get("Id"): (link.get("Type", ""), link.get("Target", "")) for link in links}
        found = []
        for sheet in book.iter(f"{MAIN}sheet"):
            kind, target = targets[sheet.get(f"{OFFICE}id")]
            part = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
            if kind.endswith("/worksheet"):
                found.append(Page(sheet.get("name", ""), part))
    except Exception as error:  # whatever a parser meets in XML that is none
        raise unsound(name) from error
    return [page for page in found if not page.title.startswith(OWN_SHEETS)]


def sole_page(content: bytes, *, name: str) -> Page | None:
    """The only sheet of a workbook, found at a glance; nothing where a closer look is needed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = {part: package.open(part).read(GLANCED_BYTES) for part in BOOK}
        found = pages(parts, name=name)
    except Exception:  # the closer look tells what is wrong
        return None
    return found[0] if len(found) == 1 else None


def has_links(parts: Collection[str]) -> bool:
    """Whether a workbook draws on other files, programs or databases, of which nothing is ever opened."""
    return any(part.startswith(LINKS) for part in parts)


def unsound(name: str) -> InputRefused:
    """The refusal of bytes that no workbook of Excel consists of."""
    message = "this is not a sound XLSX workbook."
    return refused(name, "workbook", message, "Open it in Excel and save it again.")


def _unpacked(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """What a member holds; one that unpacks to more than it claims ends in an error of zipfile.

    It is asked for so many bytes as are claimed, since zipfile would unpack all others in memory first.
    """
    with package.open(member) as file:
        return file.read(max(member.file_size, 1))


def _require_small(members: list[zipfile.ZipInfo], packed_bytes: int, name: str) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > min(MAX_UNPACKED_BYTES, MAX_RATIO * packed_bytes) or len(members) > MAX_MEMBERS:
        raise too_large("the workbook unpacks to far too much.", name)


def _is_plain(members: list[zipfile.ZipInfo], content: bytes) -> bool:
    """Whether each name stands once and leads nowhere else, no member has a password, lies in another or is
    packed as Excel never does, and nothing stands before the first of them or behind the directory.
    """
    names = {member.filename for member in members}
    leads_out = any(name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) for name in names)
    has_password = any(member.flag_bits & 1 for member in members)
    is_usual = all(member.compress_type in PACKINGS for member in members)
    ends = 0
    overlap = min((member.header_offset for member in members), default=0) > 0
    for member in sorted(members, key=lambda member: member.header_offset):
        overlap |= member.header_offset < ends
        ends = member.header_offset + LOCAL_BYTES + len(member.orig_filename.encode()) + member.compress_size
    end = content.rfind(END_MARK)
    comment_bytes = int.from_bytes(content[end + END_BYTES - 2 : end + END_BYTES], "little")
    has_tail = end + END_BYTES + comment_bytes != len(content)
    is_orderly = is_usual and len(names) == len(members)
    return is_orderly and not (leads_out or has_password or overlap or has_tail)
