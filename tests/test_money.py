"""Money: exact in every form."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit import money

LARGEST = money.LIMIT_PAISE - 1
paise = st.integers(-LARGEST, LARGEST)


def rupees(*amounts: str | None) -> pd.Series:
    return pd.Series([None if text is None else Decimal(text) for text in amounts], dtype=money.RUPEES)


@given(amounts=st.lists(paise, max_size=8))
def test_paise_survive_the_way_to_rupees_and_back(amounts: list[int]) -> None:
    column = money.from_paise(np.array(amounts, dtype=np.int64))
    assert column.dtype == money.RUPEES
    assert column.tolist() == [Decimal(amount).scaleb(-2) for amount in amounts]
    assert money.to_paise(column).tolist() == amounts


@given(amounts=st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20))
def test_a_sum_of_rupees_is_the_sum_of_paise(amounts: list[int]) -> None:
    column = money.from_paise(np.array(amounts, dtype=np.int64))
    assert column.sum() == Decimal(sum(amounts)).scaleb(-2)


def test_no_amounts_are_no_paise() -> None:
    assert money.to_paise(rupees()).tolist() == []
    assert money.from_paise(np.array([], dtype=np.int64)).dtype == money.RUPEES


def test_rupees_keep_the_index_that_is_given() -> None:
    index = pd.Index(["a", "b"], name="invoice_id")
    column = money.from_paise(np.array([1, 2]), index=index)
    assert column.index.equals(index)
    assert column["b"] == Decimal("0.02")


def test_a_missing_amount_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="2 amounts are missing"):
        money.to_paise(rupees("1.00", None, None))


def test_floats_are_a_copy_of_money_alone() -> None:
    frame = pd.DataFrame({"amount": rupees("0.10", "1234567890123.45", None), "name": ["a", "b", "c"]})
    copy = money.floats(frame)
    assert copy["amount"].dtype == np.float64
    assert copy["amount"].tolist()[:2] == [0.1, 1234567890123.45]
    assert np.isnan(copy["amount"].iloc[2])
    assert copy["name"].equals(frame["name"])
    assert frame["amount"].dtype == money.RUPEES
    assert money.floats(frame.head(0))["amount"].dtype == np.float64


def test_floats_are_had_of_sums_too() -> None:
    frame = pd.DataFrame({"amount": rupees("0.10", "0.20", "5.00"), "name": ["a", "a", "b"]})
    sums = frame.groupby("name")[["amount"]].sum()
    assert sums["amount"].tolist() == [Decimal("0.30"), Decimal("5.00")]
    assert money.floats(sums)["amount"].tolist() == [0.3, 5.0]
    assert money.floats(sums)["amount"].dtype == np.float64


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "₹0.00"),
        (999, "₹999.00"),
        (1000, "₹1,000.00"),
        (99999, "₹99,999.00"),
        (100000, "₹1,00,000.00"),
        (10**7, "₹1,00,00,000.00"),
        (Decimal("1234567.5"), "₹12,34,567.50"),
        (Decimal("-0.05"), "-₹0.05"),
        (Decimal("-123456789.01"), "-₹12,34,56,789.01"),
    ],
)
def test_rupees_are_written_in_indian_groups(amount: Decimal | int, text: str) -> None:
    assert money.inr(amount) == text


@given(amount=paise)
def test_written_rupees_can_be_read_back(amount: int) -> None:
    exact = Decimal(amount).scaleb(-2)
    text = money.inr(exact)
    assert Decimal(text.replace("₹", "").replace(",", "")) == exact
    *groups, last = text.lstrip("-₹").partition(".")[0].split(",")
    assert len(last) == 3 or not groups
    assert all(len(group) == 2 for group in groups[1:])
    assert not groups or 1 <= len(groups[0]) <= 2
