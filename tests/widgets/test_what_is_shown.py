"""What a screen gives to the page: no markup of others, no identifier unless it was asked for."""

from pathlib import Path

import pandas as pd
import pytest

from arkit.client import Client
from arkit.corrections.journal import Row
from arkit.corrections.outcomes import Outcome
from arkit.corrections.states import State
from arkit.widgets import Correct, masks
from arkit.widgets.outcome_pages import OutcomePage

from .conftest import MakeScreen, apply, check, press, review, shown, table

EVIL = "<img src=x onerror=alert(1)>"
SAFE = "&lt;img src=x onerror=alert(1)&gt;"
# A PAN with the fourth letter of a company, and an account number.
PAN, ACCOUNT = "AAACT4321K", "918273645546372"


def test_markup_in_a_legal_name_is_shown_as_text(
    screen: Correct, client: Client, customers: pd.DataFrame, make_screen: MakeScreen
) -> None:
    key = customers["customer_id"][0]
    apply(screen, "corrections.csv", table(["customerId", "legalName"], [[key, EVIL]]))
    assert screen.outcome is not None
    assert screen.outcome.counts == {"verified": 1}
    assert SAFE in shown(screen.review_page.view)
    later = make_screen(client)
    review(later, "corrections.csv", table(["customerId", "legalName"], [[key, "Asha Traders"]]))
    assert f"<del>{SAFE}</del>" in shown(later.review_page.view)
    for page in (screen, later):
        assert "<img" not in shown(page.view)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (["customerId", "ifsc"], [EVIL, EVIL]),
        (["customerId", EVIL], ["KC00000000000000", "x"]),
        ([f"name {EVIL}", "ifsc"], ["KC00000000000000", "x"]),
    ],
)
def test_markup_in_a_file_that_is_refused_is_shown_as_text(
    screen: Correct, header: list[str], row: list[str]
) -> None:
    check(screen, f"{EVIL}.csv", table(header, [row]))
    text = shown(screen.view)
    assert SAFE in text
    assert "<img" not in text


def test_identifiers_are_masked_in_review_until_they_are_asked_for(
    screen: Correct, customers: pd.DataFrame
) -> None:
    key, account, pan = customers.loc[0, ["customer_id", "account_number", "pan_or_gstin"]]
    review(
        screen,
        "corrections.csv",
        table(["customerId", "accountNumber", "panOrGstin"], [[key, ACCOUNT, PAN]]),
    )
    hidden = shown(screen.view)
    for value in (ACCOUNT, PAN, account, pan):
        assert value not in hidden
    assert f"<ins>{'•' * 11}6372</ins>" in hidden
    assert f"<ins>{'•' * 6}321K</ins>" in hidden
    screen.show_values.value = True
    for value in (ACCOUNT, PAN, account, pan):
        assert value in shown(screen.view)
    screen.show_values.value = False
    assert shown(screen.view) == hidden


def test_values_are_hidden_again_with_the_next_file(screen: Correct, customers: pd.DataFrame) -> None:
    row = [customers["customer_id"][0], ACCOUNT]
    check(screen, "corrections.csv", table(["customerId", "accountNumber"], [row]))
    screen.show_values.value = True
    press(screen.check_page.back)
    review(screen, "corrections.csv", table(["customerId", "accountNumber"], [row]))
    assert ACCOUNT not in shown(screen.view)


def test_reasons_are_masked_and_rows_that_were_not_done_come_first(tmp_path: Path) -> None:
    page = OutcomePage(guarded=lambda work: work)
    rows = [
        Row(2, "KC00002P0VOYQIRX", {"ifsc": None}, {"ifsc": "HDFC0000001"}, State.VERIFIED),
        Row(
            3,
            "KC00005ECUCWNLQD",
            {"ifsc": None},
            {"ifsc": "HDFC0000002"},
            State.FAILED,
            "",
            f"Clash: {ACCOUNT}",
        ),
    ]
    page.show(Outcome("0" * 64, rows), tmp_path / "results")
    text = shown(page.table.view)
    assert "Clash: •••••••••••6372" in text
    assert text.index("KC00005ECUCWNLQD") < text.index("KC00002P0VOYQIRX")


def test_identifiers_are_masked_among_the_problems_wherever_they_stand(
    screen: Correct, customers: pd.DataFrame
) -> None:
    key = customers["customer_id"][0]
    check(
        screen,
        "bad.csv",
        table(
            ["customerId", "accountNumber", "panOrGstin", "ifsc", "pinCode"],
            [[key, f"{ACCOUNT}-", f"{PAN} ", ACCOUNT, PAN]],
        ),
    )
    assert screen.checked is not None
    assert screen.checked.errors == 4
    for value in (ACCOUNT, PAN):
        assert value not in shown(screen.view)
    screen.show_values.value = True
    for value in (ACCOUNT, PAN):
        assert value in shown(screen.view)


def test_a_first_row_that_was_taken_for_the_header_is_masked_too(screen: Correct) -> None:
    check(screen, "bad.csv", table(["KC00000000000000", ACCOUNT, PAN], [["KC00000000000001", "1", "2"]]))
    assert ACCOUNT not in shown(screen.view)
    assert PAN not in shown(screen.view)


@pytest.mark.parametrize(
    ("field", "value", "masked"),
    [
        ("accountNumber", "123456789", "•••••6789"),
        ("panOrGstin", "27AAACT4321K1Z5", "•••••••••••K1Z5"),
        ("contactNumber", "9820000001", "••••••0001"),
        ("accountNumber", "12", "•2"),
        ("accountNumber", "", ""),
        ("address", "12, MG Road, Pune 411001", "12, MG Road, Pune 411001"),
        ("address", f"a/c {ACCOUNT}, PAN {PAN.lower()}", "a/c •••••••••••6372, PAN ••••••321k"),
        ("customerId", "KC00002P0VOYQIRX", "KC00002P0VOYQIRX"),
        ("ifsc", "HDFC0000001", "HDFC0000001"),
    ],
)
def test_a_value_is_masked_by_its_field_and_by_its_shape(field: str, value: str, masked: str) -> None:
    assert masks.of_field(value, field) == masked


def test_the_way_on_works_with_values_hidden_or_shown(screen: Correct, customers: pd.DataFrame) -> None:
    key = customers["customer_id"][0]
    screen.show_values.value = True
    review(screen, "corrections.csv", table(["customerId", "accountNumber"], [[key, ACCOUNT]]))
    screen.show_values.value = False
    screen.review_page.reviewed.value = True
    press(screen.review_page.go)
    assert screen.outcome is not None
    assert screen.outcome.counts == {"verified": 1}
    assert ACCOUNT not in shown(screen.view)
