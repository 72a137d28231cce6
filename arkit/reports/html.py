"""One self-contained page: tables first, figures beside them, nothing fetched from anywhere."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import pandas as pd

from arkit import money, outputs

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_ROWS = 1_000


@dataclass(frozen=True)
class Section:
    """A part of a report; a table's columns become its headings as they are."""

    title: str
    text: str = ""
    table: pd.DataFrame | None = None
    figure: "Figure | None" = None


def write(
    path: Path, *, title: str, subtitle: str, facts: dict[str, str], sections: Sequence[Section]
) -> None:
    """Write the page, complete or not at all, readable by its owner only.

    Args:
        facts: the few figures that a reader looks for first, by their names.

    Raises:
        DiskError: the file cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("arkit", "reports"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    text = environment.get_template("report.html.j2").render(
        title=title, subtitle=subtitle, facts=facts, sections=_rendered(sections)
    )
    with outputs.whole(path) as part:
        # Half a character, as a file's name may hold one, becomes a question mark.
        part.write_bytes(text.encode(errors="replace"))


def _rendered(sections: Sequence[Section]) -> list[dict[str, Any]]:
    rendered: list[dict[str, Any]] = []
    has_script = False
    for section in sections:
        figure = ""
        if section.figure is not None:
            figure = section.figure.to_html(
                full_html=False,
                include_plotlyjs=not has_script,
                include_mathjax=False,
                config={"displaylogo": False, "responsive": True},
            )
            has_script = True
        rendered.append(
            {"title": section.title, "text": section.text, "figure": figure, **_table(section.table)}
        )
    return rendered


def _table(table: pd.DataFrame | None) -> dict[str, Any]:
    if table is None:
        return {"columns": [], "rows": [], "left_out": 0}
    is_number = [
        dtype == money.RUPEES or pd.api.types.is_integer_dtype(dtype) for dtype in table.dtypes.tolist()
    ]
    return {
        "columns": list(zip(table.columns, is_number, strict=True)),
        "rows": [
            list(zip(map(_cell, row), is_number, strict=True))
            for row in table.head(MOST_ROWS).itertuples(index=False)
        ],
        "left_out": max(0, len(table) - MOST_ROWS),
    }


def _cell(value: Any) -> str:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    if isinstance(value, Decimal):
        return money.inr(value)
    return f"{value:%d %b %Y}" if isinstance(value, dt.date) else str(value)
