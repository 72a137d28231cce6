"""Uploads are kept under names that can do no harm."""

import datetime as dt
import stat
from pathlib import Path

import ipywidgets as ipw
import pytest

from arkit.errors import DiskError
from arkit.widgets import uploads


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("corrections.csv", "corrections.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\asha\\मई सुधार.xlsx", "मई सुधार.xlsx"),
        (".bashrc", "bashrc"),
        ("a\x1b[31m\n<b>.csv", "a__31m__b_.csv"),
        ("", "upload"),
        ("..", "upload"),
        (f"{'x' * 300}.xlsx", f"{'x' * 60}.xlsx"),
    ],
)
def test_of_a_name_the_harmless_part_is_kept(name: str, label: str, tmp_path: Path) -> None:
    path = uploads.keep(tmp_path, name, b"a,b\n")
    assert path.parent.parent == tmp_path / "uploads"
    assert path.read_bytes() == b"a,b\n"
    assert uploads.label_of(name) == path.name
    assert path.name.isprintable()
    assert path.name == label or "\u0900" <= path.name[0] <= "\u097f"


def test_an_upload_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = uploads.keep(tmp_path, "corrections.csv", b"a,b\n")
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    first = uploads.keep(tmp_path, "corrections.csv", b"1")
    second = uploads.keep(tmp_path, "corrections.csv", b"2")
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    assert uploads.keep(tmp_path, "corrections.csv", b"1") == first


def test_an_upload_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    (tmp_path / "uploads").write_text("in the way")
    with pytest.raises(DiskError, match="cannot be kept"):
        uploads.keep(tmp_path, "corrections.csv", b"1")


def test_what_a_browser_hands_over_is_read_whatever_its_buffer() -> None:
    upload = ipw.FileUpload()
    assert uploads.received(upload) == []
    for content in (b"a,b\n", memoryview(b"a,b\n")):
        file = {"name": "x.csv", "type": "", "size": 4, "last_modified": dt.datetime.now(dt.UTC)}
        upload.value = ({**file, "content": content},)
        assert uploads.received(upload) == [("x.csv", b"a,b\n")]
