"""What somebody said of a header is remembered for the next file like it, without a word of it on disk."""

import json
import stat
from pathlib import Path

import pytest

from arkit.corrections import mappings
from arkit.corrections.checks import check
from arkit.corrections.kinds import KINDS
from arkit.errors import DiskError

from .tables import write

ID, OTHER = "KC00000000000001", "KC00000000000002"
UPDATE, CREATE = KINDS["customer-update"], KINDS["customer-create"]
HEADER = ["customerId", "Kiste", "Sack"]


def test_what_was_said_is_known_for_the_same_header_alone(workspace: Path) -> None:
    mappings.remember(HEADER, UPDATE, {1: "pinCode", 2: "address"}, workspace)
    assert mappings.recall(HEADER, UPDATE, workspace) == {1: "pinCode", 2: "address"}
    assert mappings.recall([*HEADER, ""], UPDATE, workspace) == {}
    assert mappings.recall(HEADER[::-1], UPDATE, workspace) == {}
    assert mappings.recall(HEADER, CREATE, workspace) == {}


def test_what_is_said_anew_takes_the_place_of_what_was_said(workspace: Path) -> None:
    mappings.remember(HEADER, UPDATE, {1: "pinCode"}, workspace)
    mappings.remember(HEADER[:2], UPDATE, {1: "state"}, workspace)
    mappings.remember(HEADER, UPDATE, {1: "address"}, workspace)
    assert mappings.recall(HEADER, UPDATE, workspace) == {1: "address"}
    assert mappings.recall(HEADER[:2], UPDATE, workspace) == {1: "state"}


def test_a_file_is_read_as_somebody_said_of_the_one_before(tmp_path: Path) -> None:
    first = check(write(tmp_path, {"customerId": ID, "Kiste": "403001"}), columns={"Kiste": "pinCode"})
    assert first.ok
    again = check(write(tmp_path, {"customerId": OTHER, "Kiste": "403002"}))
    assert again.ok
    assert again.fields == {"customerId": "customerId", "pinCode": "Kiste"}
    assert again.problems["rule"].tolist() == ["header_mapped"]
    assert not check(write(tmp_path, {"customerId": ID, "Kiste": "403001", "state": "Goa"})).ok


def test_an_accepted_proposal_is_remembered_and_a_proposal_is_not(tmp_path: Path, workspace: Path) -> None:
    path = write(tmp_path, {"Customer ID": ID, "state": "Goa"})
    assert not check(path).ok
    assert not (workspace / mappings.FILE).exists()
    assert check(path, accept=["header_proposed"]).ok
    assert check(path).ok


def test_nothing_of_a_header_stands_in_the_workspace(tmp_path: Path, workspace: Path) -> None:
    """The first row of a file that lacks a header is somebody's data."""
    row = {"27AAPFU0939F1ZV": "x", "Asha Kulkarni": "y"}
    check(write(tmp_path, row), columns={"27AAPFU0939F1ZV": "customerId", "Asha Kulkarni": "legalName"})
    text = (workspace / mappings.FILE).read_text(encoding="utf-8")
    assert "customerId" in text
    assert not [word for word in ("27AAPFU0939F1ZV", "AAPFU0939F", "Asha", "Kulkarni") if word in text]
    assert stat.S_IMODE((workspace / mappings.FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '{"%s": 7}',
        '{"%s": ["pinCode"]}',
        '{"%s": {"one": "pinCode"}}',
        '{"%s": {"1": ["pinCode"]}}',
        '{"%s": {"1": null}}',
        '{"%s": {"1": "noSuchField"}}',
        '{"%s": {"-1": "pinCode"}}',
        "\x00",
    ],
)
def test_a_spoiled_list_is_forgotten_and_written_anew(kept: str, workspace: Path) -> None:
    mappings.remember(HEADER, UPDATE, {1: "pinCode"}, workspace)
    (name,) = json.loads((workspace / mappings.FILE).read_text())
    (workspace / mappings.FILE).write_text(kept.replace("%s", name))
    assert mappings.recall(HEADER, UPDATE, workspace) == {}
    mappings.remember(HEADER, UPDATE, {1: "state"}, workspace)
    assert mappings.recall(HEADER, UPDATE, workspace) == {1: "state"}


def test_a_place_that_no_column_has_is_no_error(tmp_path: Path, workspace: Path) -> None:
    path = write(tmp_path, {"customerId": ID, "Kiste": "403001"})
    mappings.remember(["customerId", "Kiste"], UPDATE, {1: "pinCode", 9: "state"}, workspace)
    assert check(path).fields == {"customerId": "customerId", "pinCode": "Kiste"}


def test_a_workspace_that_cannot_be_written_is_said_to_be_one(workspace: Path) -> None:
    with pytest.raises(DiskError):
        mappings.remember(HEADER, UPDATE, {1: "pinCode"}, workspace / "gone")


def test_a_check_that_was_told_nothing_writes_nothing(tmp_path: Path, workspace: Path) -> None:
    check(write(tmp_path, {"customerId": ID, "PIN": "403001", "Account No": "501000123456"}))
    assert list(workspace.iterdir()) == []
