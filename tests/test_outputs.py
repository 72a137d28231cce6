"""Files that are written whole or not at all, and that only their owner may read."""

import os
import stat
from pathlib import Path

import pytest

from arkit import outputs
from arkit.errors import DiskError


def test_a_file_appears_when_it_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with outputs.whole(path) as part:
        part.write_text("new")
        assert not path.exists()
        assert stat.S_IMODE(part.stat().st_mode) == 0o600
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.txt", "new")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_who_reads_the_old_file_meanwhile_reads_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with path.open() as reader:
        with outputs.whole(path) as part:
            part.write_text("new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), ValueError(), OSError(28, "No space left")])
def test_a_fault_on_the_way_leaves_what_was_there(tmp_path: Path, fault: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    expected = DiskError if isinstance(fault, OSError) else type(fault)

    def break_off() -> None:
        with outputs.whole(path) as part:
            part.write_text("half")
            raise fault

    with pytest.raises(expected):
        break_off()
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.txt", "old")]


def test_the_error_names_the_file_and_the_reason_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DiskError) as caught, outputs.whole(tmp_path / "nowhere" / "a.txt"):
        pass
    assert str(caught.value) == (
        "a.txt: the file cannot be written (No such file or directory). Choose another place, or make room."
    )


def test_a_fault_without_a_number_has_its_name_for_a_reason(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"\(TimeoutError\)"), outputs.whole(tmp_path / "a.txt"):
        raise TimeoutError


def test_two_who_write_the_same_file_do_not_mix_their_words(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with outputs.whole(path) as first, outputs.whole(path) as second:
        first.write_text("first, and longer")
        second.write_text("second")
    assert path.read_text() == "first, and longer"


def test_a_link_that_somebody_laid_is_not_followed(tmp_path: Path) -> None:
    secret, path = tmp_path / "secret", tmp_path / "a.txt"
    secret.write_text("kept")
    for name in ("a.txt", ".a.txt.part"):
        (tmp_path / name).symlink_to(secret)
    with outputs.whole(path) as part:
        part.write_text("new")
    assert (secret.read_text(), path.read_text(), path.is_symlink()) == ("kept", "new", False)


def test_a_place_is_tried_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    before = os.stat(tmp_path / "a.txt")
    outputs.require_place(tmp_path / "a.txt")
    outputs.require_place(tmp_path / "b.txt")
    assert os.stat(tmp_path / "a.txt") == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
