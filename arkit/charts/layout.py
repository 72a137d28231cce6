"""What all figures share: axes in lakh and crore, a title with the day, colours for light and dark pages."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from arkit import money

# Mid-grey has a contrast of four to one on white and on black alike.
TEXT = "#808080"
GRID = "rgba(128, 128, 128, 0.25)"

CRORE, LAKH = Decimal(10_000_000), Decimal(100_000)


def dress(figure: go.Figure, title: str, day: dt.date, *, says: str = "") -> None:
    """Give a figure its title, with the day and what it says, and a page without a colour of its own."""
    figure.update_layout(
        # Plotly's own template is thirty kilobytes in every notebook, for colours that are set here.
        template="none",
        title={"text": f"{title}, as of {day.day} {day:%b %Y}", "subtitle": {"text": says}, "x": 0.05},
        font_color=TEXT,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 80, "r": 60, "t": 100 if says else 60, "b": 40},
    )


def rupee_axis(stacks: pd.DataFrame) -> dict[str, Any]:
    """An axis in rupees that covers bars of which each row is one, its columns stacked."""
    lengths = money.floats(stacks).to_numpy()
    ends = np.minimum(lengths, 0).sum(axis=1), np.maximum(lengths, 0).sum(axis=1)
    ticks = _ticks(ends[0].min(initial=0), ends[1].max(initial=0))
    return {
        "tickvals": ticks,
        "ticktext": [short_inr(Decimal(tick)).replace(".00 ", " ") for tick in ticks],
        "gridcolor": GRID,
        "zerolinecolor": GRID,
        "automargin": True,
    }


def total(amounts: pd.Series) -> str:
    """The sum of exact amounts, for a label."""
    return short_inr(sum(amounts, Decimal(0)))


def percent(part: pd.Series, whole: pd.Series) -> str:
    """How much of a sum another one is, in brackets behind the two; nothing if there is no whole."""
    of = sum(whole, Decimal(0))
    return f" ({round(100 * sum(part, Decimal(0)) / of)} %)" if of > 0 else ""


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
