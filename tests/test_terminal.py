"""Texts for a terminal: what they show, what they keep back, and how they fit."""

from pathlib import Path
from typing import Any, cast

import pytest

from arkit import terminal
from arkit.corrections.checks import Check, check
from arkit.corrections.journal import Row
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import Plan
from arkit.corrections.states import State
from arkit.doctor import Finding

KEY = "KC{:014}".format


def checked(folder: Path, *lines: str) -> Check:
    path = folder / "corrections.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return check(path)


def plan(*rows: Row) -> Plan:
    nobody = cast("Any", None)
    return Plan(
        "0" * 58 + "abcdef", "customer-update", "https://x", "a.csv", list(rows), nobody, nobody, Path()
    )


def corrected(number: int, **members: Any) -> Row:
    return Row(
        number, KEY(number), {"address": f"{number} Old Road"}, {"address": f"{number} New Road"}, **members
    )


def test_a_good_file_is_told_what_comes_next(tmp_path: Path) -> None:
    found = checked(tmp_path, "customerId,pinCode", f"{KEY(1)},560001")
    text = terminal.of_check(found, has_known=True)
    assert "1 rows good   0 repairable   0 errors   0 warnings" in text
    assert text.endswith(f"Nothing was sent. Next: arkit plan {found.path} --kind customer-update")


def test_a_bad_file_is_told_row_column_value_problem_and_proposal(tmp_path: Path) -> None:
    found = checked(tmp_path, "customerId,pinCode,ifsc", f"{KEY(1)},56001,", f"{KEY(2)},,HDFCO000001")
    lines = terminal.of_check(found, has_known=True).splitlines()
    assert any(line.split()[:3] == ["2", "pinCode", "56001"] for line in lines)
    assert any(line.split()[:3] == ["3", "ifsc", "HDFCO000001"] and "HDFC0000001" in line for line in lines)
    told = "Nothing was sent. Next: mend the rows and check again"
    assert lines[-1] == f"{told}, or have them marked: --annotated corrections-checked.xlsx"
    marked = terminal.of_check(found, has_known=True, annotated=Path("marked.xlsx"))
    assert "marked.xlsx is the file with these cells marked." in marked
    assert marked.endswith(told)


def test_whether_customers_exist_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    found = checked(tmp_path, "customerId,pinCode", f"{KEY(1)},560001")
    assert "was not checked" in terminal.of_check(found, has_known=False)
    assert "was not checked" not in terminal.of_check(found, has_known=True)


def test_how_columns_are_read_and_what_blank_cells_mean_is_told(tmp_path: Path) -> None:
    found = checked(tmp_path, "customerId,PIN,address", f"{KEY(1)},560001,", f"{KEY(2)},,New Road")
    text = terminal.of_check(found, has_known=True)
    assert "  Read: PIN as pinCode." in text
    assert "Left as it is where blank: address in 1, pinCode in 1. To clear a field, write <clear>." in text


def test_proposals_are_counted_by_the_rule_that_takes_them(tmp_path: Path) -> None:
    lines = (f"{KEY(number)},HDFCO000001" for number in (1, 2))
    text = terminal.of_check(checked(tmp_path, "customerId,ifsc", *lines), has_known=True)
    assert "Proposals can be taken by rule: --accept letter_o (2)" in text
    assert "0 rows good   2 repairable   2 errors" in text


def test_a_long_list_is_cut_and_says_how_much_is_missing(tmp_path: Path) -> None:
    found = checked(tmp_path, "customerId,pinCode", *(f"{KEY(n)},1" for n in range(terminal.MOST_LISTED + 3)))
    text = terminal.of_check(found, has_known=True)
    assert text.count("is not a PIN code") == terminal.MOST_LISTED
    assert "… 3 more; --json lists all." in text


def test_a_cell_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    found = checked(tmp_path, "customerId,ifsc", f"{KEY(1)},\x1b[2JHDFC")
    text = terminal.of_check(found, has_known=True)
    assert "\x1b" not in text
    assert r"\x1b[2JHDFC" in text


@pytest.mark.parametrize("columns", ["70", "80", "200"])
def test_a_table_wraps_its_longest_column_to_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    found = checked(tmp_path, "customerId,contactNumber", f"{KEY(1)},98765")
    table = terminal.of_check(found, has_known=True).split("\n\n")[1]
    assert max(map(len, table.splitlines())) <= int(columns)
    assert " ".join(table.split()).endswith("write one number in the cell.")


def test_a_refusal_names_rows_and_fields_and_the_way_to_all_of_them(tmp_path: Path) -> None:
    lines = (f"{KEY(n)},5600{n:02}1" for n in range(terminal.REFUSED_LISTED + 5))
    found = checked(tmp_path, "customerId,pinCode", *lines)
    text = terminal.of_refused(found)
    assert f"corrections.csv is refused: {terminal.REFUSED_LISTED + 5} errors. Nothing was sent." in text
    assert "  row 2, pinCode: pinCode is not a PIN code" in text
    assert text.count("\n  row ") == terminal.REFUSED_LISTED
    assert text.endswith(f"arkit check {found.path} --kind customer-update")


def test_a_refusal_shows_nobody_s_data_where_the_header_is_missing(tmp_path: Path) -> None:
    data = [KEY(1), "27AAPFU0939F1ZV", "9876543210", "Asha Kulkarni", "9876543210"]
    text = terminal.of_refused(checked(tmp_path, ",".join(data), f"{KEY(2)},,,,"))
    assert "row 1: " in text
    assert not [value for value in data if value in text]


def test_a_plan_is_shown_with_the_command_that_applies_it() -> None:
    text = terminal.of_plan(plan(corrected(2), corrected(3, state=State.SKIPPED_NOOP)))
    assert "1 customers, 1 changes, 1 already so" in text
    assert f" 2 {KEY(2)} address 2 Old Road 2 New Road " in " ".join(text.split())
    assert text.endswith(f"Next: arkit apply {'0' * 58}abcdef --confirm abcdef")


def test_an_outcome_shows_states_and_reasons_and_no_values() -> None:
    rows = [
        corrected(2, state=State.VERIFIED),
        corrected(3, state=State.FAILED, reason="Not done."),
        corrected(4, state=State.FAILED, reason="Not done."),
    ]
    text = terminal.of_outcome(Outcome("0" * 58 + "abcdef", rows))
    assert "plan …abcdef: 1 verified, 2 failed" in text
    assert "row 3  failed  Not done." in text
    assert "Road" not in text
    assert KEY(3) not in text


def test_an_outcome_says_when_nothing_was_left_to_do() -> None:
    done = [corrected(2, state=State.VERIFIED)]
    assert "nothing was sent" in terminal.of_outcome(Outcome("0" * 64, done, was_active=False))
    assert "nothing was sent" not in terminal.of_outcome(Outcome("0" * 64, done))


def test_a_plan_without_rows_has_no_states() -> None:
    assert terminal.states({}) == "no rows"


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (Finding("journal", "plans: 2"), "  ✓ journal       plans: 2"),
        (Finding("clock", "is late", is_doubtful=True), "  ! clock         is late"),
        (Finding("profile", "is none", 2), "  ✗ profile       is none"),
        (Finding("profile", "is none", 2, is_doubtful=True), "  ✗ profile       is none"),
        (Finding("workspace", "/a\x1b[31m\nb"), "  ✓ workspace     '/a\\x1b[31m\\nb'"),
    ],
)
def test_a_finding_is_a_line_with_a_mark(found: Finding, line: str) -> None:
    assert terminal.of_finding(found) == line


@pytest.mark.parametrize("columns", [20, 60, 200])
def test_a_long_finding_goes_on_below_itself_and_its_paths_stay_whole(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    path = "/home/asha/a-folder-within-a-folder/and-another-one/that-is-deep"
    text = terminal.of_finding(Finding("workspace", f"{path}; others may read notes.csv and more", 0))
    first, *rest = text.splitlines()
    assert first == f"  ✓ workspace     {path};" or columns == 200
    assert all(line.startswith(" " * 18) for line in rest)
    assert all(len(line) <= max(columns, 38) or path in line for line in [first, *rest])
    assert " ".join([first[18:], *(line[18:] for line in rest)]).endswith(
        "others may read notes.csv and more"
    )
