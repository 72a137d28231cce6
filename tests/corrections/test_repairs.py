"""Repairs: what happened to a value, what is proposed, and that it is never more than a proposal."""

import datetime as dt
import re
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arkit import identifiers
from arkit.corrections import repairs, schemas, texts
from arkit.corrections.checks import check
from arkit.identifiers import Mask, matches

from .tables import column, write

SHAPES = {
    "customer_id": identifiers.CUSTOMER_ID,
    "account_number": identifiers.ACCOUNT_NUMBER,
    "ifsc": identifiers.IFSC,
    "pin_code": identifiers.PIN_CODE,
    "contact_number": identifiers.PHONE,
    "invoice_number": identifiers.INVOICE_NUMBER,
    "email": identifiers.EMAIL,
    "amount": schemas.AMOUNT,
    "yes_or_no": schemas.YES_OR_NO,
}


def passes(rule: str, values: pa.Array) -> Mask:
    """Whether values keep the rule, as the models have it."""
    if rule == "pan_or_gstin":
        return matches(values, identifiers.PAN) | (identifiers.gstin_remainders(values) >= 0)
    if rule == "day":
        return np.array([is_day(text) for text in values.to_pylist()], dtype=np.bool_)
    return matches(values, SHAPES[rule])


def is_day(text: str) -> bool:
    try:
        return bool(re.fullmatch("20[0-9]{2}-[0-9]{2}-[0-9]{2}", text) and dt.date.fromisoformat(text))
    except ValueError:
        return False


def repaired(rule: str, *values: str, day_order: str | None = None) -> list[tuple[str, str]]:
    """The first damage that is named for each value, and the proposal; nothing where none is known."""
    given = column(*values)
    found: dict[int, tuple[str, str]] = {}
    for damage in repairs.of_values(rule, given, lambda some: passes(rule, some), day_order=day_order):
        proposals = [""] * len(damage.places) if damage.repaired is None else damage.repaired.to_pylist()
        for place, proposal in zip(damage.places.tolist(), proposals, strict=True):
            found.setdefault(place, (damage.rule, proposal))
    return [found.get(place, ("", "")) for place in range(len(values))]


IDENTIFIERS = [
    ("customer_id", "kc00002p0voyqirx", "written_otherwise", "KC00002P0VOYQIRX"),
    ("customer_id", "KC 0000-2P0V.OYQIRX", "written_otherwise", "KC00002P0VOYQIRX"),
    ("customer_id", "КС00002P0VOYQIRX", "lookalike", "KC00002P0VOYQIRX"),
    ("customer_id", "KC00002P0VOYQIR", "", ""),
    ("pan_or_gstin", "aapfu0939f", "written_otherwise", "AAPFU0939F"),
    ("pan_or_gstin", "27 AAPFU 0939F 1ZV", "written_otherwise", "27AAPFU0939F1ZV"),
    ("pan_or_gstin", "5AAACG2115R1ZN", "excel_zero", "05AAACG2115R1ZN"),
    ("pan_or_gstin", "5AAACG2115R1ZM", "", ""),
    ("pan_or_gstin", "7AAPFU0939F1ZV", "", ""),
    ("pan_or_gstin", "ААPFU0939F", "lookalike", "AAPFU0939F"),
    ("pan_or_gstin", "ＡＡPFU0939F", "lookalike", "AAPFU0939F"),
    ("pan_or_gstin", "AAPFU०९३९F", "foreign_digits", "AAPFU0939F"),
    ("pan_or_gstin", "AAPFUO939F", "", ""),
    ("account_number", "501000123456.0", "excel_tail", "501000123456"),
    ("account_number", "501000123456.00", "excel_tail", "501000123456"),
    ("account_number", "5010-0012 3456", "written_otherwise", "501000123456"),
    ("account_number", "5010.0012.3456", "written_otherwise", "501000123456"),
    ("account_number", "५०१०००१२३४५६", "foreign_digits", "501000123456"),
    ("account_number", "９１２３４５６７８９", "foreign_digits", "9123456789"),
    ("account_number", "5.01E+16", "excel_scientific", ""),
    ("account_number", "5.0100012345679E+16", "excel_scientific", ""),
    ("account_number", "5E16", "excel_scientific", ""),
    ("account_number", "50100012345.5", "", ""),
    ("account_number", "5010001234²", "", ""),
    ("account_number", "5,01,00,01,23,456", "", ""),
    ("account_number", "'501000123456", "", ""),
    ("account_number", "12345678", "", ""),
    ("ifsc", "HDFCO001234", "letter_o", "HDFC0001234"),
    ("ifsc", "HDFCo001234", "letter_o", "HDFC0001234"),
    ("ifsc", "HDFC 0001234", "written_otherwise", "HDFC0001234"),
    ("ifsc", "НDFC0001234", "lookalike", "HDFC0001234"),
    ("ifsc", "HDFC1001234", "", ""),
    ("pin_code", "403 001", "written_otherwise", "403001"),
    ("pin_code", "403001.0", "excel_tail", "403001"),
    ("pin_code", "४०३००१", "foreign_digits", "403001"),
    ("pin_code", "4.03001E+5", "excel_scientific", ""),
    ("pin_code", "40300", "", ""),
    ("pin_code", "040300", "", ""),
    ("pin_code", "40300l", "", ""),
    ("contact_number", "09822012345", "phone_prefix", "9822012345"),
    ("contact_number", "919822012345", "phone_prefix", "9822012345"),
    ("contact_number", "+91 98220 12345", "phone_prefix", "9822012345"),
    ("contact_number", "0091 98220-12345", "phone_prefix", "9822012345"),
    ("contact_number", "+91 (0) 98220 12345", "phone_prefix", "9822012345"),
    ("contact_number", "98220 12345", "written_otherwise", "9822012345"),
    ("contact_number", "(98220) 12345", "written_otherwise", "9822012345"),
    ("contact_number", "9822012345.0", "excel_tail", "9822012345"),
    ("contact_number", "९८२२०१२३४५", "foreign_digits", "9822012345"),
    ("contact_number", "9.82E+9", "excel_scientific", ""),
    ("contact_number", "9822012345 / 9822012346", "", ""),
    ("contact_number", "9822012345, 9822012346", "", ""),
    ("contact_number", "9822012345 9822012346", "", ""),
    ("contact_number", "02212345678", "", ""),
    ("contact_number", "1800 123 45678", "", ""),
    ("invoice_number", "ІNV/1", "lookalike", "INV/1"),
    ("invoice_number", "INV १", "", ""),
    ("invoice_number", "१२", "foreign_digits", "12"),
    ("invoice_number", "12345.0", "excel_tail", "12345"),
    ("invoice_number", "INV_1", "", ""),
    ("email", "аsha@example.com", "lookalike", "asha@example.com"),
    ("email", "asha@example.com.", "", ""),
    ("email", "asha@example.com; ravi@example.com", "", ""),
    ("yes_or_no", "Yes", "flag_written", "TRUE"),
    ("yes_or_no", "n", "flag_written", "FALSE"),
    ("yes_or_no", "1", "flag_written", "TRUE"),
    ("yes_or_no", "True", "flag_written", "TRUE"),
    ("yes_or_no", "on", "", ""),
]


@pytest.mark.parametrize(("rule", "value", "damage", "proposal"), IDENTIFIERS)
def test_a_damage_is_named_and_what_is_proposed_passes(
    rule: str, value: str, damage: str, proposal: str
) -> None:
    assert not passes(rule, column(value)).any()
    assert repaired(rule, value) == [(damage, proposal)]
    assert not proposal or passes(rule, column(proposal)).all()


AMOUNTS = [
    ("12,34,567.89", "amount_written", "1234567.89"),
    ("1,234,567.89", "amount_written", "1234567.89"),
    ("1,00,00,000", "amount_written", "10000000"),
    ("10,000", "amount_written", "10000"),
    ("1,000", "amount_written", "1000"),
    ("1,000.5", "amount_written", "1000.5"),
    ("₹1000", "amount_written", "1000"),
    ("₹ 1,000/-", "amount_written", "1000"),
    ("Rs.500", "amount_written", "500"),
    ("Rs. 500", "amount_written", "500"),
    ("Rs 500", "amount_written", "500"),
    ("rs500", "amount_written", "500"),
    ("RS.1,23,456.70", "amount_written", "123456.70"),
    ("INR 250.50", "amount_written", "250.50"),
    ("inr 5", "amount_written", "5"),
    ("500/-", "amount_written", "500"),
    ("500 /-", "amount_written", "500"),
    ("1500.500", "amount_written", "1500.50"),
    ("1500.5000000", "amount_written", "1500.50"),
    ("1500.00000", "amount_written", "1500.00"),
    ("1500,50", "decimal_comma", "1500.50"),
    ("1,5", "decimal_comma", "1.5"),
    ("10,00", "decimal_comma", "10.00"),
    ("१२३४.५०", "foreign_digits", "1234.50"),
    ("１２３", "foreign_digits", "123"),
    ("٤٥", "foreign_digits", "45"),
    ("1e5", "excel_scientific", ""),
    ("1.5E+06", "excel_scientific", ""),
    ("9.19E+11", "excel_scientific", ""),
    ("100.505", "amount_decimals", ""),
    ("0.001", "amount_decimals", ""),
    ("2.675", "amount_decimals", ""),
    ("1.234,56", "", ""),
    ("1.234.567", "", ""),
    ("1.234.567,89", "", ""),
    ("1 234.50", "", ""),
    ("1\u00a0234.50", "", ""),
    ("1'234.50", "", ""),
    ("1_000", "", ""),
    ("1000 Dr", "", ""),
    ("1000 Cr", "", ""),
    ("1,000.00 CR", "", ""),
    ("(500)", "", ""),
    ("-500", "", ""),
    ("500-", "", ""),
    ("+500", "", ""),
    ("-0.00", "", ""),
    ("1,23,45", "", ""),
    ("1234,567", "", ""),
    ("12,345,67", "", ""),
    ("1,2,3", "", ""),
    (",500", "", ""),
    ("500,", "", ""),
    ("100.", "", ""),
    (".50", "", ""),
    ("1.2.3", "", ""),
    ("USD 5", "", ""),
    ("$5", "", ""),
    ("€ 5", "", ""),
    ("5%", "", ""),
    ("½", "", ""),
    ("10²", "", ""),
    ("1 lakh", "", ""),
    ("five", "", ""),
    ("₹", "", ""),
    ("Rs.", "", ""),
    ("Rs. Rs. 5", "", ""),
    ("99999999999999", "", ""),
]


@pytest.mark.parametrize(("value", "damage", "proposal"), AMOUNTS)
def test_an_amount_is_repaired_where_it_can_be_read_in_one_way_alone(
    value: str, damage: str, proposal: str
) -> None:
    assert repaired("amount", value) == [(damage, proposal)]
    assert not proposal or passes("amount", column(proposal)).all()


def test_amounts_of_a_column_are_repaired_together_as_each_by_itself() -> None:
    values = [value for value, *_ in AMOUNTS]
    assert repaired("amount", *values) == [tuple(wanted) for _, *wanted in AMOUNTS]


def grouped(paise: int, *, lakhs: bool) -> str:
    whole, fraction = divmod(paise, 100)
    head, tail = str(whole)[:-3], str(whole)[-3:]
    size = 2 if lakhs else 3
    groups = [head[max(0, end - size) : end] for end in range(len(head), 0, -size)][::-1]
    return f"{','.join([*groups, tail])}.{fraction:02}"


@given(st.integers(100_000, 10**15 - 1), st.booleans(), st.sampled_from(["", "₹", "Rs. ", "INR "]))
def test_no_paisa_is_lost_on_an_amount_in_groups(paise: int, lakhs: bool, currency: str) -> None:
    wanted = f"{paise // 100}.{paise % 100:02}"
    assert repaired("amount", currency + grouped(paise, lakhs=lakhs)) == [("amount_written", wanted)]


def days(*values: str, order: str | None = None) -> list[tuple[str, str]]:
    return repaired("day", *values, day_order=order)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("30 April 2026", "2026-04-30"),
        ("30-Apr-2026", "2026-04-30"),
        ("30-Apr-26", "2026-04-30"),
        ("1 sept 2026", "2026-09-01"),
        ("1/JAN/2026", "2026-01-01"),
        ("2026-04-30 00:00:00", "2026-04-30"),
        ("2026-04-30T00:00", "2026-04-30"),
        ("2026/04/30", "2026-04-30"),
        ("2026.4.3", "2026-04-03"),
        ("29/02/2028", "2028-02-29"),
        ("31-12-2026", "2026-12-31"),
        ("04/30/2026", "2026-04-30"),
        ("05/05/2026", "2026-05-05"),
    ],
)
def test_a_day_that_can_be_read_in_one_way_alone_is_proposed(value: str, day: str) -> None:
    assert days(value) == [("day_written", day)]


@pytest.mark.parametrize(
    "value",
    [
        "29/02/2026",
        "31/04/2026",
        "13/13/2026",
        "31 April 2026",
        "2026-02-30",
        "2026-13-01",
        "13/04/1925",
        "1 Ju 2026",
        "1 Maybe 2026",
        "13/04/26",
        "2026-04-30 18:30:00",
        "2026-04-30T18:30:00Z",
        "today",
        "5th April 2026",
        "20260430",
    ],
)
def test_what_the_calendar_lacks_or_nobody_can_read_is_left_as_it_is(value: str) -> None:
    assert days(value) == [("", "")]


@pytest.mark.parametrize("serial", ["45720", "20000", "45720.5"])
def test_the_number_of_a_day_is_named_and_not_guessed(serial: str) -> None:
    assert days(serial) == [("day_serial", "")]


def test_one_row_tells_the_order_of_its_whole_column() -> None:
    assert days("03/04/2025", "13/04/2025") == [("day_written", "2025-04-03"), ("day_written", "2025-04-13")]
    assert days("03/04/2025", "04/13/2025") == [("day_written", "2025-03-04"), ("day_written", "2025-04-13")]


def test_a_column_that_does_not_tell_is_ambiguous_until_somebody_does() -> None:
    assert days("03/04/2025", "05/05/2025") == [("day_ambiguous", ""), ("day_written", "2025-05-05")]
    assert days("03/04/2025", order="dmy") == [("day_written", "2025-04-03")]
    assert days("03/04/2025", order="mdy") == [("day_written", "2025-03-04")]


def test_a_day_that_there_is_not_tells_nothing_of_the_order() -> None:
    assert days("03/04/2025", "31/02/2025") == [("day_ambiguous", ""), ("", "")]


def test_a_column_in_both_orders_is_told_with_three_days_of_each_kind() -> None:
    first, second = ["13/04/2025", "14/04/2025", "15/04/2025", "16/04/2025"], ["04/13/2025", "04/14/2025"]
    values = column(*first, *second, "03/04/2025", "30 April 2025")
    found = list(repairs.of_values("day", values, lambda some: passes("day", some), day_order=None))
    assert [damage.rule for damage in found] == ["day_written", "day_mixed"]
    assert found[1].places.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert [day for day in first + second if day in found[1].found] == [*first[:3], *second]


def test_an_order_that_was_said_holds_for_every_row() -> None:
    assert days("13/04/2025", "04/13/2025", order="dmy") == [("day_written", "2025-04-13"), ("", "")]


@given(st.lists(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)), min_size=1, max_size=6), st.booleans())
def test_a_day_is_never_proposed_in_the_wrong_order(dates: list[dt.date], day_first: bool) -> None:
    written = [date.strftime("%d/%m/%Y" if day_first else "%m/%d/%Y") for date in dates]
    tells = any(date.day > 12 for date in dates)
    for date, (rule, proposal) in zip(dates, days(*written), strict=True):
        assert proposal in ("", date.isoformat())
        assert bool(proposal) == (tells or date.day == date.month)
        assert rule in ("day_written", "day_ambiguous")


WRITTEN = st.text(st.sampled_from("0123456789०१２ .-,'\u00a0\u200bEeOoАK+/²③"), min_size=1, max_size=24)


@given(st.sampled_from(["account_number", "pin_code", "customer_id", "invoice_number"]), WRITTEN)
def test_no_proposal_changes_the_digits_of_an_identifier(rule: str, value: str) -> None:
    assume(not passes(rule, column(value)).any())
    ((damage, proposal),) = repaired(rule, value)
    read = [str(unicodedata.decimal(letter)) for letter in value if letter.isdecimal()]
    if damage == "excel_tail":
        read = read[: len([letter for letter in proposal if letter.isdecimal()])]
        assert re.fullmatch(r".*\.[0０०]+", value)
    assert not proposal or [letter for letter in proposal if letter.isdecimal()] == read


@given(st.sampled_from([*SHAPES, "pan_or_gstin", "day"]), st.one_of(st.text(max_size=20), WRITTEN))
def test_every_proposal_passes_and_differs(rule: str, value: str) -> None:
    assume(not passes(rule, column(value)).any())
    ((_, proposal),) = repaired(rule, value)
    assert not proposal or (passes(rule, column(proposal)).all() and proposal != value)


@pytest.mark.parametrize(
    ("rule", "value", "proposal"),
    [
        ("stray_space", " \u00a0New Road\t\n", "New Road"),
        ("stray_space", "\u3000नाम ", "नाम"),
        ("hidden_character", "New\u200bRoad", "NewRoad"),
        ("hidden_character", "New\nRoad", "New Road"),
        ("hidden_character", "New \r\n Road", "New Road"),
        ("hidden_character", "New\tRoad", "New Road"),
        ("hidden_character", "New\u202eRoad", ""),
        ("hidden_character", "New\U000e0041Road", ""),
        ("clear_word", "<CLEAR>", "<clear>"),
        ("mojibake", "CafÃ© Road", "Café Road"),
        ("mojibake", "à¤¨à¤¾à¤®", "नाम"),
        ("mojibake", "Best â€", ""),
        ("formula_like", "=1+1", ""),
        ("nothing_to_clear", "<clear>", ""),
    ],
)
def test_what_is_proposed_for_a_text_can_be_seen_whole(rule: str, value: str, proposal: str) -> None:
    assert repairs.of_text(rule, column(value), "<clear>").to_pylist() == [proposal]


@given(st.text(max_size=12))
def test_a_text_without_what_nobody_sees_passes(value: str) -> None:
    told = repairs.of_text("hidden_character", column(value), "<clear>")
    assert not texts.has_hidden_character(told).any()
    trimmed = repairs.of_text("stray_space", column(value), "<clear>")
    assert not texts.has_stray_space(trimmed).any()


def test_a_proposal_that_was_accepted_is_what_the_file_then_says(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"customerId": "kc00000000000001", "ifsc": "HDFCO001234", "address": " 1, New Road"},
        {"customerId": "KC00000000000002", "ifsc": "HDFC0001234", "address": "2, New Road"},
    )
    content = path.read_bytes()
    checked = check(path)
    assert not checked.ok
    accepted = checked.accept("written_otherwise", "letter_o", "stray_space")
    assert accepted.ok
    assert accepted.accepted["customer_id"].tolist() == ["KC00000000000001", "KC00000000000002"]
    assert accepted.accepted["ifsc"].tolist() == ["HDFC0001234"] * 2
    assert accepted.accepted["address"].tolist() == ["1, New Road", "2, New Road"]
    assert set(accepted.problems["rule"]) == {"repaired"}
    assert path.read_bytes() == content
    assert checked.accept("letter_o").errors == 2
