"""A figure shows what the table says, in lakh and crore."""

import datetime as dt
import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.typing import DataFrame

import arkit
from arkit import charts, columns, frames
from arkit.errors import UsageError

AS_OF = dt.date(2026, 9, 30)


def frame(*records: dict[str, Any], model: Any = frames.Invoices) -> DataFrame[Any]:
    return frames.to_frame(columns.from_records(records, frames.grain(model)), model)


def invoices(*balances: str, due_each_days: int = 30) -> DataFrame[frames.Invoices]:
    """An invoice for each balance, each due thirty days before the one in front of it."""
    return frame(
        *(
            invoice(f"INV{number}", balance, due=AS_OF - dt.timedelta(number * due_each_days))
            for number, balance in enumerate(balances)
        )
    )


def invoice(
    invoice_id: str,
    balance: str | Decimal,
    *,
    received: str = "0",
    due: dt.date | None = AS_OF,
    issued: dt.date | None = AS_OF,
    **members: str,
) -> dict[str, Any]:
    """A record whose net amount is what was received and what is open."""
    return {
        "invoiceId": invoice_id,
        "invoiceDate": issued and issued.isoformat(),
        "dueDate": due and due.isoformat(),
        "netAmount": Decimal(balance) + Decimal(received),
        "totalReceived": Decimal(received),
        "balanceAmount": Decimal(balance),
        **members,
    }


def part(figure: go.Figure, name: str) -> Any:
    (trace,) = (trace for trace in figure.data if trace.name == name)
    return trace


def told(figure: go.Figure, name: str) -> dict[str, str]:
    """What the bars of a part tell under the pointer, by the name of each."""
    return {label: amount for label, amount, _ in part(figure, name).customdata}


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
        (["23456789.05"], ["₹0", "₹50 L", "₹1 Cr", "₹1.50 Cr", "₹2 Cr", "₹2.50 Cr"]),
        (["410000"], ["₹0", "₹1 L", "₹2 L", "₹3 L", "₹4 L", "₹5 L"]),
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


JULY, AUGUST = dt.date(2026, 7, 31), dt.date(2026, 8, 1)
OVERDUE, NOT_OVERDUE = "overdue", "open, not overdue"


def test_a_month_stands_as_what_was_received_is_open_and_is_overdue() -> None:
    figure = charts.invoices_by_month(
        frame(
            invoice("INV1", "0.00", received="118.10", issued=JULY, due=AUGUST),
            invoice("INV2", "90.20", received="0.07", issued=AUGUST, due=AS_OF - dt.timedelta(1)),
            invoice("INV3", "5.10", received="4.90", issued=JULY, due=AS_OF),
            invoice("INV4", "7.00", issued=AUGUST, due=None),
        ),
        as_of="2026-09-30",
    )
    assert list(part(figure, "received").x) == [dt.date(2026, 7, 1), dt.date(2026, 8, 1)]
    assert list(part(figure, "received").y) == [123.0, 0.07]
    assert list(part(figure, NOT_OVERDUE).y) == [5.1, 7.0]
    assert list(part(figure, OVERDUE).y) == [0.0, 90.2]
    assert part(figure, OVERDUE).customdata[1].tolist() == ["Aug 2026", "₹90.20", 2]
    assert figure.layout.barmode == "relative"


def test_the_line_below_the_title_sums_up_what_was_billed() -> None:
    figure = charts.invoices_by_month(
        frame(
            invoice("INV1", "150000", received="9950000", due=JULY),
            invoice("INV2", "50000.40", due=AS_OF),
            invoice("INV3", "777", issued=None),
        ),
        as_of=AS_OF,
    )
    assert figure.layout.title.text == "Invoices by month, as of 30 Sep 2026"
    assert figure.layout.title.subtitle.text == (
        "₹1.02 Cr billed · ₹99.50 L received · ₹2.00 L open · ₹1.50 L overdue · without a date, left out: 1"
    )


def test_sums_are_exact_where_floats_are_not() -> None:
    records = [invoice(f"INV{number}", "90071992547409.91", due=AS_OF) for number in range(9)]
    figure = charts.invoices_by_month(frame(*records), as_of=AS_OF)
    assert told(figure, NOT_OVERDUE) == {"Sep 2026": arkit.inr(9 * Decimal("90071992547409.91"))}


@pytest.mark.parametrize(
    ("column", "member"),
    [("net_amount", "netAmount"), ("total_received", "totalReceived"), ("balance_amount", "balanceAmount")],
)
def test_a_month_with_an_amount_that_is_not_stated_is_refused(column: str, member: str) -> None:
    record = {**invoice("INV1", "1"), member: None}
    with pytest.raises(UsageError, match=f"state its {column}"):
        charts.invoices_by_month(frame(record), as_of=AS_OF)


def owed(customer: str, balance: str, *, due: dt.date = AS_OF, name: str = "Asha Traders") -> dict[str, Any]:
    """An invoice of a customer."""
    number = next(NUMBERS)
    return invoice(f"INV{number:06d}", balance, due=due, customerId=customer, customerLegalName=name)


NUMBERS = itertools.count()


def test_who_owes_most_stands_on_top_with_what_is_overdue_of_it() -> None:
    figure = charts.largest_debtors(
        frame(
            owed("KC1", "100.00"),
            owed("KC2", "250.55", due=JULY, name="Bharat & Sons"),
            owed("KC1", "300.05", due=JULY),
            owed("KC3", "20", name="Chandra Mills"),
        ),
        as_of=AS_OF,
        count=2,
    )
    assert list(part(figure, OVERDUE).y) == ["KC1", "KC2"]
    assert told(figure, OVERDUE) == {"Asha Traders": "₹300.05", "Bharat &amp; Sons": "₹250.55"}
    assert told(figure, NOT_OVERDUE) == {"Asha Traders": "₹100.00", "Bharat &amp; Sons": "₹0.00"}
    assert list(part(figure, OVERDUE).x) == [300.05, 250.55]
    axis = figure.layout.yaxis
    assert dict(zip(axis.tickvals, axis.ticktext, strict=True)) == {
        "KC1": "Asha Traders",
        "KC2": "Bharat &amp; Sons",
    }
    assert axis.range[0] > axis.range[1], "the first one is not on top"
    assert figure.layout.title.text == "Largest debtors, as of 30 Sep 2026"
    assert figure.layout.title.subtitle.text == "2 of 3 customers who owe: ₹651 of ₹671 (97 %)"


def test_two_customers_of_one_name_have_two_bars_and_stand_in_the_order_of_their_ids() -> None:
    figure = charts.largest_debtors(frame(owed("KC9", "5"), owed("KC1", "5"), owed("KC5", "6")), as_of=AS_OF)
    assert list(part(figure, OVERDUE).y) == ["KC5", "KC1", "KC9"]
    assert list(figure.layout.yaxis.ticktext) == ["Asha Traders"] * 3


def test_a_customer_with_more_credit_than_debt_is_no_debtor() -> None:
    figure = charts.largest_debtors(
        frame(
            owed("KC1", "50"), owed("KC1", "-50.01", due=JULY), owed("KC2", "7"), owed("KC2", "-3", due=JULY)
        ),
        as_of=AS_OF,
    )
    assert list(part(figure, OVERDUE).y) == ["KC2"]
    assert list(part(figure, OVERDUE).x) == [-3.0]
    assert list(part(figure, NOT_OVERDUE).x) == [7.0]
    assert min(figure.layout.xaxis.tickvals) <= -3


def test_invoices_without_a_customer_count_as_one_customers() -> None:
    figure = charts.largest_debtors(frame(invoice("INV1", "2"), invoice("INV2", "3")), as_of=AS_OF)
    assert told(figure, NOT_OVERDUE) == {"not stated": "₹5.00"}


def customers(**states: str | None) -> DataFrame[frames.Customers]:
    records = [{"customerId": identity, "state": state} for identity, state in states.items()]
    return frame(*records, model=frames.Customers)


def test_a_state_stands_with_what_its_customers_owe_and_how_many_they_are() -> None:
    figure = charts.open_by_state(
        customers(KC1="Goa", KC2="Kerala", KC3="Goa", KC4="", KC5=None, KC6="Sikkim"),
        frame(
            owed("KC1", "10.10", due=JULY),
            owed("KC2", "400.00"),
            owed("KC3", "10.20"),
            owed("KC4", "1"),
            owed("KC5", "2", due=JULY),
            owed("KC7", "4"),
        ),
        as_of=AS_OF,
    )
    assert list(part(figure, OVERDUE).y) == ["Kerala", "Goa", "not stated"]
    assert told(figure, OVERDUE) == {"Kerala (1)": "₹0.00", "Goa (2)": "₹10.10", "not stated (2)": "₹2.00"}
    assert told(figure, NOT_OVERDUE) == {
        "Kerala (1)": "₹400.00",
        "Goa (2)": "₹10.20",
        "not stated (2)": "₹5.00",
    }
    assert figure.layout.title.text == "Open balances by state, as of 30 Sep 2026"
    assert figure.layout.title.subtitle.text == "₹12 of ₹427 is overdue (3 %) · in brackets: customers"


FIGURES: list[Callable[..., go.Figure]] = [
    charts.invoices_by_month,
    charts.largest_debtors,
    lambda invoices, as_of: charts.open_by_state(customers(KC1="Goa"), invoices, as_of=as_of),
]
each_figure = pytest.mark.parametrize("figure_of", FIGURES, ids=["months", "debtors", "states"])


@each_figure
@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["KC1", "KC2", "KC3"]),
            st.decimals(Decimal("0"), Decimal("99999999.99"), places=2),
            st.none() | st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
        ),
        min_size=1,
    )
)
def test_every_figure_says_the_same_of_what_is_overdue_as_the_ageing(
    figure_of: Callable[..., go.Figure], rows: list[tuple[str, Decimal, dt.date | None]]
) -> None:
    table = frame(
        *(
            invoice(f"INV{number}", balance, due=due, customerId=customer)
            for number, (customer, balance, due) in enumerate(rows)
        )
    )
    aged = arkit.ageing(table, as_of=AS_OF).set_index("bucket")["balance_amount"]
    figure = figure_of(table, as_of=AS_OF)
    amounts = [
        Decimal(text.replace("₹", "").replace(",", "")) for _, text, _ in part(figure, OVERDUE).customdata
    ]
    assert sum(amounts) == sum(amount for name, amount in aged.items() if name.endswith("days"))


@each_figure
def test_no_invoices_give_a_figure_without_bars(figure_of: Callable[..., go.Figure]) -> None:
    figure = figure_of(frame(), as_of=AS_OF)
    assert [len(trace.x) for trace in figure.data if trace.type == "bar" and len(trace.x)] == []
    assert figure.layout.title.text.endswith("as of 30 Sep 2026")


@each_figure
def test_an_invoice_without_a_balance_is_refused(figure_of: Callable[..., go.Figure]) -> None:
    with pytest.raises(UsageError, match="state its balance_amount"):
        figure_of(frame({**invoice("INV1", "1"), "balanceAmount": None}), as_of=AS_OF)


@each_figure
def test_a_rupee_axis_covers_its_stacks(figure_of: Callable[..., go.Figure]) -> None:
    figure = figure_of(
        frame(owed("KC1", "1234567", due=JULY), owed("KC1", "2345678"), owed("KC2", "99")), as_of=AS_OF
    )
    axis = figure.layout.xaxis if figure.data[0].orientation == "h" else figure.layout.yaxis
    assert max(axis.tickvals) >= 1234567 + 2345678
    assert list(axis.ticktext)[:3] == ["₹0", "₹10 L", "₹20 L"]


# How a page of linear light looks without one kind of cones: Machado, Oliveira and Fernandes, 2009.
EYES = {
    "all cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no blue": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
CONTRAST = [0.2126, 0.7152, 0.0722]


def light(colour: str) -> Any:
    """Linear red, green and blue of a colour written as #rrggbb."""
    values = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: Any) -> Any:
    """CIE L*a*b* of linear light, in which distances are as eyes see them."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ np.clip(rgb, 0.01, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eye", EYES)
def test_the_parts_of_a_bar_stay_apart_for_all_eyes(eye: str) -> None:
    figure = charts.invoices_by_month(invoices("1"), as_of=AS_OF)
    colours = [lab(np.array(EYES[eye]) @ light(trace.marker.color)) for trace in figure.data]
    assert len(colours) == 3
    assert all(np.linalg.norm(one - other) > 30 for one, other in itertools.combinations(colours, 2))


@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_bars_stand_out_from_a_light_and_a_dark_page(page: str) -> None:
    figure = charts.invoices_by_month(invoices("1"), as_of=AS_OF)
    assert {figure.layout.paper_bgcolor, figure.layout.plot_bgcolor} == {"rgba(0,0,0,0)"}
    for colour in [*(trace.marker.color for trace in figure.data), figure.layout.font.color]:
        darker, lighter = sorted([light(page) @ CONTRAST, light(colour) @ CONTRAST])
        assert (lighter + 0.05) / (darker + 0.05) >= 3
