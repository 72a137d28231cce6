"""Opening files: what is no file or no table ends in a refusal, and a file is read once."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from arkit.corrections import checks, files
from arkit.corrections.checks import Check
from arkit.errors import InputRefused

from .packing import KEY, workbook

HEADER = "customerId,legalName\r\n"


def refusal(content: bytes) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        files.parse(content, name="file")
    return caught.value


@pytest.mark.parametrize(
    "name", ["folder", "fifo", "absent", "zero", "nul\0", "absent/../folder", "dangling", "x" * 300, "CON:"]
)
def test_what_is_no_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    with pytest.raises(InputRefused) as caught:
        files.read(tmp_path / name)
    assert caught.value.code in ("no_file", "unreadable")


def test_a_link_to_a_file_is_the_file(tmp_path: Path) -> None:
    (tmp_path / "corrections.csv").write_text(f"{HEADER}{KEY},Sai\r\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link.csv").symlink_to(tmp_path / "corrections.csv")
    assert list(files.read(tmp_path / "folder" / "link.csv").rows()) == [(2, [KEY, "Sai"])]
    assert list(files.read(tmp_path / "folder" / ".." / "corrections.csv").rows()) == [(2, [KEY, "Sai"])]


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(5 * 2**30)
    with pytest.raises(InputRefused) as caught:
        files.read(path)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("piece", [b"x,\n", b"\n"])
def test_a_file_of_little_more_than_line_ends_is_refused(piece: bytes) -> None:
    assert refusal(b"customerId,legalName\n" + piece * 1_048_600 + b"x,y\n").code == "too_large"


@pytest.mark.parametrize("piece", [b",", b"x,"])
def test_a_row_of_little_more_than_separators_is_told_by_its_width(piece: bytes) -> None:
    sheet = files.parse(b"customerId,legalName\nx,y\n" + piece * 1_000_000 + b"x\nx,y\n", name="file")
    assert [(remark.rule, remark.source_row, remark.found) for remark in sheet.remarks] == [
        ("field_count", 3, "3 has 1000001 fields")
    ]
    assert [number for number, _ in sheet.rows()] == [2, 4]


def test_a_header_wider_than_any_sheet_is_refused() -> None:
    assert refusal(b"x," * 20_000 + b"x\n").code == "too_large"


def test_a_file_of_as_many_rows_as_a_spreadsheet_shows_is_read() -> None:
    content = b"customerId,legalName\n" + b"x,y\n" * (2**20 - 1)
    assert files.parse(content, name="file").source_rows[-1] == 2**20
    assert refusal(content + b"x,y\n").code == "too_large"


def test_an_encoding_at_fault_is_shown_in_the_row_of_the_spreadsheet() -> None:
    text = 'customerId,address\nKC00000000000001,"1\n2\n3"\n\nKC00000000000002,Caf\xe9\n'
    assert refusal(text.encode("latin-1")).source_row == 4
    assert refusal(b"\xff\xfe" + text.encode("utf-16-le") + b"\x00\xd8").source_row == 5


def test_the_fingerprint_is_that_of_the_bytes_of_the_file(tmp_path: Path) -> None:
    for name, content in (("a.csv", f"{HEADER}{KEY},Sai\r\n".encode()), ("a.xlsx", workbook())):
        (tmp_path / name).write_bytes(content)
        assert files.read(tmp_path / name).sha256 == hashlib.sha256(content).hexdigest()


def accepted_of(checked: Check) -> list[str]:
    return [str(value) for value in checked.accepted["legal_name"]]


def test_a_file_that_somebody_writes_meanwhile_is_wholly_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    versions = {
        hashlib.sha256(content).hexdigest(): (name, content)
        for name in ("Sai", "Ram")
        for content in [
            HEADER.encode() + b"".join(b"KC%014d,%s\r\n" % (n, name.encode()) for n in range(2_000))
        ]
    }
    path.write_bytes(next(iter(versions.values()))[1])
    is_over = threading.Event()

    def write() -> None:
        while not is_over.is_set():
            for _, content in versions.values():
                (tmp_path / "next").write_bytes(content)
                os.replace(tmp_path / "next", path)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(30):
            checked = checks.check(path)
            name, _ = versions[checked.sha256]
            assert set(accepted_of(checked)) == {name}
    finally:
        is_over.set()
        writer.join()


def test_what_happens_to_a_file_after_it_was_read_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "corrections.csv"
    content = f"{HEADER}{KEY},Sai \r\nKC00005ECUCWNLQD,Ram\r\n".encode()
    path.write_bytes(content)
    checked = checks.check(path)
    path.write_bytes(content.replace(b"Ram", b"Tom").replace(b"Sai", b"Tim"))
    assert checked.sha256 == hashlib.sha256(content).hexdigest()
    assert accepted_of(checked) == ["Ram"]
    assert accepted_of(checked.accept("stray_space")) == ["Sai", "Ram"]
    with pytest.raises(InputRefused) as caught:
        checked.to_workbook(tmp_path / "marked.xlsx")
    assert caught.value.code == "changed"
    path.unlink()
    assert accepted_of(checked) == ["Ram"]
