"""The comments of a sheet: ours beside those of people.

Every problem is one line that begins with a mark of its own. By it our lines are found again, also where a
program gave parts, authors and shapes other names, and what somebody wrote below them is kept.
"""

import re
from collections.abc import Iterator, Mapping

from arkit.corrections.workbooks import drawings, parts, places
from arkit.corrections.workbooks.containers import Container
from arkit.corrections.workbooks.parts import HEAD, MAIN, Edit, Element
from arkit.corrections.workbooks.places import Cell

AUTHOR = "arkit"
MOST_NOTES = 10_000
MOST_LINE_CHARACTERS = 2_000
MOST_CHARACTERS = 30_000

LINE = re.compile(r"(?:^|\n)arkit (?:error|warning): [^\n]*")
BREAKS = re.compile(r"[\r\n\v\f\x85\u2028\u2029]+")

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
EMPTY = HEAD + f'<comments xmlns="{MAIN}"><authors/><commentList/></comments>'.encode()


def line(severity: str, text: str) -> str:
    """A problem as a line of a comment; characters that XML cannot hold are left out."""
    visible = parts.FORBIDDEN.sub("", BREAKS.sub(" ", text))
    return f"arkit {severity}: {visible}"[:MOST_LINE_CHARACTERS]


def write(box: Container, sheet: str, lines: Mapping[Cell, list[str]], drawing: str) -> str:
    """Take our lines out of the comments of a sheet and put these there.

    Args:
        sheet: the name of its part.
        lines: the lines of cells by row and column; only the first `MOST_NOTES` cells get theirs.
        drawing: the part that draws the notes of the sheet, or an empty text.

    Returns:
        The relation of a drawing that was made, for the sheet to name, or an empty text.
    """
    name = box.related(sheet, "comments")
    chosen = {cell: "\n".join(lines[cell])[:MOST_CHARACTERS] for cell in sorted(lines)[:MOST_NOTES]}
    if not name and not chosen:
        return ""
    if not name:
        name = box.add("xl/comments{}.xml", EMPTY, TYPE)
        box.relate(sheet, "comments", name)
    cleaned, gone = _without_ours(box.read(name))
    content, new = _with_ours(cleaned, chosen)
    box.write(name, content)
    return drawings.write(box, sheet, drawing, gone, new)


def _without_ours(content: bytes) -> tuple[bytes, set[Cell]]:
    """The comments without our lines, and the cells that have no comment any more."""
    gone: set[Cell] = set()
    edits: list[Edit] = []
    for comment in parts.parse(content).one("commentList").all("comment"):
        texts = [element for element in comment.walk() if element.name == f"{MAIN} t"]
        whole = "".join(element.text for element in texts)
        ours = [range(*found.span()) for found in LINE.finditer(whole)]
        if not ours:
            continue
        kept = "".join(_outside(ours, 0, whole))
        if not kept.strip():
            gone.add(places.place_of(comment.attributes["ref"]))
            edits.append(Edit(comment.start, comment.end, b""))
            continue
        place = 0
        runs = [run for run in comment.walk() if run.name == f"{MAIN} r"]
        for element in texts:
            left = "".join(_outside(ours, place, element.text))
            place += len(element.text)
            if left == element.text:
                continue
            run = next((run for run in runs if run.start < element.start < run.end), None)
            if run and not left:
                edits.append(Edit(run.start, run.end, b""))
            else:
                edits.append(Edit(element.inner, element.inner_end, parts.coded(left).encode()))
    return parts.spliced(content, edits), gone


def _outside(ours: list[range], place: int, text: str) -> Iterator[str]:
    """The characters of a text that begins at this place of a comment, without those of our lines."""
    for number, character in enumerate(text, place):
        if not any(number in span for span in ours):
            yield character


def _with_ours(content: bytes, texts: Mapping[Cell, str]) -> tuple[bytes, dict[Cell, str]]:
    """The comments with ours, and the cells that had none with their texts."""
    if not texts:
        return content, {}
    root = parts.parse(content)
    prefix = parts.prefix_of(content[root.start : root.inner]).decode()
    authors, comments = root.one("authors"), root.one("commentList")
    names = [author.text for author in authors.all("author")]
    edits: list[Edit] = []
    if AUTHOR not in names:
        author = f"<{prefix}author>{AUTHOR}</{prefix}author>"
        edits.append(parts.appended(content, authors, author.encode()))
        names.append(AUTHOR)
    ours = names.index(AUTHOR)
    there = {comment.attributes["ref"]: comment for comment in comments.all("comment")}
    new: dict[Cell, str] = {}
    xml: list[str] = []
    for (row, column), text in texts.items():
        ref = places.reference(row, column)
        if ref in there:
            edits += _below(content, there[ref].one("text"), f"\n{text}", prefix)
            continue
        new[row, column] = text
        xml.append(
            f'<{prefix}comment ref="{ref}" authorId="{ours}"><{prefix}text>'
            f"{_run(text, prefix)}</{prefix}text></{prefix}comment>"
        )
    edits.append(parts.appended(content, comments, "".join(xml).encode()))
    return parts.spliced(content, edits), new


def _below(content: bytes, text: Element, ours: str, prefix: str) -> Iterator[Edit]:
    """Edits that put our lines below what somebody wrote; text without a run gets one."""
    run = _run(ours, prefix).encode()
    pieces = [child for child in text.children if child.name in (f"{MAIN} t", f"{MAIN} r")]
    if not pieces:
        yield parts.appended(content, text, run)
        return
    for piece in pieces:
        if piece.name == f"{MAIN} t":
            yield Edit(piece.start, piece.start, f"<{prefix}r>".encode())
            yield Edit(piece.end, piece.end, f"</{prefix}r>".encode())
    yield Edit(pieces[-1].end, pieces[-1].end, run)


def _run(text: str, prefix: str) -> str:
    return f'<{prefix}r><{prefix}t xml:space="preserve">{parts.coded(text)}</{prefix}t></{prefix}r>'
