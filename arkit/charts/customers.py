"""Who owes, and where."""

import datetime as dt
from html import escape

import pandas as pd
import plotly.graph_objects as go
from pandera.typing import DataFrame

from arkit import money
from arkit.charts.layout import dress, percent, rupee_axis, short_inr, total
from arkit.charts.parts import LEGEND, bar, open_parts, summed
from arkit.frames import Customers, Invoices
from arkit.receivables.ageing import day_of

NOT_STATED = "not stated"
PARTS = ["not_overdue", "overdue"]
BAR_HEIGHT = 28


def largest_debtors(invoices: DataFrame[Invoices], *, as_of: str | dt.date, count: int = 10) -> go.Figure:
    """The customers who owe most, in rupees: how much of it is overdue on a day, and how much is not.

    Example:
        >>> arkit.charts.largest_debtors(invoices, as_of="2026-09-30")

    Grain: one stacked bar per customer with more to pay than credit, the largest on top; those who owe the
    same in ascending order of ``customer_id``. Invoices that name no customer count as one customer's.

    Args:
        count: how many customers at most.

    Raises:
        UsageError: `as_of` is no day, or an invoice does not state its balance.
    """
    day = day_of(as_of)
    keys = invoices["customer_id"].fillna(NOT_STATED)
    table = summed(keys, open_parts(invoices, day))
    owing = table[table["open"] > 0]
    shown = owing.sort_values("open", ascending=False, kind="stable").head(count)
    names = invoices["customer_legal_name"].groupby(keys).last().reindex(shown.index).fillna(NOT_STATED)
    figure = _across(shown, names)
    share = percent(shown["open"], owing["open"])
    says = (
        f"{len(shown)} of {len(owing)} customers who owe: "
        f"{total(shown['open'])} of {total(owing['open'])}{share}"
    )
    dress(figure, "Largest debtors", day, says=says)
    return figure


def open_by_state(
    customers: DataFrame[Customers], invoices: DataFrame[Invoices], *, as_of: str | dt.date
) -> go.Figure:
    """What is open in each state, in rupees: how much of it is overdue on a day, and how much is not.

    Example:
        >>> arkit.charts.open_by_state(customers, invoices, as_of="2026-09-30")

    Grain: one stacked bar per state with a customer who has invoices, and the number of customers there; the
    largest on top. Customers without a state, and those who are not in the frame, have a bar of their own.

    Raises:
        UsageError: `as_of` is no day, or an invoice does not state its balance.
    """
    day = day_of(as_of)
    states = customers.set_index("customer_id")["state"].replace("", None)
    keys = invoices["customer_id"].map(states).fillna(NOT_STATED)
    table = summed(keys, open_parts(invoices, day)).sort_values("open", ascending=False, kind="stable")
    there = states.fillna(NOT_STATED).value_counts().reindex(table.index, fill_value=0)
    figure = _across(table, pd.Series([f"{state} ({number})" for state, number in there.items()]))
    share = percent(table["overdue"], table["open"])
    says = f"{total(table['overdue'])} of {total(table['open'])} is overdue{share} · in brackets: customers"
    dress(figure, "Open balances by state", day, says=says)
    return figure


def _across(table: pd.DataFrame, names: pd.Series) -> go.Figure:
    """Bars from left to right, in the order of the table, with the sum behind each."""
    # A name that looks like markup or like a number is a name all the same.
    names = names.map(lambda name: escape(name, quote=False))
    figure = go.Figure([bar(part, table, names=names, orientation="h") for part in PARTS])
    ends = money.floats(table[PARTS]).clip(lower=0).sum(axis=1)
    figure.add_scatter(
        x=ends,
        y=table.index,
        mode="text",
        text=[f"\N{NO-BREAK SPACE}{short_inr(amount)}" for amount in table["open"]],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )
    axis = rupee_axis(table[PARTS])
    figure.update_xaxes(axis, range=[axis["tickvals"][0], axis["tickvals"][-1]])
    figure.update_yaxes(
        type="category",
        range=[len(table) - 0.5, -0.5],
        tickvals=table.index,
        ticktext=names,
        ticklabelstandoff=6,
        automargin=True,
    )
    height = 150 + BAR_HEIGHT * len(table)
    figure.update_layout(barmode="relative", showlegend=True, legend=LEGEND, height=height)
    return figure
