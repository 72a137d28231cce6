"""Invoices in their parts, summed up exactly: what came in, what is open, what of it is overdue."""

import datetime as dt

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from pandera.typing import DataFrame

from arkit import money
from arkit.errors import UsageError
from arkit.frames import Invoices

Paise = NDArray[np.int64]

# Grey, blue and orange-red stay apart for eyes that lack one kind of cones.
LOOKS = {
    "received": ("received", "#8a8a8a"),
    "not_overdue": ("open, not overdue", "#5b8def"),
    "overdue": ("overdue", "#d9663b"),
}
LEGEND = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom", "traceorder": "normal"}


def paise(invoices: DataFrame[Invoices], column: str) -> Paise:
    """A column of amounts as whole paise.

    Raises:
        UsageError: one is missing.
    """
    try:
        return money.to_paise(invoices[column])
    except ValueError as error:
        raise UsageError(
            f"every invoice must state its {column}, as exact rupees.",
            code="balance",
            next_step="Give the frame that a fetch of invoices made.",
        ) from error


def open_parts(invoices: DataFrame[Invoices], day: dt.date) -> dict[str, Paise]:
    """The balance of each invoice, as overdue or not; one due on `day`, or without a due day, is not.

    Raises:
        UsageError: an invoice does not state its balance.
    """
    balance = paise(invoices, "balance_amount")
    is_overdue = (invoices["due_date"] < day).fillna(False).to_numpy(dtype=bool)
    return {
        "open": balance,
        "not_overdue": np.where(is_overdue, 0, balance),
        "overdue": np.where(is_overdue, balance, 0),
    }


def summed(keys: pd.Series, amounts: dict[str, Paise]) -> pd.DataFrame:
    """Amounts summed up by key.

    Grain: one row per key in ascending order, as index; columns ``invoices``, how many share it, and the
    amounts in exact rupees. What has no key is left out.
    """
    rows = pd.DataFrame(amounts, index=keys.index).assign(invoices=1)
    table = rows.groupby(keys.rename(None), sort=True).sum()
    for name in amounts:
        table[name] = money.from_paise(table[name].to_numpy(), index=table.index)
    return table


def bar(part: str, table: pd.DataFrame, *, names: pd.Series, orientation: str) -> go.Bar:
    """One part of every row, to be stacked; each bar tells its name and its amount to the paisa."""
    name, colour = LOOKS[part]
    lengths, places = money.floats(table)[part].to_numpy(), table.index
    told = zip(names, table[part].map(money.inr), table["invoices"], strict=True)
    return go.Bar(
        name=name,
        marker_color=colour,
        x=lengths if orientation == "h" else places,
        y=places if orientation == "h" else lengths,
        orientation=orientation,
        customdata=np.array(list(told), dtype=object).reshape(-1, 3),
        hovertemplate="%{customdata[0]}<br>%{customdata[1]} "
        + name
        + "<br>%{customdata[2]} invoices<extra></extra>",
    )
