"""Check characters and patterns, against public numbers."""

import pytest

from arkit.sandbox import identifiers

PUBLIC = ["27AAPFU0939F1ZV", "24AAATT6829N1ZY", "29AAFCC9980M1ZR", "05AAACG2115R1ZN", "29AABCR1718E1ZL"]


@pytest.mark.parametrize("number", PUBLIC)
def test_public_gstins_are_valid(number: str) -> None:
    assert identifiers.is_gstin(number)


@pytest.mark.parametrize("number", PUBLIC)
def test_a_gstin_with_any_other_last_character_is_refused(number: str) -> None:
    others = [number[:14] + last for last in identifiers.ALPHABET if last != number[14]]
    assert not any(identifiers.is_gstin(other) for other in others)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("27AAPFU0939F1ZO", "has a wrong check character"),
        (identifiers.gstin("93", "AAPFU0939F"), "has an unknown state code"),
        ("AAPFU0939", "is neither a PAN nor a GSTIN"),
        ("aapfu0939f", "is neither a PAN nor a GSTIN"),
        ("AAPFU0939F\n", "is neither a PAN nor a GSTIN"),
        ("AAPFU0९39F", "is neither a PAN nor a GSTIN"),
    ],
)
def test_the_fault_of_a_tax_number_is_named(number: str, message: str) -> None:
    assert identifiers.pan_or_gstin_fault(number) == message


def test_a_bare_pan_passes() -> None:
    assert identifiers.pan_or_gstin_fault("AAPFU0939F") is None


@pytest.mark.parametrize("number", ["", "9876543210", "+919876543210", "+91-9876543210", "0091 9876543210"])
def test_telephone_numbers_of_the_contract_match(number: str) -> None:
    assert identifiers.PHONE.fullmatch(number)


@pytest.mark.parametrize("number", ["987654321", "98765 43210", "9876543210\n", "९८७६५४३२१०"])
def test_other_telephone_numbers_do_not_match(number: str) -> None:
    assert not identifiers.PHONE.fullmatch(number)
