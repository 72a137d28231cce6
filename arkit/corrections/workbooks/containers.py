"""The ZIP package around the parts: which part belongs to which, and what each of them is."""

import io
import posixpath
import zipfile
from dataclasses import dataclass

from arkit.corrections.workbooks import parts
from arkit.corrections.workbooks.parts import HEAD, Element

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = "[Content_Types].xml"
LINKS = "application/vnd.openxmlformats-package.relationships+xml"
# Of parts that a package gains: the earliest day that ZIP knows, so that one input gives one output.
FIRST_DAY = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Relation:
    """That a part names another; `kind` is the last word of the type's address."""

    id: str
    kind: str
    target: str


class Container:
    """The parts of a workbook by name, with the changes made so far; what is not written stays as it is.

    Every method raises KeyError or ValueError for a package that is not put together as the format wants.
    """

    def __init__(self, content: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(content))
        self._infos = {info.filename: info for info in self._zip.infolist()}
        self._changed: dict[str, bytes] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._changed or name in self._infos

    def names(self) -> list[str]:
        """The names of all parts."""
        return list(dict.fromkeys([*self._infos, *self._changed]))

    def read(self, name: str) -> bytes:
        """The part as it is now, in UTF-8 if it is XML."""
        if name not in self._changed:
            return parts.as_utf8(self._zip.read(name))
        return self._changed[name]

    def write(self, name: str, content: bytes) -> None:
        """Replace a part that is there."""
        self._changed[name] = content

    def add(self, pattern: str, content: bytes, content_type: str) -> str:
        """A new part under the first free name of the pattern, which may have a number in it; the name."""
        number = 1
        taken = {name.lower() for name in self.names()}
        while pattern.format(number).lower() in taken:
            if pattern == pattern.format(number):
                raise ValueError("a part is there that nothing names")
            number += 1
        name = pattern.format(number)
        self._changed[name] = content
        self._declare(name, content_type)
        return name

    def remove(self, name: str, *, owner: str) -> None:
        """Take away a part that only `owner` names."""
        links = _links_of(owner)
        content = self.read(links)
        found = [link for link in self.relations(owner) if link.target == name]
        gone = {link.id for link in found}
        self.write(links, _without(content, "Id", gone))
        self.write(TYPES, _without(self.read(TYPES), "PartName", {f"/{name}"}))
        self._infos.pop(name, None)
        self._changed.pop(name, None)

    def relations(self, owner: str) -> list[Relation]:
        """The parts that a part names; an empty owner is the package itself."""
        name = _links_of(owner)
        if name not in self:
            return []
        folder = posixpath.dirname(owner)
        return [
            Relation(link["Id"], link["Type"].rpartition("/")[2], _target(folder, link["Target"]))
            for link in (element.attributes for element in parts.parse(self.read(name)).children)
            if link.get("TargetMode") != "External"
        ]

    def related(self, owner: str, kind: str) -> str:
        """The one part of this kind that the owner names, or an empty text."""
        return next((link.target for link in self.relations(owner) if link.kind == kind), "")

    def relate(self, owner: str, kind: str, target: str) -> str:
        """Let a part name another one; the id of the relation."""
        name = _links_of(owner)
        if name not in self:
            self._changed[name] = HEAD + f'<Relationships xmlns="{PACKAGE}/relationships"/>'.encode()
            self._declare(name, LINKS)
        content = self.read(name)
        root = parts.parse(content)
        taken = {element.attributes.get("Id") for element in root.children}
        new = next(f"rId{n}" for n in range(1, len(taken) + 2) if f"rId{n}" not in taken)
        xml = f'Relationship Id="{new}" Type="{OFFICE}/{kind}" Target="/{target}"/>'
        self.write(name, _grown(content, root, xml))
        return new

    def pack(self) -> bytes:
        """The package with its changes; parts stand in their order, new ones at the end."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
            for name in self.names():
                old = self._infos.get(name)
                info = zipfile.ZipInfo(name, old.date_time if old else FIRST_DAY)
                stored = old is not None and old.compress_type == zipfile.ZIP_STORED
                info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                info.external_attr = old.external_attr if old else 0
                content = self._changed[name] if name in self._changed else self._zip.read(name)
                package.writestr(info, content)
        return packed.getvalue()

    def _declare(self, name: str, content_type: str) -> None:
        """Say what a part is: for its suffix if nothing is said of that, for the part itself if otherwise."""
        content = self.read(TYPES)
        root = parts.parse(content)
        suffix = name.rpartition(".")[2]
        said = {
            element.attributes["Extension"].lower(): element.attributes["ContentType"]
            for element in root.children
            if "Extension" in element.attributes
        }
        if said.get(suffix) == content_type:
            return
        which = f'Override PartName="/{name}"'
        if suffix not in said and suffix != "xml":
            which = f'Default Extension="{suffix}"'
        self.write(TYPES, _grown(content, root, f'{which} ContentType="{content_type}"/>'))


def _links_of(owner: str) -> str:
    folder, name = posixpath.split(owner)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _target(folder: str, target: str) -> str:
    return posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")


def _grown(content: bytes, root: Element, xml: str) -> bytes:
    tag = b"<" + parts.prefix_of(content[root.start : root.inner]) + xml.encode()
    return parts.spliced(content, [parts.appended(content, root, tag)])


def _without(content: bytes, attribute: str, values: set[str]) -> bytes:
    """A list of relations or types without those of which an attribute has one of these values."""
    gone = [child for child in parts.parse(content).children if child.attributes.get(attribute) in values]
    return parts.spliced(content, [parts.Edit(child.start, child.end, b"") for child in gone])
