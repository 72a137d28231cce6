"""Open balances by age, to the day and to the paisa."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandera.typing import DataFrame

import arkit
from arkit import columns, frames, money
from arkit.errors import UsageError

AS_OF = dt.date(2026, 9, 30)
BUCKETS = ["not due", "1-30 days", "31-60 days", "61-90 days", "over 90 days"]

amounts = st.decimals(Decimal("-99999999.99"), Decimal("99999999.99"), places=2)
days = st.none() | st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1))


def invoices(*rows: tuple[dt.date | None, Decimal | str | None]) -> DataFrame[frames.Invoices]:
    """One invoice for each due day and balance."""
    records = [
        {
            "invoiceId": f"INV{number}",
            "dueDate": due and due.isoformat(),
            "balanceAmount": None if balance is None else Decimal(balance),
        }
        for number, (due, balance) in enumerate(rows)
    ]
    return frames.to_frame(columns.from_records(records, frames.grain(frames.Invoices)), frames.Invoices)


def overdue(number_of_days: int) -> dt.date:
    return AS_OF - dt.timedelta(number_of_days)


def filled(table: pd.DataFrame) -> list[str]:
    """The buckets that hold an invoice."""
    return table.loc[table["invoices"] > 0, "bucket"].astype(str).tolist()


@given(st.lists(st.tuples(days, amounts)))
def test_the_buckets_sum_up_to_all_balances_to_the_paisa(rows: list[tuple[Any, Any]]) -> None:
    table = arkit.ageing(invoices(*rows), as_of=AS_OF)
    assert sum(table["balance_amount"], Decimal(0)) == sum((balance for _, balance in rows), Decimal(0))
    assert table["invoices"].sum() == sum(balance != 0 for _, balance in rows)


@given(st.lists(st.tuples(days, amounts)), st.randoms())
def test_the_order_of_the_invoices_does_not_matter(rows: list[tuple[Any, Any]], chance: Any) -> None:
    frame = invoices(*rows)
    shuffled = frame.sample(frac=1, random_state=chance.randrange(2**32))
    assert arkit.ageing(shuffled, as_of=AS_OF).equals(arkit.ageing(frame, as_of=AS_OF))


@pytest.mark.parametrize(
    ("days_overdue", "bucket"),
    [
        (-1, "not due"),
        (0, "not due"),
        (1, "1-30 days"),
        (30, "1-30 days"),
        (31, "31-60 days"),
        (60, "31-60 days"),
        (61, "61-90 days"),
        (90, "61-90 days"),
        (91, "over 90 days"),
        (5_000, "over 90 days"),
    ],
)
def test_an_invoice_falls_into_the_bucket_of_its_days_overdue(days_overdue: int, bucket: str) -> None:
    table = arkit.ageing(invoices((overdue(days_overdue), "118.01")), as_of=AS_OF)
    assert filled(table) == [bucket]
    assert table.set_index("bucket")["balance_amount"][bucket] == Decimal("118.01")


def test_credit_balances_count_negative() -> None:
    table = arkit.ageing(invoices((overdue(5), "100.00"), (overdue(6), "-130.50")), as_of=AS_OF)
    assert table["balance_amount"].tolist() == [0, Decimal("-30.50"), 0, 0, 0]
    assert table["invoices"].tolist() == [0, 2, 0, 0, 0]


def test_paid_invoices_are_left_out_whenever_they_were_due() -> None:
    table = arkit.ageing(invoices((overdue(400), "0.00"), (None, "0")), as_of=AS_OF)
    assert filled(table) == []
    assert table["bucket"].tolist() == BUCKETS


def test_an_invoice_without_a_due_day_has_a_row_of_its_own() -> None:
    table = arkit.ageing(invoices((overdue(1), "1"), (None, "2.50")), as_of=AS_OF)
    assert table["bucket"].tolist() == [*BUCKETS, "no due date"]
    assert table["balance_amount"].tolist()[-1] == Decimal("2.50")


def test_no_invoices_give_every_bucket_with_nothing_in_it() -> None:
    table = arkit.ageing(invoices(), as_of=AS_OF)
    assert table["bucket"].tolist() == BUCKETS
    assert table["bucket"].cat.ordered
    assert table["invoices"].tolist() == [0] * 5
    assert table["balance_amount"].tolist() == [0] * 5
    assert table.dtypes["balance_amount"] == money.RUPEES


def test_an_invoice_whose_balance_is_not_stated_is_refused() -> None:
    with pytest.raises(UsageError, match="must state its balance") as caught:
        arkit.ageing(invoices((AS_OF, "1"), (AS_OF, None)), as_of=AS_OF)
    assert caught.value.code == "balance"


def test_balances_that_are_floats_are_refused() -> None:
    with pytest.raises(UsageError, match="exact rupees"):
        arkit.ageing(arkit.floats(invoices((AS_OF, "1"))), as_of=AS_OF)  # type: ignore[arg-type]


@pytest.mark.parametrize("as_of", ["30/09/2026", "2026-9-30", "2026-02-30", "", None, 20260930, pd.NaT])
def test_what_is_no_day_is_refused_by_name(as_of: Any) -> None:
    with pytest.raises(UsageError, match="as_of must be a date written yyyy-MM-dd") as caught:
        arkit.ageing(invoices((AS_OF, "1")), as_of=as_of)
    assert caught.value.code == "date"


@pytest.mark.parametrize(
    "as_of",
    [
        "2026-09-30",
        dt.datetime(2026, 9, 30, 23, 59, tzinfo=dt.UTC),
        pd.Timestamp("2026-09-30 00:30", tz="Asia/Kolkata"),
    ],
)
def test_an_instant_stands_for_the_day_in_its_own_zone(as_of: Any) -> None:
    """At half past midnight in India it is still the day before in Greenwich."""
    frame = invoices((overdue(0), "1"), (overdue(1), "2"))
    assert arkit.ageing(frame, as_of=as_of).equals(arkit.ageing(frame, as_of=AS_OF))


def test_due_days_at_the_ends_of_the_calendar_are_placed() -> None:
    table = arkit.ageing(invoices((dt.date.min, "1"), (dt.date.max, "2")), as_of=AS_OF)
    assert filled(table) == ["not due", "over 90 days"]
