"""The drawing with the boxes of a sheet's notes: Excel shows no note without one.

It is edited as text, since it is no XML at times: Excel itself writes <br> into the boxes of other controls.
"""

import itertools
import re
from collections.abc import Mapping

from arkit.corrections.workbooks import places
from arkit.corrections.workbooks.containers import Container
from arkit.corrections.workbooks.places import Cell

TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
SPACES = (
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
EMPTY = f'<xml {SPACES}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data=""/></o:shapelayout></xml>'
BOX = (
    '<v:shapetype {spaces}id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
SHAPE = (
    '<v:shape {spaces}id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;visibility:hidden" '
    'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" '
    'obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div '
    'style="text-align:left"></div></v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/>'
    "<x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row>"
    "<x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
SHAPES = re.compile(rb"<v:shape(?=[\s>])(?:[^>\"']|\"[^\"]*\"|'[^']*')*(?<!/)>.*?</v:shape>\s*", re.DOTALL)
SHAPE_CELL = re.compile(rb"<x:(Row|Column)>\s*(\d+)\s*</x:\1>")
ID_MAP = re.compile(rb"(<o:idmap\b[^>]*?\bdata=[\"'])([^\"']*)")
SHAPE_ID = re.compile(rb"_x0000_s(\d+)")
END = re.compile(rb"</xml\s*>\s*$")
# Excel numbers shapes in blocks; the drawing of a sheet claims some of them for itself.
BLOCK = 1024
# The size of a box, where columns and rows are as wide and as high as usual.
COLUMNS, MOST_ROWS, LINE_CHARACTERS = 3, 24, 28


def write(box: Container, sheet: str, drawing: str, gone: set[Cell], new: Mapping[Cell, str]) -> str:
    """Take the boxes of some cells out of the drawing of a sheet and give others one.

    Args:
        sheet: the name of its part.
        drawing: the part that draws its notes, or an empty text.
        new: cells and the texts of their notes, for which the boxes are made large enough.

    Returns:
        The relation of a drawing that was made, for the sheet to name, or an empty text.
    """
    relation = ""
    if not drawing and new:
        drawing = box.add("xl/drawings/vmlDrawing{}.vml", EMPTY.encode(), TYPE)
        relation = box.relate(sheet, "vmlDrawing", drawing)
    if drawing:
        box.write(drawing, _drawn(_without_shapes(box.read(drawing), gone), new, _blocks(box)))
    return relation


def _without_shapes(content: bytes, gone: set[Cell]) -> bytes:
    """The drawing without the boxes of these cells."""

    def kept(found: re.Match[bytes]) -> bytes:
        shape = found[0]
        cell = {name: int(number) for name, number in SHAPE_CELL.findall(shape)}
        is_gone = b'"Note"' in shape and (cell.get(b"Row", -1) + 1, cell.get(b"Column", -1) + 1) in gone
        return b"" if is_gone else shape

    return SHAPES.sub(kept, content) if gone else content


def _drawn(content: bytes, cells: Mapping[Cell, str], taken: set[int]) -> bytes:
    """The drawing with a hidden box for each of these cells."""
    if not cells:
        return content
    end = END.search(content)
    if not end:
        raise ValueError("no drawing of notes")
    spaces = "" if all(space.encode() in content for space in SPACES.split()) else f"{SPACES} "
    ids, claimed = _free_ids(content, len(cells), taken)
    xml = [] if b"_x0000_t202" in content else [BOX.format(spaces=spaces)]
    for free, ((row, column), text) in zip(ids, cells.items(), strict=True):
        xml.append(
            SHAPE.format(
                spaces=spaces,
                id=free,
                anchor=_anchor(row, column, text),
                row=row - 1,
                column=column - 1,
            )
        )
    grown = content[: end.start()] + "".join(xml).encode() + content[end.start() :]
    return ID_MAP.sub(lambda found: found[1] + _joined(found[2], claimed), grown, count=1)


def _free_ids(content: bytes, count: int, taken: set[int]) -> tuple[list[int], list[int]]:
    """So many numbers for boxes, out of its own blocks first, and the blocks to claim for others."""
    own = sorted(_blocks_of(content))
    used = {int(number) for number in SHAPE_ID.findall(content)}
    new = (block for block in itertools.count(1) if block not in taken)
    ids: list[int] = []
    claimed: list[int] = []
    while len(ids) < count:
        if not own:
            claimed.append(next(new))
        block = own.pop(0) if own else claimed[-1]
        ids += [number for number in range(block * BLOCK + 1, (block + 1) * BLOCK) if number not in used]
    return ids[:count], claimed


def _joined(blocks: bytes, claimed: list[int]) -> bytes:
    return b",".join(filter(None, [blocks, *(b"%d" % block for block in claimed)]))


def _anchor(row: int, column: int, text: str) -> str:
    """Beside the cell, within the sheet: columns and rows from 0, each with a distance in pixels."""
    height = min(2 + sum(1 + len(line) // LINE_CHARACTERS for line in text.split("\n")), MOST_ROWS)
    left = min(column, places.MAX_COLUMN - COLUMNS - 1)
    top = min(max(row - 2, 0), places.MAX_ROW - height - 1)
    return f"{left}, 15, {top}, 10, {left + COLUMNS}, 15, {top + height}, 4"


def _blocks(box: Container) -> set[int]:
    """The blocks of numbers that the drawings of the workbook claim."""
    drawings = (box.read(name) for name in box.names() if name.lower().endswith(".vml"))
    return {block for drawing in drawings for block in _blocks_of(drawing)}


def _blocks_of(content: bytes) -> set[int]:
    found = (number for _, data in ID_MAP.findall(content) for number in data.split(b","))
    return {int(number) for number in found if number.strip().isdigit()}
