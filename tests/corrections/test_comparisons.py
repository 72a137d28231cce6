"""What rows say together: repeated records, rows that are none, unknown customers, places that differ."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from arkit.corrections import comparisons
from arkit.corrections.checks import Check, check
from arkit.corrections.comparisons import Table

from .tables import column, nothing_left_out, table, write

IDS = [f"KC{number:014}" for number in range(30)]
INVOICE = {"customerId": IDS[0], "baseAmount": "100.00", "dueDate": "2026-10-31"}


def found(checked: Check, *wanted: str) -> list[tuple[int, str]]:
    """Rows and rules, of the rules that are wanted."""
    problems = checked.problems[checked.problems["rule"].isin(wanted)]
    return [(int(row), str(rule)) for row, rule in zip(problems["source_row"], problems["rule"], strict=True)]


def of_update(folder: Path, *rows: dict[str, Any], **options: Any) -> Check:
    return check(write(folder, *rows), **options)


def of_invoices(folder: Path, *rows: dict[str, Any], **options: Any) -> Check:
    return check(write(folder, *({**INVOICE, **row} for row in rows)), kind="invoice-create", **options)


def of_creates(folder: Path, *rows: dict[str, Any], **options: Any) -> Check:
    right = {"legalName": "Sai", "name": "Asha", "mobile": "9822012345"}
    return check(write(folder, *({**right, **row} for row in rows)), kind="customer-create", **options)


def test_a_record_that_stands_twice_with_equal_values_is_taken_once(tmp_path: Path) -> None:
    rows = [{"customerId": IDS[place], "state": "Goa"} for place in (0, 1, 0, 0)]
    checked = of_update(tmp_path, *rows)
    assert checked.ok
    assert found(checked, "duplicate") == [(4, "duplicate"), (5, "duplicate")]
    assert checked.accepted["source_row"].tolist() == [2, 3]
    assert "rows 2, 4, 5" in checked.problems["message"].iloc[0]


def test_a_record_that_stands_twice_with_other_values_is_taken_not_at_all(tmp_path: Path) -> None:
    rows = [{"customerId": key, "address": text} for key, text in zip(IDS[:2] + IDS[:1], "abc", strict=True)]
    checked = of_update(tmp_path, *rows)
    assert found(checked, "duplicate_conflict") == [(2, "duplicate_conflict"), (4, "duplicate_conflict")]
    assert checked.accepted["source_row"].tolist() == [3]
    assert set(checked.problems["message"].str.extract("rows ([0-9, ]+) with")[0]) == {"2, 4"}


def test_a_blank_cell_beside_a_filled_one_is_another_value(tmp_path: Path) -> None:
    checked = of_update(
        tmp_path,
        {"customerId": IDS[0], "address": "a"},
        {"customerId": IDS[0], "address": "", "state": "Goa"},
    )
    assert found(checked, "duplicate_conflict") == [(2, "duplicate_conflict"), (3, "duplicate_conflict")]


def test_a_column_that_is_no_field_makes_no_two_rows_different(tmp_path: Path) -> None:
    rows = [{"customerId": IDS[0], "state": "Goa", "arkit_reason": text} for text in "ab"]
    assert found(of_update(tmp_path, *rows), "duplicate", "duplicate_conflict") == [(3, "duplicate")]


KEYS = st.sampled_from([*IDS[:3], "KC1", "नाम", "a", None])


@given(st.lists(st.tuples(KEYS, st.sampled_from(["a", "b", None])), max_size=10))
def test_repeated_records_are_those_that_counting_finds(rows: list[tuple[str | None, str | None]]) -> None:
    read = table("customer-update", {"customerId": [key for key, _ in rows], "address": [a for _, a in rows]})
    said: dict[str, set[int]] = {"duplicate": set(), "duplicate_conflict": set()}
    for one in comparisons.of_repeated(read, nothing_left_out(read)):
        said[one.rule] |= set(one.source_rows.tolist())
    wanted: dict[str, set[int]] = {"duplicate": set(), "duplicate_conflict": set()}
    for key in {key for key, _ in rows if key is not None}:
        same = [(number, value) for number, (other, value) in enumerate(rows, 2) if other == key]
        if len({value for _, value in same}) > 1:
            wanted["duplicate_conflict"] |= {number for number, _ in same}
        else:
            wanted["duplicate"] |= {number for number, _ in same[1:]}
    assert said == wanted


def test_rows_that_are_left_out_repeat_nothing() -> None:
    read = table("customer-update", {"customerId": [IDS[0], IDS[0], IDS[0]], "address": ["a", "b", "a"]})
    left_out = np.array([False, True, False])
    (only,) = [one for one in comparisons.of_repeated(read, left_out) if len(one.source_rows)]
    assert (only.rule, only.source_rows.tolist()) == ("duplicate", [4])


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ("2026-03-31", "2026-04-01", None),
        ("2026-04-01", "2027-03-31", "duplicate_conflict"),
        ("2025-04-01", "2026-04-01", None),
        ("2026-04-30", "2026-04-30", "duplicate"),
        ("", "", "duplicate"),
        ("²²²²-04-01", "2026-04-01", None),
        ("30/04/2026", "29/04/2026", "duplicate_conflict"),
    ],
)
def test_an_invoice_number_is_given_once_in_a_financial_year(
    first: str, second: str, rule: str | None, tmp_path: Path
) -> None:
    rows = [{"invoiceNumber": "A1", "invoiceDate": first}, {"invoiceNumber": "A1", "invoiceDate": second}]
    said = found(of_invoices(tmp_path, *rows), "duplicate", "duplicate_conflict")
    assert {name for _, name in said} == ({rule} if rule else set())


def test_an_external_id_is_given_once_for_ever(tmp_path: Path) -> None:
    rows = [{"externalId": "A1", "invoiceDate": day} for day in ("2025-04-01", "2026-04-01")]
    assert found(of_invoices(tmp_path, *rows), "duplicate_conflict") == [
        (2, "duplicate_conflict"),
        (3, "duplicate_conflict"),
    ]


@pytest.mark.parametrize("word", ["Total", "TOTAL", "Grand Total", "total:", "Sub Total", "Sum", "Totals"])
def test_a_row_that_is_a_sum_is_refused_by_its_name(word: str, tmp_path: Path) -> None:
    rows = [{}, {"customerId": word, "baseAmount": "100.00", "dueDate": ""}]
    checked = of_invoices(tmp_path, *({"externalId": f"A{n}", **row} for n, row in enumerate(rows)))
    assert checked.problems[["source_row", "rule"]].astype(str).to_numpy().tolist() == [["3", "totals_row"]]
    assert checked.accepted["source_row"].tolist() == [2]


def test_a_sum_beside_a_blank_key_is_seen_in_any_column(tmp_path: Path) -> None:
    checked = of_invoices(
        tmp_path,
        {"externalId": "A1"},
        {"customerId": "", "description": "Grand total", "baseAmount": "100", "dueDate": ""},
    )
    assert found(checked, "totals_row", "key_blank", "required") == [(3, "totals_row")]


def test_a_customer_whose_name_begins_like_a_sum_is_a_customer(tmp_path: Path) -> None:
    checked = of_creates(tmp_path, {"uniqueRefNo": "R1", "legalName": "Total Logistics"})
    assert not found(checked, "totals_row")
    assert not found(of_update(tmp_path, {"customerId": IDS[0], "legalName": "Total"}), "totals_row")


def test_the_header_once_more_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    header = {"customerId": "customerId", "state": "state", "address": "address"}
    checked = of_update(tmp_path, {"customerId": IDS[0], "state": "Goa", "address": "x"}, header, header)
    assert checked.problems[["source_row", "rule"]].astype(str).to_numpy().tolist() == [
        ["3", "header_repeated"],
        ["4", "header_repeated"],
    ]


def test_the_header_once_more_is_known_by_the_names_of_this_file(tmp_path: Path) -> None:
    rows = [{"Customer (ID)": IDS[0], "PIN": "403001"}, {"Customer (ID)": "Customer (ID)", "PIN": "PIN"}]
    checked = of_update(tmp_path, *rows, columns={"Customer (ID)": "customerId"})
    assert found(checked, "header_repeated", "customer_id", "pin_code") == [(3, "header_repeated")]


def test_a_header_that_speaks_of_a_total_is_no_sum_when_it_is_repeated(tmp_path: Path) -> None:
    row = {**INVOICE, "externalId": "A1", "Total": "100.00"}
    path = write(tmp_path, row, {name: name for name in row})
    checked = check(path, kind="invoice-create", accept=["header_proposed"])
    assert found(checked, "totals_row", "header_repeated") == [(3, "header_repeated")]


def test_a_row_that_is_blank_but_for_its_key_asks_for_nothing(tmp_path: Path) -> None:
    checked = of_update(
        tmp_path, {"customerId": IDS[0], "state": "Goa"}, {"customerId": IDS[1]}, {"state": "Goa"}
    )
    assert found(checked, "nothing_asked", "key_blank") == [(3, "nothing_asked"), (4, "key_blank")]
    assert checked.accepted["source_row"].tolist() == [2]


KNOWN = pd.DataFrame(
    {"customer_id": ["KC00002P0VOYQIRX", "KC00005ECUCWNLQD"], "unique_ref_no": ["R-1", None]}
)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("KC00002P0VOYQIRY", "KC00002P0VOYQIRX"),
        ("KC0000ZP0VOYQIRY", "KC00002P0VOYQIRX"),
        ("KC00005ECUCWNLQO", "KC00005ECUCWNLQD"),
        ("KC0000ZP0VOYQIYY", ""),
        ("KCAAAAAAAAAAAAAA", ""),
    ],
)
def test_an_unknown_customer_is_named_with_the_known_one_that_is_near(
    written: str, hint: str, tmp_path: Path
) -> None:
    checked = of_update(tmp_path, {"customerId": written, "state": "Goa"}, known=KNOWN)
    (problem,) = checked.problems.to_dict("records")
    assert (problem["rule"], problem["severity"], problem["repair"]) == ("customer_unknown", "error", hint)
    assert (f"did you mean {hint}?" in problem["message"]) == bool(hint)


def test_very_many_unknown_customers_get_no_guesses(tmp_path: Path) -> None:
    keys = [f"KC00002P0VOY{number:04}" for number in range(comparisons.MOST_COMPARED + 1)]
    rows = [{"customerId": key, "state": "Goa"} for key in keys]
    checked = of_update(tmp_path, *rows, known=KNOWN)
    assert checked.counts == {"customer_unknown": len(rows)}
    assert checked.repairs.empty


def test_a_key_of_another_shape_is_not_also_unknown(tmp_path: Path) -> None:
    checked = of_update(tmp_path, {"customerId": "kc00002p0voyqirx", "state": "Goa"}, known=KNOWN)
    assert checked.problems["rule"].tolist() == ["written_otherwise"]
    assert checked.accept("written_otherwise").ok


def test_a_new_customer_with_a_reference_that_is_given_is_refused(tmp_path: Path) -> None:
    checked = of_creates(
        tmp_path, {"uniqueRefNo": "R-1"}, {"uniqueRefNo": "R-2"}, {"uniqueRefNo": ""}, known=KNOWN
    )
    assert found(checked, "customer_known") == [(2, "customer_known")]


def of_places(**columns: list[str | None]) -> list[tuple[str, list[int]]]:
    read: Table = table("customer-update", {"customerId": IDS[: len(columns["state"])], **columns})
    told = comparisons.of_places(read, nothing_left_out(read))
    return [(one.rule, one.source_rows.tolist()) for one in told if len(one.source_rows)]


def test_a_gstin_and_a_pin_code_are_looked_for_in_the_state_of_their_row() -> None:
    assert of_places(
        state=["Maharashtra", "MH", "Goa", None, "Nowhere"], panOrGstin=["27AAPFU0939F1ZV"] * 5
    ) == [("gstin_of_other_state", [4])]
    assert of_places(state=["Karnataka", "Kerala", "karnataka", None, "Nowhere"], pinCode=["560001"] * 5) == [
        ("pin_of_other_state", [3])
    ]


@pytest.mark.parametrize(
    ("gstin", "state"),
    [
        ("AAPFU0939F", "Goa"),
        ("27AAPFU0939F1ZO", "Goa"),
        ("93AAPFU0939F1ZW", "Goa"),
        ("<clear>", "Goa"),
        ("27AAPFU0939F1ZV", "<clear>"),
    ],
)
def test_what_names_no_state_is_not_compared_with_one(gstin: str, state: str) -> None:
    assert not of_places(state=[state], panOrGstin=[gstin])


def test_the_code_of_a_state_that_was_joined_or_split_is_still_its_own() -> None:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    heads = [f"{code}AAPFU0939F1Z" for code in ("28", "28", "28", "25")]
    gstins: list[str | None] = [head + luhn.calc_check_digit(head, alphabet) for head in heads]
    states: list[str | None] = [
        "Andhra Pradesh",
        "Telangana",
        "Goa",
        "Dadra and Nagar Haveli and Daman and Diu",
    ]
    assert of_places(state=states, panOrGstin=gstins) == [("gstin_of_other_state", [4])]


def test_a_contact_without_any_reminder_is_remarked_on(tmp_path: Path) -> None:
    none = {"mail_enabled": "FALSE", "sms_enabled": "", "whatsapp_enabled": "false"}
    one = {**none, "sms_enabled": "true"}
    checked = of_creates(tmp_path, {"uniqueRefNo": "R1", **none}, {"uniqueRefNo": "R2", **one})
    assert found(checked, "no_channel") == [(2, "no_channel")]
    assert checked.ok


def test_where_a_channel_has_no_column_nothing_is_said_of_channels(tmp_path: Path) -> None:
    rows = [{"uniqueRefNo": "R1", "mail_enabled": "FALSE", "sms_enabled": "FALSE"}]
    assert not found(of_creates(tmp_path, *rows), "no_channel")


@pytest.mark.parametrize(
    ("row", "is_said"),
    [
        ({"mail_enabled": "TRUE"}, True),
        ({"mail_enabled": "TRUE", "email": ""}, True),
        ({"mail_enabled": "TRUE", "email": "a@b.in"}, False),
        ({"mail_enabled": "FALSE", "email": ""}, False),
    ],
)
def test_a_contact_that_gets_e_mail_needs_an_address(
    row: dict[str, str], is_said: bool, tmp_path: Path
) -> None:
    checked = of_creates(tmp_path, {"uniqueRefNo": "R1", **row})
    assert bool(found(checked, "mail_without_address")) == is_said


@given(st.lists(st.one_of(st.none(), st.text(max_size=9)), max_size=12))
def test_where_a_value_stands_twice_is_found_without_looking_at_each_pair(values: list[str | None]) -> None:
    wanted = [place for place, value in enumerate(values) if value is not None and values.count(value) > 1]
    assert comparisons._repeated(column(*values)).tolist() == wanted


@given(st.lists(st.text("ab", min_size=11, max_size=11), max_size=40), st.integers(0, 3))
def test_values_of_one_length_are_compared_wherever_their_column_was_cut(
    values: list[str], start: int
) -> None:
    kept = values[start:]
    wanted = [place for place, value in enumerate(kept) if kept.count(value) > 1]
    assert comparisons._repeated(column(*values)[start:]).tolist() == wanted
