"""Frame to plotly figure: rupees in lakh and crore, readable on a light and on a dark page."""

import datetime as dt
from decimal import Decimal

import numpy as np
import plotly.graph_objects as go
from pandera.typing import DataFrame

from arkit import money
from arkit.frames import Invoices
from arkit.receivables.ageing import ageing as aged
from arkit.receivables.ageing import day_of

# Mid-grey has a contrast of four to one on white and on black alike.
TEXT = "#808080"
GRID = "rgba(128, 128, 128, 0.25)"
ACCENTS = ["#5b8def", "#e0a83b", "#e08a3b", "#d9663b", "#c2403a", "#8a8a8a"]

CRORE, LAKH = Decimal(10_000_000), Decimal(100_000)


def ageing(invoices: DataFrame[Invoices], *, as_of: str | dt.date) -> go.Figure:
    """Open balances by bucket of days overdue, as bars.

    Raises:
        As `arkit.ageing`.
    """
    day = day_of(as_of)
    table = aged(invoices, as_of=day)
    rupees = table["balance_amount"].tolist()
    heights = money.floats(table)["balance_amount"].to_numpy()
    figure = go.Figure(
        go.Bar(
            x=table["bucket"].astype(str),
            y=heights,
            marker_color=ACCENTS[: len(table)],
            text=[short_inr(amount) for amount in rupees],
            textposition="outside",
            cliponaxis=False,
            customdata=np.array(
                [[money.inr(amount) for amount in rupees], table["invoices"]], dtype=object
            ).T,
            hovertemplate="%{x}<br>%{customdata[0]}<br>%{customdata[1]} invoices<extra></extra>",
        )
    )
    ticks = _ticks(float(heights.min(initial=0)), float(heights.max(initial=0)))
    figure.update_yaxes(
        tickvals=ticks,
        ticktext=[short_inr(Decimal(tick)) for tick in ticks],
        gridcolor=GRID,
        zerolinecolor=GRID,
    )
    figure.update_layout(
        title=f"Open balances by age, as of {day.day} {day:%b %Y}",
        font_color=TEXT,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 80, "r": 20, "t": 60, "b": 40},
        height=380,
        showlegend=False,
    )
    return figure


def short_inr(amount: Decimal) -> str:
    """Rupees for a label: ``₹1.24 Cr``, ``₹3.50 L`` or in full below a lakh."""
    size = abs(amount)
    sign = "-" if amount < 0 else ""
    # What rounds to a hundred lakh is a crore.
    if size >= CRORE - LAKH / 200:
        return f"{sign}₹{size / CRORE:.2f} Cr"
    if size >= LAKH:
        return f"{sign}₹{size / LAKH:.2f} L"
    return money.inr(amount.quantize(Decimal(1))).removesuffix(".00")


def _ticks(low: float, high: float) -> list[int]:
    """Five or so round steps that cover the range."""
    span = max(high - low, 1.0)
    magnitude = 10 ** int(np.floor(np.log10(span / 5)))
    step = max(1, next(int(magnitude * f) for f in (1, 2, 5, 10) if magnitude * f >= span / 5.5))
    first = int(np.floor(low / step)) * step
    return list(range(first, int(high) + step, step))
