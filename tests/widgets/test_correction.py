"""The correction screen, every button of it, against the sandbox."""

import base64
import re
import stat
import time
from pathlib import Path

import pandas as pd
import pytest

from arkit.client import Client
from arkit.errors import UsageError
from arkit.sandbox import Sandbox
from arkit.widgets import Correct, correct

from .conftest import MakeScreen, apply, check, choose, new_ifscs, press, review, shown, step, table

BULK = "bulkUpdate"


def writes(company: Sandbox) -> int:
    return len(company.applied_rows())


def test_a_good_file_is_applied_and_every_row_is_read_back(
    screen: Correct, client: Client, customers: pd.DataFrame
) -> None:
    apply(screen, "corrections.csv", new_ifscs(customers, 12))
    assert step(screen) == "Outcome"
    assert screen.outcome is not None
    assert screen.outcome.counts == {"verified": 12}
    assert "Done: every row was read back" in shown(screen.view)
    stored = client.customers.fetch()["ifsc"]
    assert stored[:12].tolist() == [f"HDFC0{number}" for number in range(700_000, 700_012)]
    assert stored[12:].equals(customers["ifsc"][12:])


def test_until_apply_is_pressed_nothing_is_sent(
    screen: Correct, company: Sandbox, customers: pd.DataFrame
) -> None:
    review(screen, "corrections.csv", new_ifscs(customers, 12))
    assert step(screen) == "Review"
    assert screen.review_page.go.disabled
    assert screen.review_page.go.description == "Apply 12 changes"
    assert "Nothing was sent yet." in shown(screen.view)
    screen.review_page.go.click()
    assert writes(company) == 0
    screen.review_page.reviewed.value = True
    press(screen.review_page.go)
    assert writes(company) == 12


def test_the_sandbox_wants_no_typing_and_says_what_it_is(screen: Correct, customers: pd.DataFrame) -> None:
    review(screen, "corrections.csv", new_ifscs(customers, 3))
    assert screen.review_page.confirmed.layout.display == "none"
    assert "SANDBOX" in shown(screen.view)
    assert "LIVE" not in shown(screen.view)


def test_a_live_company_wants_the_end_of_the_plan_id_typed(
    live_client: Client, company: Sandbox, customers: pd.DataFrame, make_screen: MakeScreen
) -> None:
    screen = make_screen(live_client)
    assert "LIVE" in shown(screen.view)
    assert "SANDBOX" not in shown(screen.view)
    review(screen, "corrections.csv", new_ifscs(customers, 3))
    assert screen.plan is not None
    page, needed = screen.review_page, screen.plan.id[-6:]
    assert page.confirmed.description == f"Type {needed} to confirm"
    page.reviewed.value = True
    assert page.go.disabled
    page.confirmed.value = "abc"
    assert page.go.disabled
    page.confirmed.value = f" {needed.upper()} "
    page.reviewed.value = False
    assert page.go.disabled
    page.reviewed.value = True
    press(page.go)
    assert writes(company) == 3


def test_a_bad_file_shows_every_problem_and_has_no_way_on(
    screen: Correct, company: Sandbox, customers: pd.DataFrame
) -> None:
    first, second = customers["customer_id"][:2]
    check(
        screen,
        "bad.csv",
        table(
            ["customerId", "ifsc", "pinCode"],
            [[first, "WRONG", "411001"], [second, "HDFC0000001", "012"], ["KC00000000000000", "", "411001"]],
        ),
    )
    assert step(screen) == "Check"
    assert screen.checked is not None
    assert screen.checked.errors == 3
    text = shown(screen.view)
    for problem in ("ifsc is not an IFSC", "pinCode is not a PIN code", "customerId is no customer"):
        assert f"⚠</span> {problem}" in text
    assert "all (3)" in text
    assert screen.check_page.go.disabled
    screen.check_page.go.click()
    assert (screen.plan, writes(company)) == (None, 0)
    press(screen.check_page.back)
    assert step(screen) == "File"
    assert screen.file_page.go.disabled


def test_problems_are_filtered_by_rule_and_turned_by_pages_of_25(
    screen: Correct, customers: pd.DataFrame
) -> None:
    rows = [[key, "WRONG", "12"] for key in customers["customer_id"]]
    check(screen, "bad.csv", table(["customerId", "ifsc", "pinCode"], rows))
    page = screen.check_page.table
    assert "rows 1–25 of 80" in shown(page.view)
    assert page.earlier.disabled
    for place in ("rows 26–50 of 80", "rows 51–75 of 80", "rows 76–80 of 80"):
        press(page.later)
        assert place in shown(page.view)
    assert page.later.disabled
    press(page.earlier)
    assert "rows 51–75 of 80" in shown(page.view)
    page.chosen.value = "pin_code"
    assert "rows 1–25 of 40" in shown(page.view)
    assert "is not an IFSC" not in shown(page.view)
    assert [label for label, _ in page.chosen.options] == ["all (80)", "IFSC (40)", "PIN code (40)"]


def test_the_same_file_can_be_chosen_twice_and_is_not_kept_in_the_widget(
    screen: Correct, customers: pd.DataFrame
) -> None:
    content = new_ifscs(customers, 3)
    for _ in range(2):
        check(screen, "corrections.csv", content)
        assert step(screen) == "Check"
        assert screen.file_page.upload.value == ()
        press(screen.check_page.back)


def test_a_path_on_this_machine_does_as_well(
    screen: Correct, customers: pd.DataFrame, tmp_path: Path
) -> None:
    file = tmp_path / "my corrections.csv"
    file.write_bytes(new_ifscs(customers, 3))
    screen.file_page.path.value = f'"{file}"'
    press(screen.file_page.go)
    assert screen.checked is not None
    assert (screen.checked.path, screen.checked.ok) == (file, True)
    press(screen.check_page.back)
    assert (screen.file_page.path.value, screen.file_page.go.disabled) == ("", True)


def test_the_file_that_was_named_last_is_the_one_that_is_checked(
    screen: Correct, customers: pd.DataFrame, tmp_path: Path
) -> None:
    screen.file_page.path.value = str(tmp_path / "absent.csv")
    choose(screen, "uploaded.csv", new_ifscs(customers, 3))
    assert screen.file_page.path.value == ""
    press(screen.file_page.go)
    assert screen.checked is not None
    assert screen.checked.path.name == "uploaded.csv"
    press(screen.check_page.back)
    choose(screen, "uploaded.csv", new_ifscs(customers, 3))
    screen.file_page.path.value = str(tmp_path / "absent.csv")
    press(screen.file_page.go)
    assert "absent.csv: the file cannot be read" in screen.errors.text


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("report.pdf", b"%PDF-1.7", "This is a PDF, not CSV or XLSX."),
        ("empty.csv", b"", "The file is empty."),
        ("book.xlsx", b"PK\x03\x04 and no more", "This is not a sound XLSX workbook."),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(
    screen: Correct, name: str, content: bytes, sentence: str
) -> None:
    check(screen, name, content)
    assert step(screen) == "Check"
    assert screen.check_page.go.disabled
    assert sentence in shown(screen.check_page.table.view)


def test_a_file_too_large_for_a_browser_is_refused_in_words(screen: Correct) -> None:
    check(screen, "large.csv", b"x" * 9_000_001)
    assert step(screen) == "File"
    assert "large.csv: the file is larger than 9 MB." in screen.errors.text
    assert "Traceback" not in screen.errors.text


def test_an_error_goes_away_with_the_next_try(screen: Correct, customers: pd.DataFrame) -> None:
    check(screen, "large.csv", b"x" * 9_000_001)
    assert screen.errors.view.layout.display == ""
    check(screen, "corrections.csv", new_ifscs(customers, 3))
    assert screen.errors.view.layout.display == "none"
    assert screen.errors.text == ""


def test_a_server_that_is_away_is_said_so_and_nothing_is_lost(
    screen: Correct, company: Sandbox, customers: pd.DataFrame
) -> None:
    review(screen, "corrections.csv", new_ifscs(customers, 3))
    company.close()
    screen.review_page.reviewed.value = True
    press(screen.review_page.go)
    assert step(screen) == "Review"
    assert 'role="alert"' in screen.errors.text
    assert screen.outcome is None
    assert not screen.review_page.go.disabled


def test_stop_ends_after_the_chunk_and_go_on_does_the_rest(
    screen: Correct, company: Sandbox, customers: pd.DataFrame
) -> None:
    said: list[str] = []

    def press_stop(change: dict[str, str]) -> None:
        if "Sending 10 rows" in change["new"]:
            press(screen.apply_page.stop)
            # A second click that was on its way already.
            screen.review_page.go.click()
            said.append(screen.apply_page.stop.description)

    screen.status.observe(press_stop, "value")
    apply(screen, "corrections.csv", new_ifscs(customers, 30))
    assert said == ["Stopping after this chunk"]
    assert screen.outcome is not None
    assert screen.outcome.counts == {"planned": 20, "verified": 10}
    text = shown(screen.view)
    assert "Not finished: 20 rows were not sent." in text
    assert "Done:" not in text
    assert writes(company) == 10
    screen.status.unobserve(press_stop, "value")
    assert screen.outcome_page.go_on.description == "Go on with 20 open rows"
    press(screen.outcome_page.go_on)
    assert screen.outcome.counts == {"verified": 30}
    assert screen.apply_page.stop.description == "Stop"
    assert screen.outcome_page.go_on.layout.display == "none"


def test_while_rows_are_in_doubt_it_never_says_done(
    screen: Correct, company: Sandbox, customers: pd.DataFrame
) -> None:
    def press_stop(change: dict[str, str]) -> None:
        if "Sending" in change["new"]:
            press(screen.apply_page.stop)

    company.faults.add(operation=BULK, answer="lost", applies="none")
    screen.status.observe(press_stop, "value")
    apply(screen, "corrections.csv", new_ifscs(customers, 5))
    assert screen.outcome is not None
    assert screen.outcome.counts == {"in_doubt": 5}
    text = shown(screen.view)
    assert "Not finished: of 5 rows nobody knows yet" in text
    assert "Done:" not in text
    screen.status.unobserve(press_stop, "value")
    press(screen.outcome_page.go_on)
    assert screen.outcome.counts == {"verified": 5}
    assert "Done:" in shown(screen.view)


def test_rows_that_were_not_done_are_given_back_as_a_file(
    screen: Correct, client: Client, customers: pd.DataFrame, workspace: Path, make_screen: MakeScreen
) -> None:
    review(screen, "corrections.csv", new_ifscs(customers, 3))
    key = customers["customer_id"][1]
    other = make_screen(client)
    apply(other, "other.csv", table(["customerId", "ifsc"], [[key, "SBIN0000001"]]))
    screen.review_page.reviewed.value = True
    press(screen.review_page.go)
    assert screen.outcome is not None
    assert screen.outcome.counts == {"verified": 2, "stale": 1}
    text = shown(screen.outcome_page.view)
    assert "not every row was done" in text
    assert "Download failed rows (1)" in text
    (file,) = (workspace / "results").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in text
    link = re.search(r'download="([^"]+)" href="data:text/csv;charset=utf-8;base64,([^"]+)"', text)
    assert link is not None
    assert link[1] == file.name
    assert base64.b64decode(link[2]) == file.read_bytes()
    assert f"{key},HDFC0700001,Changed by somebody else" in file.read_text(encoding="utf-8")
    screen.outcome_page.table.chosen.value = "stale"
    rows = shown(screen.outcome_page.table.view)
    assert "Changed by somebody else since the plan: ifsc." in rows
    assert "verified</td>" not in rows


def test_the_failed_rows_of_one_outcome_are_not_offered_with_the_next(
    screen: Correct, client: Client, customers: pd.DataFrame, make_screen: MakeScreen
) -> None:
    review(screen, "corrections.csv", new_ifscs(customers, 1))
    apply(
        make_screen(client),
        "other.csv",
        table(["customerId", "ifsc"], [[customers["customer_id"][0], "SBIN0000001"]]),
    )
    screen.review_page.reviewed.value = True
    press(screen.review_page.go)
    assert "Download failed rows" in shown(screen.view)
    press(screen.outcome_page.again)
    assert step(screen) == "File"
    apply(screen, "corrections.csv", new_ifscs(customers, 1))
    assert "Download failed rows" not in shown(screen.view)


def test_a_file_whose_values_are_there_already_sends_nothing(
    screen: Correct, company: Sandbox, customers: pd.DataFrame
) -> None:
    apply(screen, "corrections.csv", new_ifscs(customers, 4))
    press(screen.outcome_page.again)
    review(screen, "corrections.csv", new_ifscs(customers, 4))
    assert screen.review_page.go.description == "Finish: nothing is to change"
    press(screen.review_page.go)
    assert screen.outcome is not None
    assert screen.outcome.counts == {"skipped_noop": 4}
    assert writes(company) == 4


def test_from_the_review_one_can_go_back_to_another_file(screen: Correct, customers: pd.DataFrame) -> None:
    review(screen, "corrections.csv", new_ifscs(customers, 3))
    screen.review_page.reviewed.value = True
    press(screen.review_page.back)
    assert step(screen) == "File"
    review(screen, "others.csv", new_ifscs(customers, 2))
    assert screen.review_page.go.description == "Apply 2 changes"
    assert screen.review_page.go.disabled


def test_a_plan_that_was_left_can_be_opened_again(
    client: Client, screen: Correct, customers: pd.DataFrame
) -> None:
    review(screen, "corrections.csv", new_ifscs(customers, 3))
    assert screen.plan is not None
    again = correct(client, plan=screen.plan.id[:8])
    assert step(again) == "Review"
    screen.review_page.reviewed.value = True
    press(screen.review_page.go)
    assert step(correct(client, plan=screen.plan.id)) == "Outcome"
    with pytest.raises(UsageError):
        correct(client, plan="0123456789")


def test_in_a_notebook_the_work_goes_on_beside_the_callback(
    client: Client, company: Sandbox, customers: pd.DataFrame
) -> None:
    company.faults.add(operation=BULK, delay_s=0.5)
    screen = Correct(client)

    def wait() -> None:
        ends_at = time.monotonic() + 10
        while screen.is_busy and time.monotonic() < ends_at:
            time.sleep(0.01)

    choose(screen, "corrections.csv", new_ifscs(customers, 3))
    for button in (screen.file_page.go, screen.check_page.go):
        press(button)
        wait()
    screen.review_page.reviewed.value = True
    press(screen.review_page.go)
    assert (step(screen), screen.outcome) == ("Apply", None)
    assert not screen.apply_page.stop.disabled
    wait()
    assert screen.outcome is not None
    assert screen.outcome.counts == {"verified": 3}
    assert step(screen) == "Outcome"


def test_on_a_page_without_a_kernel_a_line_of_text_stands_for_the_screen(screen: Correct) -> None:
    bundle = screen._repr_mimebundle_()
    assert bundle["text/plain"] == "<arkit screen correct · step File · no file yet>"
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_proposals_are_taken_on_the_screen_by_rule(screen: Correct, customers: pd.DataFrame) -> None:
    rows = [[customers["customer_id"][0], "HDFCO001234"], [customers["customer_id"][1], "IDIBO006978"]]
    check(screen, "damaged.csv", table(["customerId", "ifsc"], rows))
    assert screen.check_page.go.disabled
    (box,) = screen.check_page.proposals.children
    assert box.description == "Use the proposals: letter o (2)"
    box.value = True
    assert screen.checked is not None
    assert screen.checked.accepted["ifsc"].tolist() == ["HDFC0001234", "IDIB0006978"]
    assert not screen.check_page.go.disabled
    box.value = False
    assert screen.check_page.go.disabled


def test_the_marked_workbook_is_offered(screen: Correct, customers: pd.DataFrame) -> None:
    check(screen, "damaged.csv", table(["customerId", "pinCode"], [[customers["customer_id"][0], "5600"]]))
    assert (screen.client.workspace / "results" / "damaged-checked.xlsx").exists()
    assert 'download="damaged-checked.xlsx"' in shown(screen.check_page.view)
