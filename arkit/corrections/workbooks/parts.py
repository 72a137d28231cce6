"""One XML part of a package: where its elements lie in its bytes, and changes spliced in between them.

No tree is written out again: a parser that knows the namespaces by its own prefixes, and not by those of the
file, would lose what other programs put there (``mc:Ignorable`` names prefixes).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DECLARATION = re.compile(rb"<\?xml[^>]*\?>\s*")
ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

TAG = re.compile(rb"<(?:[^\"'<>]|\"[^\"]*\"|'[^']*')*>")
NAME = re.compile(rb"<((?:[^\s:/>]+:)?)[^\s/>]+")
ATTRIBUTE = re.compile(rb"([^\s=\"'<>/]+)\s*=\s*(\"[^\"]*\"|'[^']*')")

# What XML 1.0 cannot hold, and a carriage return, which parsers turn into a line feed.
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
# These, and what would read as the code of one.
CODED = re.compile(f"{FORBIDDEN.pattern}|_(?=x[0-9A-Fa-f]{{4}}_)")
LONE = re.compile("[\ud800-\udfff]")
QUOTED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
)


class Edit(NamedTuple):
    """The bytes from `start` to `end` give way to others; with the same end it is an insertion."""

    start: int
    end: int
    content: bytes


@dataclass
class Element:
    """An element by its places in the bytes of its part.

    Attributes:
        name: local name behind the namespace and a space, as expat gives it.
        text: its own text, without that of its children.
        start: where its start tag begins; `inner` and `inner_end` enclose its content, `end` follows it.
    """

    name: str
    attributes: dict[str, str]
    start: int
    inner: int
    inner_end: int = 0
    end: int = 0
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> list["Element"]:
        """Its children of this name in the namespace of spreadsheets."""
        return [child for child in self.children if child.name == f"{MAIN} {name}"]

    def one(self, name: str) -> "Element":
        """The first child of this name.

        Raises:
            ValueError: there is none.
        """
        found = self.all(name)
        if not found:
            raise ValueError(f"no {name}")
        return found[0]

    def walk(self) -> Iterator["Element"]:
        """It and all below it, in the order of the file."""
        yield self
        for child in self.children:
            yield from child.walk()


def as_utf8(content: bytes) -> bytes:
    """The part in UTF-8 without a mark: places count in the bytes that the parser gets."""
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "")
    if not encoding:
        content = content.removeprefix(b"\xef\xbb\xbf")
        head = DECLARATION.match(content)
        named = ENCODING.search(head[0]) if head else None
        encoding = named[1].decode() if named else "utf-8"
        if encoding.lower() in ("utf-8", "utf8", "us-ascii"):
            return content
    recoded = content.decode(encoding).removeprefix("\ufeff").encode()
    return HEAD + DECLARATION.sub(b"", recoded, count=1)


NotWellFormed = expat.ExpatError


def parser() -> expat.XMLParserType:
    """A parser with namespaces that takes no document type, and with it no entities."""
    made = expat.ParserCreate(namespace_separator=" ")
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _refuse_doctype
    return made


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a part of a workbook has no document type")


def parse(content: bytes) -> Element:
    """The root of a part in UTF-8, with everything below it."""
    reader = parser()
    root = Element("", {}, 0, 0)
    above = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        place = reader.CurrentByteIndex
        element = Element(name, attributes, place, place + len(tag_at(content, place)))
        above[-1].children.append(element)
        above.append(element)

    def end(_: str) -> None:
        element = above.pop()
        element.inner_end = reader.CurrentByteIndex
        element.end = element.inner_end
        if not is_closed(content, element):
            element.end += len(tag_at(content, element.inner_end))

    def text(found: str) -> None:
        above[-1].text += found

    reader.StartElementHandler, reader.EndElementHandler, reader.CharacterDataHandler = start, end, text
    reader.Parse(content, True)
    return root.children[0]


def tag_at(content: bytes, place: int) -> bytes:
    """The tag that begins there, from < to >."""
    found = TAG.match(content, place)
    if not found:
        raise ValueError("no tag")
    return found[0]


def prefix_of(tag: bytes) -> bytes:
    """The prefix of a start tag with its colon, or nothing."""
    found = NAME.match(tag)
    return found[1] if found else b""


def is_closed(content: bytes, element: Element) -> bool:
    """Whether it is written as one tag, which has no room for content."""
    return content[element.inner - 2 : element.inner] == b"/>"


def appended(content: bytes, element: Element, xml: bytes) -> Edit:
    """The edit that puts this at the end of an element's content."""
    if not is_closed(content, element):
        return Edit(element.inner_end, element.inner_end, xml)
    name = NAME.match(content, element.start)
    closing = b"</" + name[0][1:] + b">" if name else b""
    return Edit(element.inner - 2, element.inner, b">" + xml + closing)


def attribute_edit(content: bytes, element: Element, name: str, value: str) -> Edit:
    """The edit that gives an element's start tag this attribute."""
    tag = content[element.start : element.inner]
    return Edit(element.start, element.inner, with_attribute(tag, name, value))


def attributes_of(tag: bytes) -> dict[str, str]:
    """The attributes of a start tag under the names as written, values not decoded."""
    return {name.decode(): value[1:-1].decode() for name, value in ATTRIBUTE.findall(tag)}


def with_attribute(tag: bytes, name: str, value: str) -> bytes:
    """A start tag with this attribute, in its old place if it had it."""
    written = f'{name}="{quoted(value)}"'.encode()
    for found in ATTRIBUTE.finditer(tag):
        if found[1] == name.encode():
            return tag[: found.start()] + written + tag[found.end() :]
    close = len(tag) - (2 if tag.endswith(b"/>") else 1)
    return tag[:close].rstrip() + b" " + written + tag[close:]


def spliced(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The part after these edits, of which no two overlap; insertions at one place keep their order."""
    pieces: list[bytes] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: edit[:2]):
        if edit.start < done:
            raise ValueError("two edits overlap")
        pieces += [content[done : edit.start], edit.content]
        done = edit.end
    return b"".join([*pieces, content[done:]])


def quoted(text: str) -> str:
    """The text as it stands in an attribute or between tags of XML."""
    return LONE.sub("\ufffd", text).translate(QUOTED)


def coded(text: str) -> str:
    """The text of a cell or a comment as the format writes it, with a code for what XML cannot hold."""
    safe = CODED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return LONE.sub("\ufffd", safe).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
