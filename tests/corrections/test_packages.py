"""Packages that attack: each ends in a refusal, and nothing is read, written or called on the way."""

import io
import re
import socket
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from arkit.corrections import files, packages
from arkit.errors import InputRefused

from .packing import KEY, LINKS, SHEET, changed, packed, parts, with_part, with_strings, workbook

SECRET = "the words of another file"
MANY = 200 * 2**20


def refusal(content: bytes) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        files.parse(content, name="file")
    return caught.value


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server on loopback that nobody should call."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        yield server


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
ATTACKS = {
    "billion laughs": f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]>',
    "quadratic": f'<!DOCTYPE x [<!ENTITY a0 "{"x" * 50_000}">]>',
    "a file": '<!DOCTYPE x [<!ENTITY a0 SYSTEM "file://{secret}">]>',
    "a server": '<!DOCTYPE x [<!ENTITY a0 SYSTEM "http://127.0.0.1:{port}/x">]>',
    "a parameter": '<!DOCTYPE x [<!ENTITY % a0 SYSTEM "http://127.0.0.1:{port}/x"> %a0;]>',
    "a definition": '<!DOCTYPE x SYSTEM "http://127.0.0.1:{port}/x.dtd">',
}
ENCODINGS = ["utf-8", "utf-16", "utf-16-le", "utf-16-be"]
WHOLE = with_strings("<t>12 New Road</t>")


def attacked(part: str, attack: str, encoding: str = "utf-8") -> bytes:
    """The workbook with an attack before the root of one part, and what it declares in every text."""

    def change(name: str, old: bytes) -> bytes:
        if name != part:
            return old
        body = re.sub(r"^<\?xml[^>]*\?>\s*", "", old.decode())
        body = re.sub(r">([^<>]+)<", ">&a0;<", body)
        if encoding == "utf-8":
            return f"{attack}{body}".encode()
        return f'<?xml version="1.0" encoding="{encoding}"?>{attack}{body}'.encode(encoding)

    return changed(change, WHOLE)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_declarations_are_refused_in_every_part(attack: str, encoding: str) -> None:
    for part in parts(WHOLE):
        with pytest.raises(InputRefused) as caught:
            packages.parts_of(attacked(part, attack, encoding), name="file")
        assert caught.value.code == "workbook", part


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", SHEET, "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"]
)
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_declaration_makes_arkit_read_a_file_or_call_a_server(
    attack: str, part: str, tmp_path: Path, listener: socket.socket
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    port = str(listener.getsockname()[1])
    attack = attack.replace("{secret}", str(secret)).replace("{port}", port)
    error = refusal(attacked(part, attack))
    assert error.code == "workbook"
    assert SECRET not in f"{error} {vars(error)}"
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_an_encoding_that_hides_a_declaration_hides_it_from_nobody(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    attack = ATTACKS["a file"].replace("{secret}", str(secret))
    assert refusal(attacked("xl/workbook.xml", attack, "cp037")).code == "workbook"


def test_an_inclusion_includes_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{secret}" parse="text"/>'
    sheet = files.parse(with_strings(f"<t>12 New Road</t>{include}"), name="file")
    assert list(sheet.rows()) == [(2, ["12 New Road"])]


def bomb(size: int) -> bytes:
    return with_part("xl/styles.xml", bytes(size))


def test_a_workbook_that_unpacks_to_far_too_much_is_refused() -> None:
    content = bomb(MANY + 2**20)
    assert len(content) < 2**20
    tracemalloc.start()
    assert refusal(content).code == "too_large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_a_workbook_that_unpacks_to_two_hundred_times_its_size_is_refused() -> None:
    assert refusal(bomb(20 * 2**20)).code == "too_large"


def test_a_workbook_of_thousands_of_parts_is_refused() -> None:
    content = packed({**parts(workbook()), **{f"xl/media/{n}": b"x" for n in range(1_000)}})
    assert refusal(content).code == "too_large"


@pytest.mark.parametrize("claimed", [0, 100])
@pytest.mark.parametrize("size", [2**20, 100 * 2**20])
def test_a_workbook_that_lies_about_its_size_is_refused(claimed: int, size: int) -> None:
    """The directory claims a few bytes; the memory must not pay for what comes out instead."""
    content = bytearray(bomb(size))
    true = struct.pack("<L", size)
    places = [found.start() for found in re.finditer(re.escape(true), bytes(content))]
    assert places
    for place in places:
        content[place : place + 4] = struct.pack("<L", claimed)
    tracemalloc.start()
    assert refusal(bytes(content)).code == "workbook"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20


def with_members(*members: tuple[str, bytes], **options: int) -> bytes:
    content = io.BytesIO(workbook())
    with zipfile.ZipFile(content, "a", **options) as package:
        for name, member in members:
            package.writestr(name, member)
    return content.getvalue()


def with_directory(change: "re.Pattern[bytes] | bytes", put: bytes) -> bytes:
    """The workbook with something else in the first entry of its directory."""
    content = workbook()
    start = content.index(b"PK\x01\x02")
    pattern = change if isinstance(change, re.Pattern) else re.compile(re.escape(change))
    return content[:start] + pattern.sub(lambda found: found[0][: -len(put)] + put, content[start:], count=1)


def with_password() -> bytes:
    return with_directory(re.compile(rb"PK\x01\x02.{6}", re.DOTALL), b"\1\0")


def overlapping() -> bytes:
    """Two members of one name each that are the same bytes."""
    content = with_members(("xl/a.xml", b"<a/>"), ("xl/b.xml", b"<a/>"))
    entries = [found.start() for found in re.finditer(b"PK\x01\x02", content)]
    changed = bytearray(content)
    changed[entries[-1] + 42 : entries[-1] + 46] = content[entries[-2] + 42 : entries[-2] + 46]
    name = changed.index(b"xl/a.xml")
    changed[name : name + 8] = b"xl/b.xml"
    return bytes(changed)


def with_large_sizes() -> bytes:
    """A directory whose entry says that its size stands in a field that it does not have."""
    return with_directory(re.compile(rb"PK\x01\x02.{24}", re.DOTALL), b"\xff\xff\xff\xff" * 2)


def with_twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return with_members((SHEET, b"<worksheet/>"))


STRANGE = {
    "above": lambda: with_members(("../outside.xml", b"x")),
    "above by backslashes": lambda: with_members(("xl\\..\\..\\outside.xml", b"x")),
    "above in the middle": lambda: with_members(("xl/../../outside.xml", b"x")),
    "absolute": lambda: with_members(("/tmp/arkit-outside.xml", b"x")),
    "twice": with_twice,
    "password": with_password,
    "overlapping": overlapping,
    "sizes that are not there": with_large_sizes,
    "junk behind": lambda: workbook() + b"junk",
    "another package before": lambda: packed({"a": b"b"}) + workbook(),
    "another package behind": lambda: workbook() + packed({"a": b"b"}),
    "no directory": lambda: workbook()[: workbook().index(b"PK\x01\x02")],
    "half": lambda: workbook()[:2_000],
    "wrong sum": lambda: with_directory(re.compile(rb"PK\x01\x02.{16}", re.DOTALL), b"\0\0\0\0"),
    "packed otherwise": lambda: repacked(zipfile.ZIP_LZMA),
    "packed otherwise too": lambda: repacked(zipfile.ZIP_BZIP2),
    "packed in no known way": lambda: with_directory(re.compile(rb"PK\x01\x02.{8}", re.DOTALL), b"\x63\0"),
    "more entries than there are": lambda: re.sub(
        rb"(PK\x05\x06.{4}).{4}", lambda found: found[1] + b"\xff" * 4, workbook(), flags=re.DOTALL
    ),
    "a package in a package": lambda: packed({"book.xlsx": workbook()}),
}


def repacked(method: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as package:
        for name, member in parts(workbook()).items():
            package.writestr(name, member)
    return file.getvalue()


@pytest.mark.parametrize("strange", STRANGE)
def test_a_package_that_no_program_writes_is_refused(
    strange: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert refusal(STRANGE[strange]()).code in ("workbook", "format", "too_large")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not Path("/tmp/arkit-outside.xml").exists()


def test_a_package_within_a_part_is_left_packed() -> None:
    content = with_members(("xl/embeddings/book.xlsx", workbook()))
    assert list(files.parse(content, name="file").rows()) == [(2, [KEY, "12 New Road"])]


def test_links_to_elsewhere_are_not_followed(listener: socket.socket) -> None:
    """Excel asks before it follows them; arkit has no use for them."""
    port = listener.getsockname()[1]
    link = (
        f'<Relationships xmlns="{LINKS}"><Relationship Id="rId1" TargetMode="External"'
        f' Type="x/externalLinkPath" Target="http://127.0.0.1:{port}/other.xlsx"/></Relationships>'
    )
    content = with_members(("xl/externalLinks/_rels/externalLink1.xml.rels", link.encode()))
    assert list(files.parse(content, name="file").rows()) == [(2, [KEY, "12 New Road"])]
    with pytest.raises(BlockingIOError):
        listener.accept()
