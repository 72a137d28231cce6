"""How old the open balances are."""

import datetime as dt

import numpy as np
import plotly.graph_objects as go
from pandera.typing import DataFrame

from arkit import money
from arkit.charts.layout import dress, rupee_axis, short_inr
from arkit.frames import Invoices
from arkit.receivables.ageing import ageing as aged
from arkit.receivables.ageing import day_of

ACCENTS = ["#5b8def", "#e0a83b", "#e08a3b", "#d9663b", "#c2403a", "#8a8a8a"]


def ageing(invoices: DataFrame[Invoices], *, as_of: str | dt.date) -> go.Figure:
    """Open balances by bucket of days overdue, as bars: those of `arkit.ageing`, in rupees.

    Raises:
        As `arkit.ageing`.
    """
    day = day_of(as_of)
    table = aged(invoices, as_of=day)
    rupees = table["balance_amount"].tolist()
    heights = money.floats(table)["balance_amount"]
    figure = go.Figure(
        go.Bar(
            x=table["bucket"].astype(str),
            y=heights.to_numpy(),
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
    figure.update_yaxes(rupee_axis(table[["balance_amount"]]))
    figure.update_layout(height=380, showlegend=False)
    dress(figure, "Open balances by age", day)
    return figure
