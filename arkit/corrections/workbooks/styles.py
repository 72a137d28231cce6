"""The styles of a workbook: the two colours of arkit laid over a cell's own style, and lifted off again."""

from dataclasses import dataclass

from arkit.corrections.workbooks import parts
from arkit.corrections.workbooks.parts import HEAD, MAIN, Edit, Element

COLOURS = {"error": "F2A59D", "warning": "FFF1B3"}
"""Severity to colour; the one is clearly darker than the other, for those who print without colours."""

NO_FILL = '<fill><patternFill patternType="none"/></fill>'
UNFILLED = {NO_FILL, "<fill/>", "<fill><patternFill/></fill>"}
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
PLAIN = (
    HEAD
    + f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    f'<fills count="2">{NO_FILL}<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    "</styleSheet>".encode()
)
"""The styles of a workbook that has none."""

# How a column of text looks and what it is: 49 is the format "@", under which Excel changes nothing.
WRAPPED = (
    'xf numFmtId="49" fontId="{font}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" '
    'applyAlignment="1">'
)


@dataclass(frozen=True)
class _Format:
    """An entry of ``cellXfs`` as written: its start tag and what follows."""

    tag: bytes
    rest: bytes

    @property
    def fill(self) -> int:
        return int(parts.attributes_of(self.tag).get("fillId", "0"))

    @property
    def key(self) -> tuple[frozenset[tuple[str, str]], bytes]:
        """Equal for formats that look alike; programs set ``applyFill`` or leave it as they please."""
        attributes = parts.attributes_of(self.tag)
        attributes.pop("applyFill", None)
        return frozenset(attributes.items()), self.rest


class Styles:
    """The styles part, with the fonts, fills and formats that were added so far.

    Methods raise IndexError for a style that the workbook has not.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        root = parts.parse(content)
        self._lists = {name: root.one(name) for name in ("fonts", "fills", "cellXfs")}
        self._prefix = parts.prefix_of(content[root.start : root.inner]).decode()
        self._fonts = [content[each.start : each.end] for each in self._lists["fonts"].children]
        self._fills = [plain(each) for each in self._lists["fills"].children]
        self._formats = [
            _Format(content[each.start : each.inner], content[each.inner : each.end])
            for each in self._lists["cellXfs"].children
        ]
        self._places = {each.key: place for place, each in reversed(list(enumerate(self._formats)))}
        self._filled: dict[tuple[int, str], int] = {}
        ours = {place for place, fill in enumerate(self._fills) if _is_ours(fill)}
        self.ours = frozenset(n for n, each in enumerate(self._formats) if each.fill in ours)

    def fill_of(self, style: int) -> str:
        """The fill of a style as XML without prefixes; `NO_FILL` however a file writes that there is none."""
        fill = self._fills[self._formats[style].fill]
        return NO_FILL if fill in UNFILLED else fill

    def with_fill(self, style: int, fill: str) -> int:
        """The style that is like this one but for its fill, which is given as XML without prefixes."""
        if (style, fill) not in self._filled:
            self._filled[style, fill] = self._fill(style, fill)
        return self._filled[style, fill]

    def wrapped(self, *, bold: bool) -> int:
        """The style of a cell whose text goes over several lines."""
        font = 0
        if bold:
            heavy = _bold(self._fonts[0], self._prefix)
            if heavy not in self._fonts:
                self._fonts.append(heavy)
            font = self._fonts.index(heavy)
        tag = f"<{self._prefix}{WRAPPED.format(font=font)}"
        rest = f'<{self._prefix}alignment vertical="top" wrapText="1"/></{self._prefix}xf>'
        return self._place(_Format(tag.encode(), rest.encode()))

    def content(self) -> bytes:
        """The part as it is now."""
        fills = [_prefixed(fill, self._prefix) for fill in self._fills]
        formats = [each.tag + each.rest for each in self._formats]
        edits: list[Edit] = []
        for element, entries in zip(self._lists.values(), (self._fonts, fills, formats), strict=True):
            edits += _grown(self._content, element, entries)
        return parts.spliced(self._content, edits)

    def _fill(self, style: int, fill: str) -> int:
        if fill not in self._fills and fill != NO_FILL:
            self._fills.append(fill)
        # The first of all fills is none, whatever is written there.
        place = 0 if fill == NO_FILL else self._fills.index(fill)
        tag = parts.with_attribute(self._formats[style].tag, "fillId", str(place))
        return self._place(_Format(parts.with_attribute(tag, "applyFill", "1"), self._formats[style].rest))

    def _place(self, made: _Format) -> int:
        if made.key not in self._places:
            self._places[made.key] = len(self._formats)
            self._formats.append(made)
        return self._places[made.key]


def coloured(severity: str) -> str:
    """The fill of cells with a problem of this severity."""
    colour = f'<fgColor rgb="FF{COLOURS[severity]}"/><bgColor indexed="64"/>'
    return f'<fill><patternFill patternType="solid">{colour}</patternFill></fill>'


def plain(element: Element) -> str:
    """An element of fills as XML without prefixes, however the file writes it."""
    name = element.name.rpartition(" ")[2]
    given = "".join(
        f' {key}="{parts.quoted(value)}"' for key, value in element.attributes.items() if " " not in key
    )
    inner = "".join(plain(child) for child in element.children)
    return f"<{name}{given}>{inner}</{name}>" if inner else f"<{name}{given}/>"


def fill_from(text: str) -> str:
    """A fill that was kept as text, and `NO_FILL` where somebody made something else of it."""
    try:
        root = parts.parse(text.encode())
    except (ValueError, parts.NotWellFormed):
        return NO_FILL
    names = [element.name for element in root.walk()]
    known = {"fill", "patternFill", "gradientFill", "fgColor", "bgColor", "stop", "color"}
    return plain(root) if names[0] == "fill" and known.issuperset(names) else NO_FILL


def _is_ours(fill: str) -> bool:
    """Whether it is one of the two colours, however a program writes what cannot be seen of it."""
    elements = list(parts.parse(fill.encode()).walk())
    solid = any(each.attributes.get("patternType") == "solid" for each in elements)
    colours = [each.attributes.get("rgb", "") for each in elements if each.name == "fgColor"]
    return solid and any(colour[-6:].upper() in COLOURS.values() for colour in colours)


def _prefixed(xml: str, prefix: str) -> bytes:
    return xml.replace("<", f"<{prefix}").replace(f"<{prefix}/", f"</{prefix}").encode()


def _bold(font: bytes, prefix: str) -> bytes:
    tag = parts.tag_at(font, 0)
    if b"<" + prefix.encode() + b"b/>" in font:
        return font
    closed = tag.endswith(b"/>")
    start = tag[:-2] + b">" if closed else tag
    rest = f"</{prefix}font>".encode() if closed else font[len(tag) :]
    return start + f"<{prefix}b/>".encode() + rest


def _grown(content: bytes, element: Element, entries: list[bytes]) -> list[Edit]:
    """The edits that append what a list has more than the file."""
    new = b"".join(entries[len(element.children) :])
    if not new:
        return []
    tag = parts.with_attribute(content[element.start : element.inner], "count", str(len(entries)))
    if not parts.is_closed(content, element):
        return [Edit(element.start, element.inner, tag), Edit(element.inner_end, element.inner_end, new)]
    name = parts.NAME.match(tag)
    closing = b"</" + name[0][1:] + b">" if name else b""
    return [Edit(element.start, element.inner, tag[:-2] + b">" + new + closing)]
