"""A figure shows what the table says, in lakh and crore."""

import datetime as dt
from decimal import Decimal

import pytest
from pandera.typing import DataFrame

import arkit
from arkit import charts, frames
from arkit.errors import UsageError

AS_OF = dt.date(2026, 9, 30)


def invoices(*balances: str, due_each_days: int = 30) -> DataFrame[frames.Invoices]:
    """An invoice for each balance, each due thirty days before the one in front of it."""
    records = [
        {
            "invoiceId": f"INV{number}",
            "dueDate": (AS_OF - dt.timedelta(number * due_each_days)).isoformat(),
            "balanceAmount": Decimal(balance),
        }
        for number, balance in enumerate(balances)
    ]
    return frames.to_frame(records, frames.Invoices)


def test_the_bars_are_the_buckets_of_the_table() -> None:
    frame = invoices("1200000.10", "23456789.05", "150.00", "-4000.50", "77")
    table = arkit.ageing(frame, as_of=AS_OF)
    figure = charts.ageing(frame, as_of="2026-09-30")
    (bars,) = figure.data
    assert list(bars.x) == table["bucket"].astype(str).tolist()
    assert [Decimal(str(height)) for height in bars.y] == table["balance_amount"].tolist()
    assert "30 Sep 2026" in figure.layout.title.text


def test_a_bar_tells_its_amount_in_words_and_to_the_paisa() -> None:
    (bars,) = charts.ageing(invoices("23456789.05", "1234567.50"), as_of=AS_OF).data
    assert bars.text[:3] == ("₹2.35 Cr", "₹12.35 L", "₹0")
    assert bars.customdata[0].tolist() == ["₹2,34,56,789.05", 1]


@pytest.mark.parametrize(
    ("balances", "ticks"),
    [
        (["23456789.05"], ["₹0", "₹50.00 L", "₹1.00 Cr", "₹1.50 Cr", "₹2.00 Cr", "₹2.50 Cr"]),
        (["410000"], ["₹0", "₹1.00 L", "₹2.00 L", "₹3.00 L", "₹4.00 L", "₹5.00 L"]),
        (["900", "-300"], ["-₹500", "₹0", "₹500", "₹1,000"]),
        ([], ["₹0"]),
    ],
)
def test_the_axis_is_marked_in_lakh_and_crore_and_covers_every_bar(
    balances: list[str], ticks: list[str]
) -> None:
    figure = charts.ageing(invoices(*balances), as_of=AS_OF)
    axis = figure.layout.yaxis
    assert list(axis.ticktext) == ticks
    assert min(axis.tickvals) <= min(figure.data[0].y)
    assert max(axis.tickvals) >= max(figure.data[0].y)


@pytest.mark.parametrize(
    ("amount", "label"),
    [
        ("0", "₹0"),
        ("99999.49", "₹99,999"),
        ("100000", "₹1.00 L"),
        ("-150000", "-₹1.50 L"),
        ("9999999.99", "₹1.00 Cr"),
        ("10000000", "₹1.00 Cr"),
        ("-12345678900", "-₹1234.57 Cr"),
    ],
)
def test_a_label_says_lakh_or_crore(amount: str, label: str) -> None:
    assert charts.short_inr(Decimal(amount)) == label


def test_a_day_that_is_none_is_refused_as_for_the_table() -> None:
    with pytest.raises(UsageError, match="as_of"):
        charts.ageing(invoices("1"), as_of="30 September")
