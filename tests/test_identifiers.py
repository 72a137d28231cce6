"""Identifiers: public numbers, an independent oracle, and what one slip of the pen does to them."""

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.in_ import gstin as oracle

from arkit import identifiers
from arkit.identifiers import (
    ACCOUNT_NUMBER,
    CUSTOMER_ID,
    EMAIL,
    GSTIN,
    IFSC,
    INVOICE_NUMBER,
    PAN,
    PHONE,
    PIN_CODE,
)

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# From python-stdnum's documentation, an appellate ruling, GSTZen's pages and the tests of india-compliance.
PUBLIC = [
    "27AAPFU0939F1ZV",
    "24AAATT6829N1ZY",
    "29AAFCC9980M1ZR",
    "05AAACG2115R1ZN",
    "24AAQCA8719H1ZC",
    "29AABCR1718E1ZL",
]
WRONG_CHECK = ["27AAPFU0939F1ZO", "01AABCE2207R1Z5", "29AAFCA7488L1Z0", "01AAAAA9999A19N"]


def series(*values: str | None) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def is_valid(*numbers: str) -> list[bool]:
    """Whether each is a GSTIN by shape, state and check character; of other shapes nothing is asked."""
    values = series(*numbers)
    valid = (identifiers.gstin_remainders(values) == 0) & identifiers.has_known_state(values)
    return [bool(mark) for mark in valid]


@st.composite
def gstins(draw: st.DrawFn) -> str:
    """A valid number of an ordinary taxpayer, its check character taken from the oracle."""
    pan = draw(st.from_regex("[A-Z]{3}[ABCFGHJLPT][A-Z][1-9][0-9]{3}[A-Z]", fullmatch=True))
    state = draw(st.sampled_from(sorted(oracle._STATE_CODES)))
    head = f"{state}{pan}{draw(st.sampled_from(ALPHABET[1:]))}Z"
    return head + oracle.luhn.calc_check_digit(head, ALPHABET)


@pytest.mark.parametrize("number", PUBLIC)
def test_public_gstins_are_valid(number: str) -> None:
    assert is_valid(number) == [True]


@pytest.mark.parametrize("number", WRONG_CHECK)
def test_a_gstin_of_the_right_shape_with_a_wrong_check_character_is_not(number: str) -> None:
    assert identifiers.matches(series(number), GSTIN).all()
    assert is_valid(number) == [False]


@pytest.mark.parametrize(
    "number", ["27AAPFU0939F1Z", "27aapfu0939f1zv", " 27AAPFU0939F1ZV", "27AAPFU0939F1ZV\n", ""]
)
def test_a_text_of_another_shape_is_no_gstin(number: str) -> None:
    assert not identifiers.matches(series(number), GSTIN).any()


def test_a_department_and_a_deductor_of_tax_have_gstins_too() -> None:
    assert identifiers.matches(series("27PUNE01234F1D4", "29AAGCA1234B1C5"), GSTIN).all()


@given(gstins())
def test_what_the_oracle_takes_for_valid_is_valid(number: str) -> None:
    assert oracle.is_valid(number)
    assert is_valid(number) == [True]


@given(gstins(), st.sampled_from(ALPHABET))
def test_the_check_character_is_that_of_the_oracle(number: str, last: str) -> None:
    other = number[:-1] + last
    assert is_valid(other) == [oracle.is_valid(other)]


@given(gstins())
def test_every_single_wrong_character_is_caught(number: str) -> None:
    wrong = [
        number[:place] + other + number[place + 1 :]
        for place in range(15)
        for other in ALPHABET
        if other != number[place]
    ]
    assert not any(is_valid(*wrong))


@given(gstins(), st.integers(0, 13))
def test_neighbours_in_each_others_place_are_caught_but_for_0_and_z(number: str, place: int) -> None:
    left, right = number[place], number[place + 1]
    swapped = number[:place] + right + left + number[place + 2 :]
    # Doubling in base 36 maps 0 and Z to themselves, so that the sum does not tell them apart.
    if left != right and {left, right} != {"0", "Z"}:
        assert is_valid(swapped) == [False]


def test_a_wrong_state_is_seen_although_the_check_character_is_right() -> None:
    numbers = [f"{state}AAPFU0939F1Z" for state in ("00", "39", "93")]
    complete = [head + oracle.luhn.calc_check_digit(head, ALPHABET) for head in numbers]
    assert (identifiers.gstin_remainders(series(*complete)) == 0).all()
    assert not identifiers.has_known_state(series(*complete)).any()


@pytest.mark.parametrize(
    ("pattern", "valid", "invalid"),
    [
        (PAN, ["AAPFU0939F"], ["AAPFU939F", "AAPFU09391", "aapfu0939f", "AAPFU0939F ", "AAPFU0९39F"]),
        (PIN_CODE, ["110001", "855999"], ["011000", "56001", "5600011", "560 01", "५६०००१"]),
        (IFSC, ["SBIN0000300", "HDFC0000001", "IBKL0116SBK"], ["HDFCO000001", "HDFC000001", "HDF00000001"]),
        (PHONE, ["9876543210", "+91 9876543210", "0091-9876543210"], ["98765 43210", "987654321"]),
        (ACCOUNT_NUMBER, ["000000001", "A" * 36], ["12345678", "A" * 37, "1234-56789"]),
        (CUSTOMER_ID, ["KC00002P0VOYQIRX"], ["kc00002p0voyqirx", "KC00002P0VOYQIR", "KС00002P0VOYQIRX"]),
    ],
    ids=["PAN", "PIN", "IFSC", "phone", "account", "customer"],
)
def test_a_pattern_takes_whole_texts_in_ascii(pattern: str, valid: list[str], invalid: list[str]) -> None:
    assert identifiers.matches(series(*valid), pattern).all()
    assert not identifiers.matches(series(*invalid, "", None), pattern).any()
    assert not identifiers.matches(series(*(f"{text}\n" for text in valid)), pattern).any()
    assert not identifiers.matches(series(*(f"\n{text}" for text in valid)), pattern).any()


def test_a_column_is_judged_whatever_it_was_cut_from() -> None:
    column = series(*PUBLIC, *WRONG_CHECK)
    assert (identifiers.gstin_remainders(column[4:8]) == 0).tolist() == [True, True, False, False]
    assert identifiers.gstin_remainders(column[:0]).tolist() == []
    assert identifiers.matches(column[:0], GSTIN).tolist() == []


@given(gstins(), st.sampled_from(ALPHABET))
def test_what_the_sum_leaves_over_tells_the_right_last_character(number: str, last: str) -> None:
    (left,) = identifiers.gstin_remainders(series(number[:-1] + last))
    assert ALPHABET[(ALPHABET.index(last) - left) % len(ALPHABET)] == number[-1]


SHAPED = st.one_of(
    st.from_regex(GSTIN, fullmatch=True),
    st.text("0123456789ABCZazé९", min_size=12, max_size=16),
    gstins(),
)


@given(st.lists(st.one_of(st.none(), SHAPED), max_size=6), st.integers(0, 3))
def test_a_check_sum_is_found_for_what_has_the_shape_and_for_nothing_else(
    numbers: list[str | None], start: int
) -> None:
    column = series(*numbers)[start:]
    assert ((identifiers.gstin_remainders(column) >= 0) == identifiers.matches(column, GSTIN)).all()
    numbered = pa.array(numbers, pa.large_string())[start:]
    assert identifiers.gstin_remainders(numbered).tolist() == identifiers.gstin_remainders(column).tolist()


@pytest.mark.parametrize(
    ("pan", "is_real"),
    [
        ("AAPFU0939F", True),
        ("AAPFU0000F", False),
        ("AAPFU0001F", True),
        ("AAPFU9000F", True),
        ("AAPKU0939F", True),
        ("AAPXU0939F", False),
    ],
)
def test_a_pan_that_somebody_can_have_names_a_kind_of_holder_and_is_numbered(pan: str, is_real: bool) -> None:
    assert identifiers.matches(series(pan), PAN).all()
    assert identifiers.has_real_holder(series(pan)).tolist() == [is_real]


@pytest.mark.parametrize(
    ("valid", "invalid"),
    [
        (["INV/2026-27/001", "A", "1234567890123456"], ["", "INV 1", "12345678901234567", "INV_1", "इन1"]),
    ],
)
def test_an_invoice_number_is_what_rule_46_allows(valid: list[str], invalid: list[str]) -> None:
    assert identifiers.matches(series(*valid), INVOICE_NUMBER).all()
    assert not identifiers.matches(series(*invalid, None), INVOICE_NUMBER).any()


@pytest.mark.parametrize(
    "address",
    ["a@b.in", "accounts+ar@x-y.example.com", "o'neil@example.com", '"a;b"@example.com', "a@[1.2.3.4]"],
)
def test_an_address_of_the_api_s_expression_is_taken_whole(address: str) -> None:
    assert identifiers.matches(series(address), EMAIL).all()
    for wrong in (
        f"{address} ",
        f" {address}",
        f"{address};{address}",
        f"{address}, {address}",
        f"{address}.",
    ):
        assert not identifiers.matches(series(wrong), EMAIL).any(), wrong
