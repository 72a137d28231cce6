"""Amounts and days of new invoices: exact to the paisa, and remarks only."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.corrections import taxes
from arkit.corrections.checks import Check, check
from arkit.corrections.rules import RULES

from .tables import column, nothing_left_out, table, write

ID = "KC00000000000001"
INVOICE = {"customerId": ID, "baseAmount": "100.00", "dueDate": "2026-10-31", "externalId": "A1"}
REMARKS = ("gst_split", "gst_both", "gst_place", "net_amount", "due_before_invoice")

AMOUNTS = st.from_regex(r"(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?", fullmatch=True)
NONE = st.sampled_from(
    ["", "abc", "1.234", "-1", "+1", "1,000", "1e5", ".5", "1.", "99999999999999", "१", "₹1"]
)


@given(st.lists(st.one_of(st.none(), AMOUNTS, NONE), max_size=8), st.integers(0, 3))
def test_an_amount_is_so_many_paise_exactly(values: list[str | None], start: int) -> None:
    found = taxes.paise(column(*values)[start:], len(values[start:])).tolist()
    for value, paise in zip(values[start:], found, strict=True):
        if not value:
            assert paise == 0
        elif paise >= 0:
            assert Fraction(paise, 100) == Fraction(value)
        else:
            assert paise == -1
            assert not re.fullmatch(r"[0-9]{1,13}(\.[0-9]{1,2})?", value)


def test_a_column_that_is_not_there_is_nothing() -> None:
    assert taxes.paise(None, 3).tolist() == [0, 0, 0]


def rules(folder: Path, *rows: dict[str, Any], **options: Any) -> list[tuple[int, str, str]]:
    """Rows, columns and rules of what is remarked on taxes."""
    found = of_file(folder, *rows, **options).problems
    found = found[found["rule"].isin(REMARKS)]
    return list(
        zip(found["source_row"].tolist(), found["column"].astype(str), found["rule"].astype(str), strict=True)
    )


def of_file(folder: Path, *rows: dict[str, Any], **options: Any) -> Check:
    whole = [{**INVOICE, **row, "externalId": f"A{number}"} for number, row in enumerate(rows)]
    return check(write(folder, *whole), kind="invoice-create", **options)


def test_remarks_on_taxes_keep_no_row_out(tmp_path: Path) -> None:
    wrong = {"cgst": "9", "sgst": "8", "igst": "5", "netAmount": "7", "invoiceDate": "2026-11-01"}
    checked = of_file(tmp_path, wrong)
    assert {*checked.counts} == {"gst_split", "gst_both", "net_amount", "due_before_invoice"}
    assert checked.ok
    assert checked.accepted_rows == 1
    assert {RULES[rule].severity for rule in REMARKS} == {"warning"}


@pytest.mark.parametrize(
    ("cgst", "sgst", "is_said"),
    [
        ("9.00", "9.00", False),
        ("9", "9.0", False),
        ("9.00", "9.01", True),
        ("9.00", "", True),
        ("", "9.00", True),
        ("", "", False),
        ("0", "", False),
        ("9.00", "nine", False),
    ],
)
def test_halves_of_gst_are_equal_to_the_paisa(cgst: str, sgst: str, is_said: bool, tmp_path: Path) -> None:
    said = rules(tmp_path, {"cgst": cgst, "sgst": sgst, "description": "x"})
    assert said == ([(2, "sgst", "gst_split")] if is_said else [])


def test_one_half_without_the_other_s_column_is_remarked_on(tmp_path: Path) -> None:
    assert rules(tmp_path, {"cgst": "9.00"}) == [(2, "cgst", "gst_split")]


@pytest.mark.parametrize(
    ("row", "is_said"),
    [
        ({"cgst": "9", "sgst": "9", "igst": "18"}, True),
        ({"cgst": "9", "sgst": "9", "igst": "0.00"}, False),
        ({"cgst": "0", "sgst": "0", "igst": "18"}, False),
        ({"cgst": "", "sgst": "", "igst": "18"}, False),
    ],
)
def test_igst_stands_alone(row: dict[str, str], is_said: bool, tmp_path: Path) -> None:
    assert rules(tmp_path, row) == ([(2, "igst", "gst_both")] if is_said else [])


NET = [
    ("118.00", "TRUE", False),
    ("100.00", "TRUE", True),
    ("100.00", "FALSE", False),
    ("118.00", "FALSE", True),
    ("118.00", "", False),
    ("100.00", "", False),
    ("119.00", "TRUE", False),
    ("119.01", "TRUE", True),
    ("117.00", "true", False),
    ("116.99", "true", True),
    ("", "TRUE", False),
]


@pytest.mark.parametrize(("net", "exclusive", "is_said"), NET)
def test_a_total_adds_up_to_the_rupee_that_totals_are_rounded_to(
    net: str, exclusive: str, is_said: bool, tmp_path: Path
) -> None:
    row = {"cgst": "9.00", "sgst": "9.00", "netAmount": net, "gstExclusive": exclusive}
    assert rules(tmp_path, row) == ([(2, "netAmount", "net_amount")] if is_said else [])


@pytest.mark.parametrize(("net", "is_said"), [("108.00", False), ("118.00", True)])
def test_deducted_tax_is_not_part_of_the_total(net: str, is_said: bool, tmp_path: Path) -> None:
    row = {"igst": "18.00", "tds": "10.00", "netAmount": net, "gstExclusive": "TRUE"}
    assert rules(tmp_path, row) == ([(2, "netAmount", "net_amount")] if is_said else [])


PAISE = st.integers(10, 10**12)


@given(st.lists(st.tuples(PAISE, PAISE, PAISE, PAISE, st.integers(-300, 300)), min_size=1, max_size=5))
def test_a_total_is_judged_as_exact_fractions_judge_it(rows: list[tuple[int, int, int, int, int]]) -> None:
    def rupees(paise: int) -> str:
        return f"{paise // 100}.{paise % 100:02}"

    nets = [base + 2 * half + igst + slip for base, half, igst, _, slip in rows]
    read = table(
        "invoice-create",
        {
            "customerId": [ID] * len(rows),
            "baseAmount": [rupees(base) for base, *_ in rows],
            "cgst": [rupees(half) for _, half, *_ in rows],
            "sgst": [rupees(half) for _, half, *_ in rows],
            "igst": [rupees(igst) for *_, igst, _, _ in rows],
            "netAmount": [rupees(net) if net >= 0 else None for net in nets],
            "gstExclusive": ["TRUE"] * len(rows),
        },
    )
    found = {
        row
        for one in taxes.of_invoices(read, {}, None, nothing_left_out(read))
        if one.rule == "net_amount"
        for row in one.source_rows.tolist()
    }
    exact = [
        Fraction(rupees(net))
        - sum((Fraction(rupees(part)) for part in (base, half, half, igst)), Fraction(0))
        for net, (base, half, igst, _, _) in zip(nets, rows, strict=True)
    ]
    assert found == {row for row, difference in enumerate(exact, 2) if abs(difference) > 1}


KNOWN = pd.DataFrame(
    {
        "customer_id": ["KC00000000000001", "KC00000000000002", "KC00000000000003", "KC00000000000004"],
        "pan_or_gstin": ["27AAPFU0939F1ZV", "AAPFU0939F", None, "AAPFU0939F"],
        "state": ["Goa", "Karnataka", "maharashtra", None],
    },
    dtype="str",
)


@pytest.mark.parametrize(
    ("customer", "row", "said"),
    [
        (1, {"cgst": "9", "sgst": "9"}, []),
        (1, {"igst": "18"}, [("igst", "CGST and SGST")]),
        (2, {"igst": "18"}, []),
        (2, {"cgst": "9", "sgst": "9"}, [("cgst", "IGST")]),
        (3, {"igst": "18"}, [("igst", "CGST and SGST")]),
        (4, {"igst": "18"}, []),
        (9, {"igst": "18"}, []),
        (1, {"igst": "0"}, []),
    ],
)
def test_between_states_igst_is_due_and_within_one_the_two(
    customer: int, row: dict[str, str], said: list[tuple[str, str]], tmp_path: Path
) -> None:
    whole = {"customerId": f"KC{customer:014}", **row}
    checked = of_file(tmp_path, whole, known=KNOWN, seller_state="27")
    found = checked.problems[checked.problems["rule"] == "gst_place"]
    assert found["column"].astype(str).tolist() == [field for field, _ in said]
    for message, (field, expected) in zip(found["message"], said, strict=True):
        assert message.startswith(f"{field} does not fit the place of supply: {expected} is expected")


def test_without_the_seller_s_state_nothing_is_said_of_the_place(tmp_path: Path) -> None:
    assert not rules(tmp_path, {"igst": "18"}, known=KNOWN)


@pytest.mark.parametrize(
    ("issued", "due", "is_said"),
    [
        ("2026-10-31", "2026-10-31", False),
        ("2026-11-01", "2026-10-31", True),
        ("2026-11-01", "30/10/2026", False),
        ("", "2026-10-31", False),
    ],
)
def test_an_invoice_is_due_on_its_day_or_later(issued: str, due: str, is_said: bool, tmp_path: Path) -> None:
    said = rules(tmp_path, {"invoiceDate": issued, "dueDate": due, "description": "x"})
    assert said == ([(2, "dueDate", "due_before_invoice")] if is_said else [])


def test_what_is_left_out_or_no_amount_is_not_remarked_on() -> None:
    columns: dict[str, list[str | None]] = {
        "customerId": [ID] * 3,
        "baseAmount": ["100", "abc", "100"],
        "cgst": ["9"] * 3,
        "sgst": ["8"] * 3,
    }
    read = table("invoice-create", columns)
    left_out = np.array([True, False, False])
    found = [(one.rule, one.source_rows.tolist()) for one in taxes.of_invoices(read, {}, None, left_out)]
    assert [one for one in found if one[1]] == [("gst_split", [4])]


@pytest.mark.parametrize(
    ("said", "is_right"), [("0.30", True), ("0.3", True), ("0.31", False), ("0.300000001", False)]
)
def test_the_total_of_a_file_is_compared_exactly(said: str, is_right: bool, tmp_path: Path) -> None:
    checked = of_file(tmp_path, *({"baseAmount": "0.10"} for _ in range(3)), expect_total=said)
    assert checked.ok == is_right
    assert ("expected_total" in checked.counts) == (not is_right)


def test_a_count_of_rows_leaves_sums_and_blank_rows_out(tmp_path: Path) -> None:
    rows = [{}, {}, {"customerId": "Total", "baseAmount": "200.00", "dueDate": ""}]
    checked = of_file(tmp_path, *rows, expect_rows=2, expect_total="200")
    assert set(checked.counts) == {"totals_row"}
