"""Invoices by month."""

import datetime as dt

import plotly.graph_objects as go
from pandera.typing import DataFrame

from arkit.charts.layout import dress, rupee_axis, total
from arkit.charts.parts import LEGEND, LOOKS, bar, open_parts, paise, summed
from arkit.frames import Invoices
from arkit.receivables.ageing import day_of


def invoices_by_month(invoices: DataFrame[Invoices], *, as_of: str | dt.date) -> go.Figure:
    """What was billed in each month, in rupees: how much of it was received, is open, is overdue on a day.

    Example:
        >>> arkit.charts.invoices_by_month(invoices, as_of="2026-09-30")

    Grain: one stacked bar per calendar month of ``invoice_date`` with an invoice. The parts are what the
    server says was received, and the balance; the line below the title sums up, with the net amounts as
    billed, and counts the invoices without a date, which are left out.

    Raises:
        UsageError: `as_of` is no day, or an invoice lacks one of the three amounts.
    """
    day = day_of(as_of)
    dated = invoices[invoices["invoice_date"].notna()]
    table = summed(
        dated["invoice_date"].map(lambda date: date.replace(day=1)),
        {
            "billed": paise(dated, "net_amount"),
            "received": paise(dated, "total_received"),
            **open_parts(dated, day),
        },
    )
    names = table.index.to_series().map(lambda month: f"{month:%b %Y}")
    figure = go.Figure([bar(part, table, names=names, orientation="v") for part in LOOKS])
    figure.update_yaxes(rupee_axis(table[list(LOOKS)]))
    # A part of the format on a second line is shown where it changes: the year, below its first month.
    figure.update_xaxes(
        type="date", tickformat="%b\n%Y", dtick="M1" if len(table) <= 24 else None, visible=len(table) > 0
    )
    says = [f"{total(table[part])} {part}" for part in ("billed", "received", "open", "overdue")]
    if undated := len(invoices) - len(dated):
        says.append(f"without a date, left out: {undated}")
    dress(figure, "Invoices by month", day, says=" · ".join(says))
    figure.update_layout(barmode="relative", showlegend=True, legend=LEGEND, height=420)
    return figure
